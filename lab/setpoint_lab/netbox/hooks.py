"""Special rules of models: functions that saving and deleting call, registered by endpoint and stage."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit

Stage = Literal["validate", "before_save", "after_save", "asked", "deleted", "dropped"]

Hook = Callable[["Unit", "Row | None", "Row | None"], Any]
"""`(unit, old, new)`; old is None when an object is made, new is None when one is deleted.

validate raises `Invalid` with a dict of errors by field; before_save may change the new row in place;
asked refuses what a client wants deleted, and no rule does; after_save and deleted save others, deleted while the
object is still there; dropped comes when it no longer is.
"""

HOOKS: dict[tuple[str, Stage], list[Hook]] = {}


def hook(stage: Stage, *endpoints: str) -> Callable[[Hook], Hook]:
    """Register a function for a stage of the models of some endpoints."""

    def register(function: Hook) -> Hook:
        for endpoint in endpoints:
            HOOKS.setdefault((endpoint, stage), []).append(function)
        return function

    return register


def run_hooks(unit: Unit, endpoint: str, stage: Stage, old: Row | None, new: Row | None) -> None:
    """Call what is registered, in order."""
    for function in HOOKS.get((endpoint, stage), ()):
        function(unit, old, new)
