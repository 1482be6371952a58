"""Puts the records that others contribute into zones, and judges every zone as a whole. Pure; neighbour: `pointers`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import is_
from typing import Any

from pydantic import TypeAdapter

from setpoint.model.gather import Asked, Gathering, Inside, Shares, Unshared, Whence, Written
from setpoint.model.handed import FromOutput
from setpoint.model.key import DEFAULT_NAMESPACE, Key
from setpoint.model.reading import read
from setpoint.model.tree import Pointer, Tree, join
from setpoint_dns.asks import RECORDS, TOPIC, told_at
from setpoint_dns.kinds.dns_zone.pointers import Forward, Pointers, pointers
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, Ownership, complete, is_private
from setpoint_dns.records.authority import Authority, check_authority
from setpoint_dns.records.check import Part, check_parts
from setpoint_dns.records.expand import sets
from setpoint_dns.records.finding import Finding, Level
from setpoint_dns.records.remembered import Memory
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
    asks: tuple[Asked, ...]
    shares: tuple[_Share, ...]

    @property
    def origin(self) -> str:
        """Its name with the final dot."""
        return f"{self.spec.zone}."

    def is_of(self, tree: Tree, asks: tuple[Asked, ...]) -> bool:
        """Whether it was made of these very objects."""
        return self.tree is tree and len(self.asks) == len(asks) and all(map(is_, self.asks, asks))


@dataclass(frozen=True)
class _Judged:
    """What came of a zone.

    Attributes:
        near: the zones that it has pointers to, itself included; of others nothing is asked.
        tree: None where something is wrong.
    """

    near: tuple[_Whole, ...]
    tree: Tree | None
    problems: tuple[Unshared, ...]


class Sharing:
    """Puts zones together again and again; what it knows of the time before only saves work, by the very objects."""

    def __init__(self) -> None:
        self._wholes: dict[Key, _Whole] = {}
        self._judged: dict[Key, _Judged] = {}
        self._records: dict[Key, Memory] = {}

    def __call__(self, specs: Mapping[Key, Tree], asks: tuple[Asked, ...]) -> Shares:
        """The zones with their records from everywhere; one in which something is wrong is left out."""
        zones = {key: self._spec(key, tree) for key, tree in specs.items()}
        meant, problems = _meant(zones, asks)
        wholes = {key: self._whole(key, specs[key], zone, tuple(meant[key])) for key, zone in zones.items()}
        judged = {key: self._judge(whole, wholes) for key, whole in wholes.items()}
        self._wholes, self._judged = wholes, judged
        self._records = {key: memory for key, memory in self._records.items() if key in wholes}
        problems += [problem for one in judged.values() for problem in one.problems]
        return Shares({key: one.tree for key, one in judged.items() if one.tree is not None}, tuple(problems))

    def _spec(self, key: Key, tree: Tree) -> DnsZoneSpec:
        known = self._wholes.get(key)
        if known is not None and known.tree is tree:
            return known.spec
        return complete(read(DnsZoneSpec, tree), key)

    def _whole(self, key: Key, tree: Tree, zone: DnsZoneSpec, asks: tuple[Asked, ...]) -> _Whole:
        known = self._wholes.get(key)
        if known is not None and known.is_of(tree, asks):
            return known
        before = (
            {id(ask): one for ask, one in zip(known.asks, known.shares[1:], strict=True)} if known else {}
        )
        own = _Share(Inside(key, ""), {}, Part(zone.records, zone.nameservers or ()))
        others = (before.get(id(ask)) or _share(ask) for ask in asks)
        return _Whole(key, tree, zone, asks, (own, *others))

    def _judge(self, whole: _Whole, wholes: Mapping[Key, _Whole]) -> _Judged:
        near = (whole, *_pointed_to(whole, wholes.values())) if whole.spec.pointers else (whole,)
        known = self._judged.get(whole.key)
        if known is not None and len(known.near) == len(near) and all(map(is_, known.near, near)):
            return known
        pointing = _pointers(near) if whole.spec.pointers else Pointers()
        memory = self._records.setdefault(whole.key, Memory())
        found = findings(whole.spec, [one.part for one in whole.shares], memory)
        wrong = tuple(_told(whole, one) for one in found if one.level is Level.ERROR)
        tree = None if wrong or pointing.clashes else _merged(whole, pointing)
        return _Judged(near, tree, (*wrong, *pointing.clashes))

    def advice(self, specs: Mapping[Key, Tree], asks: tuple[Asked, ...]) -> tuple[Unshared, ...]:
        """What is unwise about the zones, and keeps none of them from being put together."""
        self(specs, asks)
        return tuple(
            _told(whole, one)
            for whole in self._wholes.values()
            for one in findings(
                whole.spec, [share.part for share in whole.shares], self._records.get(whole.key)
            )
            if one.level is Level.ADVICE
        )

    def whence(self, specs: Mapping[Key, Tree], asks: tuple[Asked, ...]) -> Whence:
        """Who has declared what stands in zones and not in their own declarations."""
        self(specs, asks)
        found: dict[Key, Mapping[Pointer, Written]] = {}
        for key, whole in self._wholes.items():
            pointing = _pointers(self._judged[key].near) if whole.spec.pointers else Pointers()
            found[key] = {**pointing.places, **dict(_places(whole))}
        return found


def share(specs: Mapping[Key, Tree], asks: tuple[Asked, ...]) -> Shares:
    """As `Sharing`, once."""
    return Sharing()(specs, asks)


def advise(specs: Mapping[Key, Tree], asks: tuple[Asked, ...]) -> tuple[Unshared, ...]:
    """As `Sharing.advice`, once."""
    return Sharing().advice(specs, asks)


def whence(specs: Mapping[Key, Tree], asks: tuple[Asked, ...]) -> Whence:
    """As `Sharing.whence`, once."""
    return Sharing().whence(specs, asks)


def _meant(
    zones: Mapping[Key, DnsZoneSpec], asks: tuple[Asked, ...]
) -> tuple[dict[Key, list[Asked]], list[Unshared]]:
    """The asks of each zone, and those that are for none.

    An ask speaks of zones in the namespace of who asks, or the one that all share.
    """
    named: dict[str, list[Key]] = {}
    for key, zone in zones.items():
        named.setdefault(str(zone.zone), []).append(key)
    found: dict[Key, list[Asked]] = {key: [] for key in zones}
    homeless: list[Unshared] = []
    for ask in asks:
        name, _, view = str(ask.entry["zone"]).partition("!")
        spaces = (ask.by.namespace, DEFAULT_NAMESPACE)
        keys = [
            key
            for key in named.get(name.lower(), ())
            if key.namespace in spaces and view in ("", zones[key].view)
        ]
        for key in keys:
            found[key].append(ask)
        homeless += [] if keys else [_homeless(ask)]
    return found, homeless


def _homeless(ask: Asked) -> Unshared:
    what = f"there is no DnsZone {ask.entry['zone']} for these records"
    return Unshared(ask, what, "declare the zone, or write the name of one that is declared")


def _share(ask: Asked) -> _Share:
    tree = ask.entry["records"]
    assert isinstance(tree, dict)  # noqa: S101  # `records_ask` made it
    return _Share(ask, tree, Part(_RECORDS.validate_python(tree)))


def findings(
    spec: DnsZoneSpec, declared: Sequence[Part], memory: Memory | None = None
) -> tuple[Finding, ...]:
    """All that is wrong or unwise about a zone with what each declaration has of it; its own comes first."""
    base, soa = ground(spec), spec.soa
    about = () if soa is None else check_authority(base, Authority(**soa.model_dump()))
    return (*check_parts(base, declared, memory), *about)


def ground(spec: DnsZoneSpec) -> Ground:
    """What the records of a zone stand on; its spec is complete."""
    return Ground(
        origin=f"{spec.zone}.",
        ttl=spec.ttl,
        view=spec.view or DEFAULT,
        whole=spec.ownership is Ownership.ZONE and not spec.ignore,
        private=is_private(spec),
        accept=frozenset(spec.accept),
    )


def _told(whole: _Whole, found: Finding) -> Unshared:
    at = told_at(whole.shares[found.part].by, found.field)
    beside = found.beside
    others = () if beside is None else (told_at(whole.shares[beside[0]].by, beside[1]),)
    return Unshared(at, f"{found.name} {found.type}: {found.what}", found.remedy, others)


def _pointed_to(reverse: _Whole, wholes: Iterable[_Whole]) -> Iterator[_Whole]:
    """All that a reverse zone may point to, in a fixed order: what others of its view have."""
    for whole in sorted(wholes, key=lambda one: one.key):
        near = reverse.key.namespace in (DEFAULT_NAMESPACE, whole.key.namespace)
        if near and whole.key != reverse.key and whole.spec.view == reverse.spec.view:
            yield whole


def _pointers(near: tuple[_Whole, ...]) -> Pointers:
    """Those of a reverse zone, the first, to all others."""
    reverse, *wholes = near
    declared = (one.part.records for one in reverse.shares)
    return pointers(reverse.origin, declared, _forwards(reverse.key.namespace, wholes))


def _forwards(namespace: str, wholes: Iterable[_Whole]) -> Iterator[Forward]:
    for whole in wholes:
        view, elsewhere = whole.spec.view or DEFAULT, whole.key.namespace != namespace
        for one in whole.shares:
            # What others ask for names resources with their namespaces already.
            home = whole.key.namespace if elsewhere and isinstance(one.by, Inside) else ""
            yield Forward(one.by, whole.origin, one.part.records, view, home)


def _merged(whole: _Whole, pointing: Pointers) -> Tree:
    """The zone's spec with all records; as it is when there are none from elsewhere and none that wait."""
    others, spec = whole.shares[1:], whole.spec
    addressed = {**pointing.addressed, **_own(whole, "addressed")}
    if not (others or pointing.made or addressed or _takes(spec.records)):
        return whole.tree
    records = _own(whole, "records")
    for one in others:
        for name, types in one.tree.items():
            kept = {rtype: types[rtype] for rtype in _within(one.part.records[name], whole.spec.view)}
            records[name] = {**records.get(name, {}), **kept} if kept else records.get(name, {})
    records |= {name: {**records.get(name, {}), "PTR": target} for name, target in pointing.made.items()}
    filled = {name: types for name, types in records.items() if types}
    told: Tree = {"addressed": addressed} if addressed else {}
    return {**whole.tree, "zone": spec.zone, "view": spec.view, "records": filled, **told}


def _own(whole: _Whole, field: str) -> dict[str, Any]:
    own = whole.tree.get(field)
    return {**own} if isinstance(own, dict) else {}


def _places(whole: _Whole) -> Iterator[tuple[Pointer, Written]]:
    """Where the records of others stand in the zone, and where they were written."""
    for one in whole.shares[1:]:
        for name, types in one.part.records.items():
            for rtype in _within(types, whole.spec.view):
                place = join(join(RECORDS, name), rtype)
                yield place, told_at(one.by, place)


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


GATHERING = Gathering(TOPIC, share, Sharing, advise, whence)
