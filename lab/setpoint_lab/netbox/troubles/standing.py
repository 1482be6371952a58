"""The troubles that stand, each in a list of its kind, and the event that takes all of them away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from setpoint_lab.netbox.events import lab_event

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

Trouble = TypeVar("Trouble")

CALMING: list[Callable[[World], None]] = []
"""Called before the troubles are forgotten, for those that leave something behind."""


def standing(world: World, kind: type[Trouble]) -> list[Trouble]:
    """The troubles of a kind in the order in which they came; the list may be changed."""
    found: list[Trouble] = world.troubles.setdefault(kind.__name__, [])
    return found


@lab_event("calm")
async def calm(world: World, _spec: Mapping[str, Any]) -> None:
    """Everything that stands ends; what was held back comes about."""
    for function in CALMING:
        function(world)
    world.troubles.clear()
