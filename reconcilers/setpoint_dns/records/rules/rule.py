"""The form of a rule."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from setpoint_dns.records.finding import Flaw
from setpoint_dns.records.zone import Declarations, Entry

Judge: TypeAlias = Callable[[Entry, Declarations], Iterable[Flaw]]


@dataclass(frozen=True)
class Rule:
    """One thing that declared records are held against.

    Attributes:
        name: under which it is found in messages and docs.
        judge: pure; what is wrong with a set, given all others.
        types: of the sets that it looks at; none for all of them.
    """

    name: str
    judge: Judge
    types: tuple[str, ...] = ()
