"""Which events of a history are news, and which of them are worth a line while one watches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

E = TypeVar("E")

TOLD = frozenset({"step", "drift", "outcome", "released", "approved", "source"})
"""Kinds of events worth a line; what a commit declared is told by the steps that follow."""
LATEST = 200
"""Events to ask for at once; more do not happen between two looks."""


def fresh(events: Sequence[E], told: Sequence[E]) -> list[E]:
    """Those of `events`, newest first, that are newer than the first of `told`; oldest first."""
    count = events.index(told[0]) if told and told[0] in events else len(events)
    return list(reversed(events[:count]))
