"""Rules about CNAME and DNAME: names that stand for others."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import Declarations, Entry


def beside(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """A CNAME stands alone (RFC 1034): resolvers ask for it alone, and servers refuse or drop the rest."""
    others = sorted(zone.at(entry.name).keys() - {"CNAME"})
    if others and not zone.is_apex(entry.name):
        yield error(
            f"a CNAME stands alone, and this name has {', '.join(others)} too",
            "leave one of them out, or write at this name what the CNAME leads to",
        )


def at_apex(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """The zone's own name has SOA and NS, so no CNAME."""
    if zone.is_apex(entry.name):
        yield error(
            "the zone's own name has SOA and NS, and a CNAME stands alone",
            "write A and AAAA there, or HTTPS with priority 0 for browsers",
        )


def loop(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """Told once, at the first name of the circle."""
    way = _way(entry.name, zone)
    if len(way) > 1 and way[-1] == entry.name == min(way):
        yield error(
            f"this leads in a circle: {' -> '.join(way)}", "let one of them lead to a name with an address"
        )


def chain(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """One CNAME to the next costs a question each; more than a few are not followed."""
    way = _way(entry.name, zone)
    through = [name for name in way[1:] if "CNAME" in zone.answers(name)]
    if through and len(set(way)) == len(way):
        yield advice(
            f"this leads over {', '.join(through)}, which is a CNAME itself", f"write {way[-1]} at once"
        )


def dname_beside(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """What is below a DNAME is never answered (RFC 6672), nor does it stand beside a delegation."""
    if "NS" in zone.at(entry.name) and not zone.is_apex(entry.name):
        yield error("a DNAME does not stand beside NS (RFC 6672)", "leave one of them out")


def below_dname(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """Told of each set that is hidden."""
    above = zone.redirected(entry.name) if zone.inside(entry.name) else ""
    if above:
        yield error(
            f"the DNAME of {above} answers for every name below it, so this is never seen",
            "leave it out, or leave the DNAME out",
        )


def _way(name: str, zone: Declarations) -> tuple[str, ...]:
    """The names that a question passes, until it ends, leaves the zone, or comes back to one of them."""
    way = [name]
    while True:
        found = zone.answers(way[-1]).get("CNAME")
        if found is None or not found.values or zone.unknowable(way[-1]):
            return tuple(way)
        way.append(found.values[0])
        if way[-1] in way[:-1]:
            return tuple(way)


OF_ALL = (Rule("below-dname", below_dname),)
RULES = (
    Rule("cname-beside", beside, ("CNAME",)),
    Rule("cname-apex", at_apex, ("CNAME",)),
    Rule("cname-loop", loop, ("CNAME",)),
    Rule("cname-chain", chain, ("CNAME",)),
    Rule("dname-beside", dname_beside, ("DNAME",)),
)
