"""From what a person wrote to canonical record sets, fast: it runs over all of a zone in every pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from setpoint.model.handed import FromOutput
from setpoint_dns.content import Id, RRset
from setpoint_dns.rdata import canonical, canonical_name, canonical_type
from setpoint_dns.records.spec import ByType, Declared, RecordSet


def rrsets(
    origin: str, records: Mapping[str, ByType], ttl: int, view: str | None = None
) -> Mapping[Id, RRset]:
    """The canonical sets of declared records, in the order written.

    A set that takes a value from another resource which does not publish it yet is left out: see `pending`.

    Args:
        origin: the zone's name.
        records: as `RecordsSpec` has them.
        ttl: seconds, for sets without one of their own.
        view: leaves out what other views have; None leaves out nothing.

    Raises:
        ValueError: something is no name or no data of its type, or a set is declared twice; `check` finds all of these.
    """
    found: dict[Id, RRset] = {}
    for name, rtype, declared in _written(records):
        if isinstance(declared, str):
            one: RRset | None = _rrset(origin, name, rtype, (declared,), ttl)
        else:
            one = _expanded(origin, name, rtype, declared, ttl, view)
        if one is None:
            continue
        if one.id in found:
            raise ValueError(f"{one.name} {one.type} is declared twice; write its values in one place")
        found[one.id] = one
    return found


def pending(origin: str, records: Mapping[str, ByType], view: str | None = None) -> frozenset[Id]:
    """The sets that wait for what another resource publishes: nothing is known of them, not that they are absent."""
    return frozenset(
        (canonical_name(name, origin), canonical_type(rtype))
        for name, rtype, declared in _written(records)
        if not isinstance(declared, str)
        for one in sets(declared)
        if one.within(view) and _waits(one.items)
    )


def sets(declared: Declared) -> tuple[RecordSet, ...]:
    """What is written under a type, in its long form."""
    match declared:
        case RecordSet():
            return (declared,)
        case str():
            return (_text(declared),)
        case FromOutput():
            return (_plain(declared),)
        case _:
            split = tuple(one for one in declared if isinstance(one, RecordSet))
            plain = tuple(one for one in declared if not isinstance(one, RecordSet))
            return split or (_plain(plain),)


@lru_cache(maxsize=1 << 17)
def _text(value: str) -> RecordSet:
    """Remembered, because it is asked for as often as the data."""
    return _plain(value)


def _plain(values: str | FromOutput | tuple[str | FromOutput, ...]) -> RecordSet:
    """What a short form means."""
    return RecordSet.model_construct({"values"}, values=values)


def _written(records: Mapping[str, ByType]) -> Iterator[tuple[str, str, Declared]]:
    for name, types in records.items():
        for rtype, declared in types.items():
            yield name, rtype, declared


def _expanded(
    origin: str, name: str, rtype: str, declared: Declared, ttl: int, view: str | None
) -> RRset | None:
    chosen = [one for one in sets(declared) if one.within(view) and not _waits(one.items)]
    if len(chosen) > 1:
        raise ValueError(
            f"{name} {rtype} is declared more than once for the same view; let each have its own"
        )
    if not chosen:
        return None
    (one,) = chosen
    texts = tuple(item for item in one.items if isinstance(item, str))
    return _rrset(origin, name, rtype, texts, ttl if one.ttl is None else one.ttl, disabled=one.disabled)


def _waits(items: Sequence[str | FromOutput]) -> bool:
    return any(isinstance(item, FromOutput) for item in items)


@lru_cache(maxsize=1 << 17)
def _rrset(
    origin: str, name: str, rtype: str, texts: tuple[str, ...], ttl: int, *, disabled: bool = False
) -> RRset:
    real = canonical_type(rtype)
    values = {canonical(real, text, origin) for text in texts}
    return RRset(canonical_name(name, origin), real, ttl, tuple(sorted(values)), disabled)
