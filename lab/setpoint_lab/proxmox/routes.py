"""The table of handlers by method and path template; `app` imports every module that fills it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

Handler = Callable[["Call"], Awaitable[object]]

ROUTES: dict[tuple[str, str], Handler] = {}


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Register `async def handler(call) -> data` for a path template of the schema, such as `/nodes/{node}/qemu`."""

    def register(handler: Handler) -> Handler:
        key = (method, path)
        if key in ROUTES:
            raise ValueError(f"{method} {path} has two handlers")
        ROUTES[key] = handler
        return handler

    return register
