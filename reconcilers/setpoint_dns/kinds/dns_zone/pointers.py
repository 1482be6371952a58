"""PTR records for every address that is declared anywhere, in the reverse zones that want them. Pure; neighbour: `addressed`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from setpoint.model.gather import Unshared, Written
from setpoint.model.handed import FromOutput
from setpoint.model.tree import Json, Pointer, Tree, join
from setpoint_dns.asks import RECORDS, told_at
from setpoint_dns.kinds.dns_zone.addressed import reverse_of, rtype_of
from setpoint_dns.kinds.dns_zone.spec import ADDRESSED
from setpoint_dns.rdata import canonical_name
from setpoint_dns.records.expand import sets
from setpoint_dns.records.spec import ByType

_TAKEN: Final = ("PTR", "CNAME")


@dataclass(frozen=True)
class Forward:
    """Records of one declaration in a zone that names things.

    Attributes:
        home: the namespace in which names of other resources are meant, where that is not the reverse zone's own.
    """

    by: Written
    origin: str
    records: Mapping[str, ByType]
    view: str
    home: str = ""


@dataclass(frozen=True)
class Pointers:
    """What a reverse zone gets.

    Attributes:
        made: what a PTR at each absolute name points to.
        addressed: names with addresses that are still to be told, as `DnsZoneSpec.addressed` has them.
        places: what of the spec comes of them, with who has written the address.
        clashes: where two say that they are the one.
    """

    made: Mapping[str, Json] = field(default_factory=dict[str, Json])
    addressed: Tree = field(default_factory=dict[str, Json])
    places: Mapping[Pointer, Written] = field(default_factory=dict[Pointer, Written])
    clashes: tuple[Unshared, ...] = ()


@dataclass(frozen=True)
class _Named:
    """A name with an address.

    Attributes:
        at: the name of the PTR, absolute; where others publish the address, what stands for that.
        address: as written.
        wanted: whether its declaration says that it is the one to point to.
    """

    at: str
    name: str
    address: str | FromOutput
    wanted: bool
    place: Written


def pointers(origin: str, declared: Iterable[Mapping[str, ByType]], forwards: Iterable[Forward]) -> Pointers:
    """The PTR of everything below a reverse zone.

    What is declared in the zone stands. Of several names with one address that with `ptr: true` is taken, else the first.

    Args:
        origin: the zone's name.
        declared: the records that are in it.
        forwards: what it may point to.
    """
    own = {
        _absolute(name, origin)
        for records in declared
        for name, types in records.items()
        if any(one in types for one in _TAKEN)
    }
    chosen: dict[str, _Named] = {}
    clashes: list[Unshared] = []
    for one in _named(forwards, rtype_of(origin)):
        if one.at in own or not (isinstance(one.address, FromOutput) or one.at.endswith(f".{origin}")):
            continue
        before = chosen.setdefault(one.at, one)
        if before is one or before.name == one.name or not one.wanted:
            continue
        if before.wanted:
            what = f"{one.name} and {before.name} both want to be what the PTR {_shown(one)} points to"
            clashes.append(Unshared(one.place, what, "leave ptr: true to one of them", (before.place,)))
        chosen[one.at] = one
    return _pointers(origin, chosen.values(), tuple(clashes))


def _pointers(origin: str, chosen: Iterable[_Named], clashes: tuple[Unshared, ...]) -> Pointers:
    """Names that are not meant give way to those that are, whose addresses may be told to be theirs only later."""
    told = [one for one in chosen if isinstance(one.address, FromOutput)]
    meant = any(one.wanted for one in told)
    made: dict[str, Json] = {}
    places: dict[Pointer, Written] = {}
    addressed: dict[str, tuple[list[Json], bool]] = {}
    for one in chosen:
        if isinstance(one.address, str) and (one.wanted or not meant):
            made[one.at] = one.name
            places[join(join(RECORDS, one.at), "PTR")] = one.place
            continue
        items, wanted = addressed.get(one.name, ([], False))
        plain = one.address if isinstance(one.address, str) else one.address.model_dump(by_alias=True)
        addressed[one.name] = [*items, plain], wanted or one.wanted
        places[join(f"/{ADDRESSED}", one.name)] = one.place
    rtype = rtype_of(origin)
    tree: Tree = {
        name: {rtype: {"values": items, "ptr": True} if wanted else {"values": items}}
        for name, (items, wanted) in addressed.items()
    }
    return Pointers(made, tree, places, clashes)


def _shown(one: _Named) -> str:
    if isinstance(one.address, str):
        return one.at
    giver = one.address.giver
    return f"of {one.address.output} of {giver.kind}/{giver.rpartition('/')[2]}"


def _named(forwards: Iterable[Forward], rtype: str) -> Iterator[_Named]:
    """Every name with an address; what is no name another rule tells of."""
    for forward in forwards:
        for written, types in forward.records.items():
            name = _absolute(written, forward.origin) if rtype in types else ""
            if not name or name.startswith("*."):
                continue
            place = told_at(forward.by, join(join(RECORDS, written), rtype))
            for one in sets(types[rtype]):
                if one.ptr is not False and not one.disabled and one.within(forward.view):
                    for item in (_meant(item, forward.home) for item in one.items):
                        yield _Named(_at(item), name, item, one.ptr is True, place)


def _meant(item: str | FromOutput, home: str) -> str | FromOutput:
    """What others publish, so that it means the same in another namespace."""
    if isinstance(item, str) or not home or "/" in item.giver:
        return item
    return FromOutput.model_validate(
        {**item.model_dump(by_alias=True), "from": f"{home}/{item.giver.kind}/{item.giver}"}
    )


def _at(item: str | FromOutput) -> str:
    return reverse_of(item) if isinstance(item, str) else f"{item.giver.kind}/{item.giver} {item.output}"


def _absolute(text: str, origin: str) -> str:
    try:
        return canonical_name(text, origin)
    except ValueError:
        return ""
