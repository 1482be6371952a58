"""Rules about types that nobody asks for any more."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.types import OBSOLETE
from setpoint_dns.records.zone import Declarations, Entry


def obsolete(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Types that were given up."""
    instead = OBSOLETE.get(entry.type)
    if instead is not None:
        remedy = f"use {instead} instead" if instead else "leave it out"
        yield advice(f"{entry.type} is obsolete, and nothing asks for it", remedy)


RULES = (Rule("obsolete-type", obsolete),)
