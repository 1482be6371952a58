"""Rules about how long answers are kept."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint_dns.records.finding import Flaw, advice
from setpoint_dns.records.rules.rule import Rule
from setpoint_dns.records.zone import Declarations, Entry

LOW = 30
"""Seconds below which caches hardly help, and many use a minimum of their own."""
HIGH = 604_800
"""A week, in seconds, beyond which caches cut it."""


def unwise(entry: Entry, _: Declarations) -> Iterator[Flaw]:
    """Values that are allowed and do not do what they seem to."""
    if entry.ttl == 0:
        yield advice(
            "with a ttl of 0 no answer is kept, so every question comes to your servers",
            "write 60 where it has to follow changes fast",
        )
    elif entry.ttl < LOW:
        yield advice(
            f"a ttl of {entry.ttl} seconds is below what many resolvers keep at least", f"write {LOW} or more"
        )
    elif entry.ttl > HIGH:
        yield advice(
            f"a ttl of {entry.ttl} seconds is more than a week, and a mistake would stay as long",
            f"write {HIGH} or less, such as 86400",
        )


RULES = (Rule("ttl", unwise),)
