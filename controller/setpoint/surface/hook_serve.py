"""Serves the push hook where the settings say: few connections at a time, each for seconds only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import structlog
from aiohttp import web

from setpoint.model.errors import SettingsError
from setpoint.secrets import resolve_secret
from setpoint.settings import HookSettings
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
    door = Doorman(runner.server)
    host, port = settings.address
    try:
        server = await asyncio.get_running_loop().create_server(door.admit, host, port)
    except OSError as error:
        raise SettingsError(
            f"the hook cannot listen on {settings.listen}: {error.strerror}",
            remedy="set hook.listen to a free address",
        ) from error
    bound, number = server.sockets[0].getsockname()[:2]
    _log.info("hook_open", address=f"[{bound}]:{number}" if ":" in bound else f"{bound}:{number}")
    return server


class Doorman:
    """Lets in so many at a time, each for so long."""

    def __init__(
        self, inside: Callable[[], asyncio.Protocol], most: int = MOST, longest: float = LONGEST
    ) -> None:
        self._inside = inside
        self._most = most
        self._longest = longest
        self._open = 0

    def admit(self) -> asyncio.Protocol:
        """The protocol of a connection that comes."""
        if self._open >= self._most:
            return _TurnedAway()
        self._open += 1
        return _Timed(self._inside(), self._longest, self._left)

    def _left(self) -> None:
        self._open -= 1


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream's
        transport.abort()


class _Timed(asyncio.Protocol):
    """Passes everything on, until its time is over."""

    def __init__(self, inside: asyncio.Protocol, longest: float, left: Callable[[], None]) -> None:
        self._inside = inside
        self._longest = longest
        self._left = left
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self._end = asyncio.get_running_loop().call_later(self._longest, transport.abort)
        self._inside.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        self._left()
        self._inside.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inside.eof_received()

    def pause_writing(self) -> None:
        self._inside.pause_writing()

    def resume_writing(self) -> None:
        self._inside.resume_writing()
