"""What Nix tells while it works, in the words of a status line."""

from __future__ import annotations

from typing import Final, assert_never

from setpoint.model.printable import brief
from setpoint_nixos.nix.events import Awaiting, Building, Copying, Counted, Event, Line

_HASH: Final = 33
"""Characters before the name in the last part of a store path."""
_LONG: Final = 160


def progress(event: Event) -> str:
    """One phrase; empty when it says nothing yet."""
    match event:
        case Awaiting(work, others):
            return f"waits for a place for {work}, which {others} others have"
        case Building(drv, machine):
            return f"{_name(drv)} is built" + (f" on {machine}" if machine else "")
        case Copying(path):
            return f"{_name(path)} is copied"
        case Line(drv, text):
            return brief(f"{_name(drv)}: {text}", _LONG)
        case Counted(what, done, expected):
            return f"{done} of {expected} {what}" if expected else ""
        case _:
            assert_never(event)


def _name(path: str) -> str:
    return path.rpartition("/")[2][_HASH:].removesuffix(".drv") or path
