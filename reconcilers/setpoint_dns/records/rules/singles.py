"""Rules about how many records a set has, and what is said about all of them."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, error
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.types import SINGLE
from setpoint_dns.records.zone import ADDRESSES, Declarations, Entry


def duplicate(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """A set holds nothing twice, however differently it is written."""
    if len(set(entry.values)) == len(entry.values):
        return
    first: dict[str, int] = {}
    for number, value in enumerate(entry.values):
        if (before := first.setdefault(value, number)) != number:
            yield error(
                f"'{entry.texts[number]}' is the same record as '{entry.texts[before]}'",
                "leave one of them out",
                number,
            )


def several(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Some types lead to one place only."""
    if entry.type in SINGLE and len(entry.values) > 1:
        yield error(
            f"a name has one {entry.type} at most, and here are {len(entry.values)}",
            "keep one; for several hosts write their A and AAAA",
        )


def reverse(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Only addresses have reverse names."""
    if entry.ptr is not None and entry.type not in ADDRESSES:
        yield error(f"ptr is for A and AAAA, and says nothing about {entry.type}", "leave ptr out")


RULES = (Rule("duplicate-value", duplicate), Rule("single-value", several), Rule("ptr-place", reverse))
