"""The record sets that a zone's declaration comes to, and how they divide what is there."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from fnmatch import fnmatchcase

from setpoint_dns.content import Id, RRset, Zone
from setpoint_dns.kinds.dns_zone.names import relative
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec, Ownership
from setpoint_dns.rdata import canonical, canonical_type
from setpoint_dns.records.expand import pending, rrsets
from setpoint_dns.records.types import SIGNING
from setpoint_dns.records.zone import ADDRESSES

_RECENT: deque[tuple[DnsZoneSpec, Mapping[Id, RRset]]] = deque(maxlen=4)
"""What the last specs come to: a pass asks several times, with copies of one spec that share their records."""


def declared_sets(spec: DnsZoneSpec) -> Mapping[Id, RRset]:
    """Every set of the view, and the zone's own NS; the spec is complete.

    Raises:
        ValueError: something is no name or no data of its type, or a set is declared twice.
    """
    for known, found in _RECENT:
        if known.records is spec.records and _ground(known) == _ground(spec):
            return found
    made = _made(spec)
    _RECENT.append((spec, made))
    return made


def _ground(spec: DnsZoneSpec) -> tuple[object, ...]:
    return spec.zone, spec.view, spec.ttl, spec.nameservers


def _made(spec: DnsZoneSpec) -> Mapping[Id, RRset]:
    origin = f"{spec.zone}."
    found = dict(rrsets(origin, spec.records, spec.ttl, spec.view))
    if spec.nameservers is not None:
        values = {canonical("NS", one, origin) for one in spec.nameservers}
        found[origin, "NS"] = RRset(origin, "NS", spec.ttl, tuple(sorted(values)))
    return found


def waiting(spec: DnsZoneSpec) -> frozenset[Id]:
    """The sets that take what another resource publishes."""
    return pending(f"{spec.zone}.", spec.records, spec.view)


def divide(zone: Zone, spec: DnsZoneSpec) -> tuple[dict[Id, RRset], dict[Id, str]]:
    """The sets that are compared, and those that are left alone, with the reason.

    With ownership of records alone, what is not declared is in both: it may be what was applied once.
    """
    ours = {*declared_sets(spec), *waiting(spec)}
    apex = (zone.name, "NS")
    hosts = {*zone.rrsets[apex].values} if apex in zone.rrsets and apex not in ours else set[str]()
    apart = {
        which: why for which in zone.rrsets if which not in ours and (why := _apart(zone, which, spec, hosts))
    }
    sets = {which: one for which, one in zone.rrsets.items() if which not in apart and which[1] != "SOA"}
    if spec.ownership is Ownership.RECORDS:
        apart |= {which: "not declared" for which in sets if which not in ours}
    return sets, apart


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
