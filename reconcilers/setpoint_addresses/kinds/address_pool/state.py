"""What is seen of a pool: the book of what it has handed out."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.handed import Grant, Space
from setpoint.model.kind import Problem
from setpoint.model.tree import Json

SHOWN = 512
"""Addresses of which the status tells who has them."""


@dataclass(frozen=True)
class PoolState:
    """A pool and its book.

    Attributes:
        handed: what belongs to somebody now, by address.
    """

    name: str
    space: Space
    handed: tuple[Grant, ...]

    @property
    def free(self) -> int:
        """How many can still be handed out."""
        return self.space.size - sum(self.space.offers(one.number) for one in self.handed)


def problems(state: PoolState) -> tuple[Problem, ...]:
    """A pool that has none left is told before somebody asks in vain."""
    if state.free > 0:
        return ()
    what = f"all {state.space.size} addresses of {state.space.room} that may be handed out are"
    return (Problem("Exhausted", f"{what}; add a range, or remove what needs none any more"),)


def status(state: PoolState) -> dict[str, Json]:
    """How many are left, and who has which."""
    shown = state.handed[:SHOWN]
    return {
        "size": state.space.size,
        "free": state.free,
        "handedOut": len(state.handed),
        "addresses": {state.space.text(one.number): f"{one.key} {one.field.lstrip('/')}" for one in shown},
    }
