"""Rules about NS and DS, and about what is below a delegation."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, Level, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import ADDRESSES, Declarations, Entry

_AT_CUT = ("NS", "DS")
_FEW = 2


def hidden(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """Other servers answer from a delegation downwards; only glue is given out with it."""
    if entry.type == "CNAME" and "NS" in zone.at(entry.name):
        return
    cut = zone.cut(entry.name)
    if not cut or (entry.name == cut and entry.type in _AT_CUT):
        return
    if entry.type in ADDRESSES and entry.name in zone.served:
        return
    where = "at" if entry.name == cut else "below"
    yield error(
        f"this is {where} the delegation of {cut}, whose own servers answer for it, so it is never seen",
        f"declare it in the zone {cut}, or leave the NS out",
    )


def glue(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """A name server inside of what it serves cannot be found without its address."""
    level = Level.ERROR if zone.ground.whole else Level.ADVICE
    for number, name in enumerate(entry.values):
        inside = name == entry.name or name.endswith(f".{entry.name}")
        if inside and not zone.is_apex(entry.name) and not zone.at(name).keys() & {*ADDRESSES}:
            yield Flaw(
                level,
                f"{name} is inside of the zone that it serves and has no address here",
                "declare its A or AAAA as well, which is given out as glue",
                number,
            )


def few(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """One server that is down takes the zone with it (RFC 1034 asks for two)."""
    if len(entry.values) < _FEW and not entry.pending:
        yield advice(
            "there is one name server only, and the zone is gone when it is down", "name two or more"
        )


def ds_place(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """DS stands at a delegation, in the zone above."""
    if zone.is_apex(entry.name):
        yield error("the DS of a zone is in the zone above it", "give it to the parent zone's keeper")
    elif "NS" not in zone.at(entry.name) and zone.ground.whole:
        yield error(
            "a DS without NS speaks of no delegation", "declare the NS of this name, or leave the DS out"
        )


def ds_strength(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Digests and algorithms that validators give up (RFC 8624, RFC 9905)."""
    for number, value in enumerate(entry.values):
        _tag, algorithm, digest, *_rest = value.split()
        if digest == "1":
            yield advice("SHA-1 is no digest to trust any more", "use digest type 2", number)
        if algorithm in _WEAK:
            yield advice(
                f"validators give up algorithm {algorithm}, {_WEAK[algorithm]}", "sign with 13 or 15", number
            )


_WEAK = {"1": "RSAMD5", "3": "DSA", "5": "RSASHA1", "6": "DSA-NSEC3-SHA1", "7": "RSASHA1-NSEC3-SHA1"}

OF_ALL = (Rule("below-delegation", hidden),)
RULES = (
    Rule("glue", glue, ("NS",)),
    Rule("one-name-server", few, ("NS",)),
    Rule("ds-place", ds_place, ("DS",)),
    Rule("ds-strength", ds_strength, ("DS",)),
)
