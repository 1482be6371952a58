"""The table of things that happen from outside the API; `POST /lab/events {"<kind>": {...}}` lets them happen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

Event = Callable[["World", Mapping[str, Any]], Awaitable[None]]

EVENTS: dict[str, Event] = {}


def lab_event(kind: str) -> Callable[[Event], Event]:
    """Register `async def event(world, spec)` for a kind of event."""

    def register(event: Event) -> Event:
        EVENTS[kind] = event
        return event

    return register
