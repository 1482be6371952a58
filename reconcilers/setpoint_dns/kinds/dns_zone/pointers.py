"""PTR records for every address that is declared anywhere, in the reverse zones that want them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final

from setpoint.model.gather import Unshared, Written
from setpoint.model.tree import Json, join
from setpoint_dns.asks import RECORDS, told_at
from setpoint_dns.kinds.dns_zone.spec import DnsZoneSpec
from setpoint_dns.rdata import canonical_name
from setpoint_dns.records.expand import sets
from setpoint_dns.records.spec import ByType
from setpoint_dns.records.zone import ADDRESSES

_TAKEN: Final = ("PTR", "CNAME")


@dataclass(frozen=True)
class Forward:
    """Records of one declaration in a zone that names things."""

    by: Written
    origin: str
    records: Mapping[str, ByType]
    view: str


@dataclass(frozen=True)
class _Named:
    """A name with an address.

    Attributes:
        reverse: of the address, absolute.
        wanted: whether its declaration says that it is the one to point to.
    """

    reverse: str
    name: str
    wanted: bool
    at: Written


def pointers(zone: DnsZoneSpec, forwards: Iterable[Forward]) -> tuple[dict[str, Json], tuple[Unshared, ...]]:
    """What a PTR at each absolute name below the zone points to, and where two say that they are the one.

    What the zone declares itself stands. Of several names with one address that with `ptr: true` is taken, else the first.
    """
    origin = f"{zone.zone}."
    own = {
        _absolute(name, origin) for name, types in zone.records.items() if any(one in types for one in _TAKEN)
    }
    chosen: dict[str, _Named] = {}
    clashes: list[Unshared] = []
    for one in _named(forwards):
        if not one.reverse.endswith(f".{origin}") or one.reverse in own:
            continue
        before = chosen.setdefault(one.reverse, one)
        if before is one or before.name == one.name or not one.wanted:
            continue
        if before.wanted:
            what = f"{one.name} and {before.name} both want to be what the PTR {one.reverse} points to"
            clashes.append(Unshared(one.at, what, "leave ptr: true to one of them", (before.at,)))
        chosen[one.reverse] = one
    return {reverse: one.name for reverse, one in chosen.items()}, tuple(clashes)


def _named(forwards: Iterable[Forward]) -> Iterator[_Named]:
    """Every name with an address; what is no name another rule tells of."""
    for forward in forwards:
        for written, types in forward.records.items():
            name = _absolute(written, forward.origin)
            for rtype in ADDRESSES if name and not name.startswith("*.") else ():
                place = told_at(forward.by, join(join(RECORDS, written), rtype))
                for one in sets(types[rtype]) if rtype in types else ():
                    if one.ptr is not False and not one.disabled and one.within(forward.view):
                        texts = (item for item in one.items if isinstance(item, str))
                        yield from (_Named(_reverse(text), name, one.ptr is True, place) for text in texts)


def _absolute(text: str, origin: str) -> str:
    try:
        return canonical_name(text, origin)
    except ValueError:
        return ""


def _reverse(address: str) -> str:
    """The name of the PTR of an address; empty for a text that is none, which another rule tells of."""
    try:
        return f"{ip_address(address.strip()).reverse_pointer}."
    except ValueError:
        return ""
