"""What is seen of a pool: the book of what it has handed out."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint.model.handed import Grant, Space
from setpoint.model.kind import Outputs, Problem
from setpoint.model.spec import described
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
    gateway: str | None = None

    @property
    def free(self) -> int:
        """How many can still be handed out."""
        return self.space.size - sum(self.space.offers(one.number) for one in self.handed)


class PoolOutputs(Outputs):
    """What a pool publishes."""

    cidr: str = described("The network.")
    gateway: str | None = described("The gateway that is set with an address.", None)
    available: bool = described("Whether an address is left.")


def publish(state: PoolState) -> PoolOutputs:
    """What others may take, besides an address."""
    return PoolOutputs(cidr=state.space.room, gateway=state.gateway, available=state.free > 0)


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
