"""Rules about the names that records lead to."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from setpoint_dns.rdata import POWERDNS
from setpoint_dns.records.finding import Flaw, Level, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import ADDRESSES, Declarations, Entry

_FIELD = {
    "ALIAS": 0,
    "CNAME": 0,
    "DNAME": 0,
    "NS": 0,
    "PTR": 0,
    "MX": 1,
    "KX": 1,
    "AFSDB": 1,
    "SRV": 3,
    "SVCB": 1,
    "HTTPS": 1,
}
"""Where the name stands in the data."""
_HOSTS = ("NS", "MX", "SRV", "KX", "AFSDB")
"""Types that lead to a host, which has addresses of its own."""
_NOWHERE = "."


def targets(entry: Entry) -> Iterator[tuple[int, str]]:
    """The positions of values and the names that they lead to; none for a value that says `.`."""
    field = _FIELD[entry.type]
    for number, value in enumerate(entry.values):
        name = value.split()[field]
        if name != _NOWHERE:
            yield number, name


def address(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """An address in the place of a name is taken for a name."""
    for number, text in enumerate(entry.texts):
        fields = text.split()
        written = fields[_FIELD[entry.type]].rstrip(".") if len(fields) > _FIELD[entry.type] else ""
        if _is_address(written):
            yield error(
                f"{entry.type} leads to a name, and {written} is an address",
                "write the name of a host, and its address as A or AAAA of that name",
                number,
            )


def nowhere(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """The root is no host."""
    for number, value in enumerate(entry.values):
        if value.split()[_FIELD[entry.type]] == _NOWHERE:
            yield error(f"'.' is no name for {entry.type} to lead to", "write the name of a host", number)


def missing(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """A name of this zone that leads nowhere."""
    for number, name in targets(entry):
        if zone.unknowable(name) or _is_address(_written(entry, number).rstrip(".")):
            continue
        found = zone.answers(name)
        if not found and not zone.exists(name):
            what, remedy = f"{name} does not exist in this zone", f"declare it{_dot(entry, number, zone)}"
        elif entry.type in _HOSTS and not found.keys() & {*ADDRESSES, *POWERDNS, "CNAME"}:
            what, remedy = f"{name} has no address", "declare its A or AAAA"
        else:
            continue
        yield Flaw(Level.ERROR if zone.ground.whole else Level.ADVICE, what, remedy, number)


def alias(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """What asks for a host does not follow a CNAME (RFC 2181, section 10.3; RFC 2782)."""
    for number, name in targets(entry):
        if "CNAME" in zone.answers(name) and not zone.unknowable(name):
            level = Level.ADVICE if entry.type == "PTR" else Level.ERROR
            (real,) = zone.answers(name)["CNAME"].values[:1] or ("what it leads to",)
            yield Flaw(level, f"{name} is a CNAME, and {entry.type} leads to a host", f"write {real}", number)


def _is_address(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _written(entry: Entry, number: int) -> str:
    fields = entry.texts[number].split()
    return fields[_FIELD[entry.type]]


def _dot(entry: Entry, number: int, zone: Declarations) -> str:
    """What is added when it looks as if only the final dot were missing."""
    written = _written(entry, number)
    if written.endswith(".") or "." not in written:
        return ", or correct the name"
    return f", or write '{written}.' with its final dot for a name that is not relative to {zone.ground.apex}"


RULES = (
    Rule("target-is-address", address, tuple(_FIELD)),
    Rule("target-nowhere", nowhere, ("ALIAS", "CNAME", "DNAME", "NS", "PTR", "KX", "AFSDB")),
    Rule("target-missing", missing, tuple(one for one in _FIELD if one != "DNAME")),
    Rule("target-is-cname", alias, ("NS", "MX", "SRV", "KX", "PTR")),
)
