"""Puts the records that others contribute into zones, and judges every zone as a whole. Pure; neighbour: `pointers`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from setpoint.model.gather import Asked, Gathering, Inside, Shares, Unshared, Written
from setpoint.model.handed import FromOutput
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.model.tree import Json, Tree
from setpoint_dns.asks import TOPIC, told_at
from setpoint_dns.kinds.dns_zone.pointers import Forward, pointers
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, Ownership, complete
from setpoint_dns.records.check import Part, check_parts
from setpoint_dns.records.expand import sets
from setpoint_dns.records.finding import Finding, Level
from setpoint_dns.records.spec import DEFAULT, ByType, Records
from setpoint_dns.records.zone import Ground

_RECORDS: TypeAdapter[Records] = TypeAdapter(Records)


@dataclass(frozen=True)
class _Share:
    """What one declaration has of a zone: its records, and as the view sees them."""

    by: Written
    tree: Mapping[str, Any]
    part: Part


@dataclass(frozen=True)
class _Whole:
    """A zone with all that have a share of it, its own declaration first."""

    key: Key
    tree: Tree
    spec: DnsZoneSpec
    shares: tuple[_Share, ...]

    @property
    def origin(self) -> str:
        """Its name with the final dot."""
        return f"{self.spec.zone}."


def share(specs: Mapping[Key, Tree], asks: tuple[Asked, ...]) -> Shares:
    """The zones with their records from everywhere; one in which something is wrong is left out."""
    zones = {key: complete(DnsZoneSpec.model_validate(tree), key) for key, tree in specs.items()}
    problems = [
        _homeless(ask) for ask in asks if not any(_meant(ask, key, zone) for key, zone in zones.items())
    ]
    wholes = {key: _whole(key, specs[key], zone, asks) for key, zone in zones.items()}
    found: dict[Key, Tree] = {}
    for key, whole in wholes.items():
        made, clashes = (
            pointers(whole.spec, _forwards(whole, wholes.values())) if whole.spec.pointers else ({}, ())
        )
        wrong = [_told(whole, one) for one in _findings(whole) if one.level is Level.ERROR]
        problems += [*wrong, *clashes]
        if not wrong and not clashes:
            found[key] = _merged(whole, made)
    return Shares(found, tuple(problems))


def _meant(ask: Asked, key: Key, zone: DnsZoneSpec) -> bool:
    """Whether a zone is one that an ask speaks of, in the namespace of who asks or the one that all share."""
    name, _, view = str(ask.entry["zone"]).partition("!")
    near = key.namespace in (ask.by.namespace, DEFAULT_NAMESPACE)
    return near and zone.zone == name.lower() and view in ("", zone.view)


def _homeless(ask: Asked) -> Unshared:
    what = f"there is no DnsZone {ask.entry['zone']} for these records"
    return Unshared(ask, what, "declare the zone, or write the name of one that is declared")


def _whole(key: Key, tree: Tree, zone: DnsZoneSpec, asks: tuple[Asked, ...]) -> _Whole:
    own = _Share(Inside(key, ""), {}, Part(zone.records, zone.nameservers or ()))
    others = (_share(ask) for ask in asks if _meant(ask, key, zone))
    return _Whole(key, tree, zone, (own, *others))


def _share(ask: Asked) -> _Share:
    tree = ask.entry["records"]
    assert isinstance(tree, dict)  # noqa: S101  # `records_ask` made it
    return _Share(ask, tree, Part(_RECORDS.validate_python(tree)))


def ground(spec: DnsZoneSpec) -> Ground:
    """What the records of a zone stand on; its spec is complete."""
    return Ground(
        origin=f"{spec.zone}.",
        ttl=spec.ttl,
        view=spec.view or DEFAULT,
        whole=spec.ownership is Ownership.ZONE and not spec.ignore,
        private=spec.view not in (None, DEFAULT),
        accept=frozenset(spec.accept),
    )


def _findings(whole: _Whole) -> tuple[Finding, ...]:
    return check_parts(ground(whole.spec), [one.part for one in whole.shares])


def _told(whole: _Whole, found: Finding) -> Unshared:
    at = told_at(whole.shares[found.part].by, found.field)
    beside = found.beside
    others = () if beside is None else (told_at(whole.shares[beside[0]].by, beside[1]),)
    return Unshared(at, f"{found.name} {found.type}: {found.what}", found.remedy, others)


def _forwards(reverse: _Whole, wholes: Iterable[_Whole]) -> Iterator[Forward]:
    """All that a reverse zone may point to, in a fixed order: what others of its view have."""
    for whole in sorted(wholes, key=lambda one: one.key):
        near = reverse.key.namespace in (DEFAULT_NAMESPACE, whole.key.namespace)
        if near and whole.key != reverse.key and whole.spec.view == reverse.spec.view:
            for one in whole.shares:
                yield Forward(one.by, whole.origin, one.part.records, whole.spec.view or DEFAULT)


def _merged(whole: _Whole, made: Mapping[str, Json]) -> Tree:
    """The zone's spec with all records; as it is when there are none from elsewhere and none that wait."""
    others = whole.shares[1:]
    if not others and not made and not _takes(whole.spec.records):
        return whole.tree
    own = whole.tree.get("records")
    records: dict[str, Any] = {**own} if isinstance(own, dict) else {}
    for one in others:
        for name, types in one.tree.items():
            kept = {rtype: types[rtype] for rtype in _within(one.part.records[name], whole.spec.view)}
            records[name] = {**records.get(name, {}), **kept} if kept else records.get(name, {})
    records |= {name: {"PTR": target} for name, target in made.items()}
    filled = {name: types for name, types in records.items() if types}
    return {**whole.tree, "zone": whole.spec.zone, "view": whole.spec.view, "records": filled}


def _within(types: ByType, view: str | None) -> Iterator[str]:
    for rtype, declared in types.items():
        if any(one.within(view) for one in sets(declared)):
            yield rtype


def _takes(records: Records) -> bool:
    """Whether anything in them is what others publish."""
    return any(
        isinstance(item, FromOutput)
        for types in records.values()
        for declared in types.values()
        if not isinstance(declared, str)
        for one in sets(declared)
        for item in one.items
    )


GATHERING = Gathering(TOPIC, share)
