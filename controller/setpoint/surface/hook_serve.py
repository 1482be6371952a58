"""Serves the push hook where the settings say: few connections at a time, each for seconds only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from aiohttp import web

from setpoint.model.errors import SettingsError
from setpoint.secrets import resolve_secret
from setpoint.settings import HookSettings
from setpoint.surface.doorman import Doorman
from setpoint.surface.hook import hook_app

MOST: Final = 32
"""Connections at a time; whoever comes then is turned away, and the next poll finds the push."""
LONGEST: Final = 15.0
"""Seconds that a connection may last, whatever it does or does not send."""
_GRACE: Final = 1.0
_log = structlog.stdlib.get_logger("setpoint.hook")


@asynccontextmanager
async def serve_hook(settings: HookSettings, branch: str, wake: Callable[[], None]) -> AsyncGenerator[None]:
    """Take calls for the length of the block.

    Raises:
        SettingsError: the address cannot be listened on, or the secret not be read.
    """
    resolve_secret(settings.secret)
    app = hook_app(lambda: resolve_secret(settings.secret), branch, wake)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        server = await _listen(settings, runner)
        try:
            yield
        finally:
            server.close()
    finally:
        await runner.cleanup()


async def _listen(settings: HookSettings, runner: web.AppRunner) -> asyncio.Server:
    assert runner.server is not None  # noqa: S101  # it is set up
    try:
        server, address = await Doorman(runner.server, MOST, LONGEST, renewed=False).listen(*settings.address)
    except OSError as error:
        raise SettingsError(
            f"the hook cannot listen on {settings.listen}: {error.strerror}",
            remedy="set hook.listen to a free address",
        ) from error
    _log.info("hook_open", address=address)
    return server
