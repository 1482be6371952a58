"""Where troubles come between a client and the server: functions that see every request before it is answered."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from setpoint_lab.netbox.request import Answer

if TYPE_CHECKING:
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.world import World

DROPPED = Answer(500)
"""The answer that never comes: the connection is cut."""

SILENT = Answer(500)
"""The answer that never comes: the connection stays until the client gives up."""

DROPS = 10
"""The pieces of an answer that comes slowly."""

BEFORE: list[Callable[[World, Request], Awaitable[Answer | None]]] = []
"""Each may wait, or give an answer of its own instead of the server's; None lets the request pass."""

AFTER: list[Callable[[World, Request, Answer], Awaitable[Answer]]] = []
"""Each sees what the server answers, once the request has had its effect, and may give another answer."""
