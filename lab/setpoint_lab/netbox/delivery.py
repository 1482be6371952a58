"""What happened to objects, for whoever tells others of it: the seam between requests and webhooks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

Action = Literal["create", "update", "delete"]


@dataclass(frozen=True, slots=True)
class Happening:
    """One object changed in one request; `before` and `after` are its data for the change log, None for nothing."""

    time: str
    action: Action
    type: str
    id: int
    data: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    user: str
    request_id: str
    method: str
    path: str


LISTENERS: list[Callable[[World, list[Happening]], None]] = []
"""Called with what a request did, once it has come about."""


def tell(world: World, happened: list[Happening]) -> None:
    """Tell every listener."""
    for listener in LISTENERS:
        listener(world, happened)
