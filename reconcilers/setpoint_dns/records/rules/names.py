"""Rules about the names that records stand under."""

from __future__ import annotations

import re
from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import ADDRESSES, Declarations, Entry

_LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
_HOST = re.compile(rf"\*|{_LABEL}")
_NAME = re.compile(rf"(\*\.)?({_LABEL}\.)*")
_HOSTS = frozenset({*ADDRESSES, "MX"})


def outside(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """A server takes no record of another zone."""
    if not zone.inside(entry.name):
        origin = zone.ground.apex
        yield error(
            f"'{entry.written}' is not in the zone {origin}",
            "declare it in the zone that it belongs to, or write it without its final dot",
        )


def repeated(entry: Entry, zone: Declarations) -> Iterator[Flaw]:
    """The zone's name written in full, but for the final dot, comes to stand there twice."""
    origin = zone.ground.apex.rstrip(".")
    written = entry.written.lower()
    if origin.count(".") and (written == origin or written.endswith(f".{origin}")):
        short = written.removesuffix(origin).rstrip(".") or "@"
        yield advice(
            f"'{entry.written}' is relative to the zone and means {entry.name}",
            f"write '{short}', or '{written}.' with its final dot",
        )


def wildcard(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """A star covers other names only as the whole of the first label (RFC 4592)."""
    if "*" not in entry.name:
        return
    first, *others = entry.name.split(".")
    if "*" in "".join(others) or ("*" in first and first != "*"):
        yield advice(
            f"the star in '{entry.written}' stands for nothing but itself",
            "a wildcard is a whole label, the first one: *.name",
        )
    if first == "*" and entry.type in ("NS", "DNAME"):
        yield error(
            f"a wildcard with {entry.type} is not defined (RFC 4592), and servers differ in what they make of it",
            f"write each name with its own {entry.type}",
        )


def host(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """What is looked up as a host has a host's name (RFC 1123)."""
    if entry.type not in _HOSTS:
        return
    if not _NAME.fullmatch(entry.name):
        wrong = (one for one in entry.name.split(".") if one and not _HOST.fullmatch(one))
        label = next(wrong, entry.name)
        yield advice(
            f"'{label}' is no label of a host's name, and some resolvers and programs refuse it",
            "use letters, digits and hyphens, with a letter or a digit at both ends",
        )


RULES = (
    Rule("outside-zone", outside),
    Rule("name-repeats-zone", repeated),
    Rule("wildcard-place", wildcard),
    Rule("host-name", host),
)
