"""Serves the push hook where the settings say: few connections at a time, each for seconds only."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from setpoint.secrets import resolve_secret
from setpoint.settings import HookSettings
from setpoint.surface.doorman import Manners, open_door
from setpoint.surface.hook import hook_app

MANNERS: Final = Manners(most=32, longest=15.0, renewed=False)
"""Whoever is turned away or too slow misses nothing: the next poll finds the push."""
_log = structlog.stdlib.get_logger("setpoint.hook")


@asynccontextmanager
async def serve_hook(settings: HookSettings, branch: str, wake: Callable[[], None]) -> AsyncGenerator[None]:
    """Take calls for the length of the block.

    Raises:
        SettingsError: the address cannot be listened on, or the secret not be read.
    """
    resolve_secret(settings.secret)
    app = hook_app(lambda: resolve_secret(settings.secret), branch, wake)
    door = open_door(
        app, MANNERS, settings.address, what="the hook", remedy="set hook.listen to a free address"
    )
    async with door as address:
        _log.info("hook_open", address=address)
        yield
