"""The parts of NetBox that are known and left out; they answer 501, so that nobody takes their absence for a fault."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from setpoint_lab.netbox.dispatch import ROUTES, Route
from setpoint_lab.netbox.errors import detail

if TYPE_CHECKING:
    from setpoint_lab.netbox.access import Who
    from setpoint_lab.netbox.request import Answer, Request
    from setpoint_lab.netbox.world import World

LIST = Path(__file__).with_name("unsupported.txt")
NOT_IMPLEMENTED = 501
TEXT = "This emulator has no {method} {path}; use the REST API below /api/ or a real NetBox."


def refuse(_world: World, _who: Who | None, request: Request) -> Answer:
    """Say that it is left out.

    Raises:
        Refused: always.
    """
    raise detail(NOT_IMPLEMENTED, TEXT.format(method=request.method, path=request.path))


def _left_out() -> dict[str, tuple[str, ...]]:
    """The methods that are left out by path."""
    found: dict[str, tuple[str, ...]] = {}
    for line in LIST.read_text("utf-8").splitlines():
        method, _, path = line.partition("#")[0].strip().partition(" ")
        if path:
            found[path] = (*found.get(path, ()), method)
    return found


for left_out, methods in _left_out().items():
    ROUTES[f"{left_out}/"] = Route((*methods, "OPTIONS"), special=refuse, open=True)
