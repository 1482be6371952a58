"""PTR records to names whose addresses others publish, once those are known. Pure; neighbour: `pointers`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Final

from setpoint_dns.content import Id, RRset
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec
from setpoint_dns.rdata import canonical_name
from setpoint_dns.records.expand import sets

_SORTS: Final = {".in-addr.arpa.": "A", ".ip6.arpa.": "AAAA"}


def pointed(spec: DnsZoneSpec, there: Mapping[Id, RRset]) -> Mapping[Id, RRset]:
    """A PTR for each address that is known and in the zone, unless another set of the declaration is at its name.

    Of several names the one that says that it is meant is taken, else the first by name: whoever publishes earlier must
    make no difference.
    """
    origin = f"{spec.zone}."
    taken = {name for name, rtype in there if rtype in ("PTR", "CNAME")}
    found: dict[Id, RRset] = {}
    for _, name, reverse, ttl in sorted(_addresses(spec)):
        if reverse.endswith(f".{origin}") and reverse not in taken:
            taken.add(reverse)
            found[reverse, "PTR"] = RRset(reverse, "PTR", ttl, (name,))
    return found


def names(spec: DnsZoneSpec) -> frozenset[str]:
    """All names with an address here, known or not."""
    return frozenset(canonical_name(name, ".") for name in spec.addressed)


def rtype_of(origin: str) -> str:
    """The type of the addresses that a reverse zone is about; empty when it is about none."""
    return next((rtype for suffix, rtype in _SORTS.items() if f".{origin}".endswith(suffix)), "")


def reverse_of(address: str) -> str:
    """The name of the PTR of an address; empty for a text that is none."""
    try:
        return f"{ip_address(address.strip()).reverse_pointer}."
    except ValueError:
        return ""


def _addresses(spec: DnsZoneSpec) -> Iterator[tuple[bool, str, str, int]]:
    """Whether it is only one of several, the name, the name of the PTR, and its TTL."""
    for name, types in spec.addressed.items():
        for declared in types.values():
            for one in (one for one in sets(declared) if one.within(spec.view)):
                ttl = spec.ttl if one.ttl is None else one.ttl
                for item in one.items:
                    if isinstance(item, str):
                        yield one.ptr is not True, canonical_name(name, "."), reverse_of(item), ttl
