"""The record sets that a zone's declaration comes to, and how they divide what is there."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import chain
from typing import Final

from setpoint_dns.content import Id, RRset, Zone
from setpoint_dns.kinds.dns_zone.addressed import names, pointed
from setpoint_dns.kinds.dns_zone.members import Sets
from setpoint_dns.kinds.dns_zone.names import relative
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, Ownership
from setpoint_dns.rdata import canonical, canonical_type
from setpoint_dns.records.expand import pending, rrsets
from setpoint_dns.records.spec import ByType
from setpoint_dns.records.types import SIGNING
from setpoint_dns.records.zone import ADDRESSES

_KEPT: Final = 16


@dataclass(frozen=True)
class _Named:
    """What is written at a name, and what it comes to."""

    written: ByType
    sets: tuple[tuple[Id, RRset], ...]
    waiting: frozenset[Id]


@dataclass(frozen=True)
class _Declared:
    """What a spec comes to."""

    spec: DnsZoneSpec
    sets: Sets
    waiting: frozenset[Id]
    names: Mapping[str, _Named]


@dataclass(frozen=True)
class _Divided:
    """How a declaration divides what is there."""

    zone: Zone
    spec: DnsZoneSpec
    declared: _Declared
    parts: tuple[Sets, Mapping[Id, str]]

    def goes_for(self, spec: DnsZoneSpec, declared: _Declared) -> bool:
        """Whether another declaration divides the same way: it matters what is declared, and not with what values."""
        before, named = self.declared, self.declared.sets.keys()
        alike = declared is before or (declared.waiting == before.waiting and declared.sets.keys() == named)
        return alike and all(
            getattr(spec, field) == getattr(self.spec, field)
            for field in ("ignore", "ownership", "addressed", "zone")
        )


_DECLARED: deque[_Declared] = deque(maxlen=_KEPT)
"""Of the last specs: a pass asks several times, with copies of one spec that share their records."""
_DIVIDED: deque[_Divided] = deque(maxlen=_KEPT)
"""Of the last zones: one in which nothing changed is the same object at the next look."""


def declared_sets(spec: DnsZoneSpec) -> Sets:
    """Every set of the view, and the zone's own NS; the spec is complete.

    Raises:
        ValueError: something is no name or no data of its type, or a set is declared twice.
    """
    return _declared(spec).sets


def waiting(spec: DnsZoneSpec) -> frozenset[Id]:
    """The sets that take what another resource publishes."""
    return _declared(spec).waiting


def _declared(spec: DnsZoneSpec) -> _Declared:
    for known in _DECLARED:
        if known.spec.records is spec.records and _ground(known.spec) == _ground(spec):
            return known
    alike = next((known for known in reversed([*_DECLARED]) if _ground(known.spec) == _ground(spec)), None)
    names = _names(spec, {} if alike is None else alike.names)
    waits = frozenset(which for one in names.values() if one.waiting for which in one.waiting)
    made = _Declared(spec, _made(spec, names).beside(alike.sets if alike else None), waits, names)
    _DECLARED.append(made)
    return made


def _names(spec: DnsZoneSpec, before: Mapping[str, _Named]) -> Mapping[str, _Named]:
    """What is at each name; what is written there as before is the same object."""
    origin = f"{spec.zone}."
    found: dict[str, _Named] = {}
    for name, types in spec.records.items():
        known = before.get(name)
        if known is None or known.written != types:
            own = {name: types}
            sets = rrsets(origin, own, spec.ttl, spec.view)
            known = _Named(types, tuple(sets.items()), pending(origin, own, spec.view))
        found[name] = known
    return found


def _ground(spec: DnsZoneSpec) -> tuple[object, ...]:
    return spec.zone, spec.view, spec.ttl, spec.nameservers, spec.addressed


def _made(spec: DnsZoneSpec, names: Mapping[str, _Named]) -> Sets:
    origin = f"{spec.zone}."
    found = Sets(chain.from_iterable(one.sets for one in names.values()))
    if len(found) < sum(len(one.sets) for one in names.values()):
        rrsets(origin, spec.records, spec.ttl, spec.view)  # It says which is there twice.
    if spec.nameservers is not None:
        values = {canonical("NS", one, origin) for one in spec.nameservers}
        found[origin, "NS"] = RRset(origin, "NS", spec.ttl, tuple(sorted(values)))
    return Sets({**found, **pointed(spec, found)}) if spec.addressed else found


def divide(zone: Zone, spec: DnsZoneSpec) -> tuple[Sets, Mapping[Id, str]]:
    """The sets that are compared, and those that are left alone, with the reason.

    With ownership of records alone, what is not declared is in both: it may be what was applied once. So is a set of which
    only some values are disabled on the server.
    """
    declared = _declared(spec)
    for known in _DIVIDED:
        if known.zone is zone and known.goes_for(spec, declared):
            return known.parts
    sets, apart = _parts(zone, spec, {*declared.sets, *declared.waiting, *_pointing(zone, names(spec))})
    last = (known.parts[0] for known in reversed([*_DIVIDED]) if known.zone.name == zone.name)
    parts = sets.beside(next(last, None)), apart
    _DIVIDED.append(_Divided(zone, spec, declared, parts))
    return parts


def _parts(zone: Zone, spec: DnsZoneSpec, ours: set[Id]) -> tuple[Sets, Mapping[Id, str]]:
    apex = (zone.name, "NS")
    hosts = {*zone.rrsets[apex].values} if apex in zone.rrsets and apex not in ours else set[str]()
    apart = {
        which: why for which in zone.rrsets if which not in ours and (why := _apart(zone, which, spec, hosts))
    }
    sets = Sets(item for item in zone.rrsets.items() if item[0] not in apart and item[0][1] != "SOA")
    apart |= {
        which: f"{', '.join(one.hidden)} is disabled on the server"
        for which, one in zone.rrsets.items()
        if one.hidden and which not in apart
    }
    if spec.ownership is Ownership.RECORDS:
        apart |= {which: "not declared" for which in sets if which not in ours}
    return sets, apart


def _pointing(zone: Zone, targets: frozenset[str]) -> Iterator[Id]:
    """The PTR sets that are there and point to one of these names."""
    if targets:
        yield from (
            which
            for which, one in zone.rrsets.items()
            if which[1] == "PTR" and not targets.isdisjoint(one.values)
        )


def _apart(zone: Zone, which: Id, spec: DnsZoneSpec, hosts: set[str]) -> str:
    """Why a set that is not declared is nobody's business here; empty when it is ours.

    Nameservers that nobody declares would be cut off without their addresses.
    """
    name, rtype = which
    below = relative(name, zone.name)
    ignored = any(_matches(below, one.name) and rtype in (one.types or (rtype,)) for one in spec.ignore)
    reasons = {
        "made by DNSSEC": rtype in SIGNING,
        "of a type that is not known here": not _is_known(rtype),
        "the zone's own nameservers, which are not declared": which == (zone.name, "NS"),
        "the address of a nameserver that is not declared": rtype in ADDRESSES and name in hosts,
        "disabled on the server": zone.rrsets[which].disabled,
        "ignored": ignored,
    }
    return next((why for why, holds in reasons.items() if holds and rtype != "SOA"), "")


def _matches(below: str, pattern: str) -> bool:
    return fnmatchcase(below, pattern.lower())


def _is_known(rtype: str) -> bool:
    try:
        canonical_type(rtype)
    except ValueError:
        return False
    return True
