"""Stands before what listens on the network: few connections at a time, and none that says nothing for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from setpoint.model.errors import SettingsError

_GRACE: Final = 1.0
"""Seconds that an answer under way gets when the door is closed."""


@dataclass(frozen=True)
class Manners:
    """Whom a door lets in.

    Attributes:
        most: connections at a time; whoever comes then is turned away.
        longest: seconds that one may last.
        renewed: whether that time begins anew with everything that is sent.
    """

    most: int
    longest: float
    renewed: bool


@asynccontextmanager
async def open_door(
    app: web.Application, manners: Manners, place: tuple[str, int], *, what: str, remedy: str
) -> AsyncGenerator[str]:
    """Serve `app` at a host and port for the length of the block; gives the address as people write it.

    Args:
        app: what is served.
        manners: whom it lets in.
        place: host and port.
        what: what is served there, for people.
        remedy: what they do when it cannot be.

    Raises:
        SettingsError: the address cannot be listened on.
    """
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=_GRACE)
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101  # it is set up
        try:
            server, address = await Doorman(runner.server, manners).listen(*place)
        except OSError as error:
            host, port = place
            raise SettingsError(
                f"{what} cannot listen on {host}:{port}: {error.strerror}", remedy=remedy
            ) from error
        try:
            yield address
        finally:
            server.close()
    finally:
        await runner.cleanup()


class Doorman:
    """Lets in so many at a time, each for so long.

    Args:
        inside: makes the protocol of a connection.
        manners: whom it lets in.
    """

    def __init__(self, inside: Callable[[], asyncio.Protocol], manners: Manners) -> None:
        self._inside = inside
        self._manners = manners
        self._open = 0

    async def listen(self, host: str, port: int) -> tuple[asyncio.Server, str]:
        """Open an address; gives the server, and the address as people write it.

        Raises:
            OSError: it cannot be listened on.
        """
        server = await asyncio.get_running_loop().create_server(self.admit, host, port)
        bound, number = server.sockets[0].getsockname()[:2]
        return server, f"[{bound}]:{number}" if ":" in bound else f"{bound}:{number}"

    def admit(self) -> asyncio.Protocol:
        """The protocol of a connection that comes."""
        if self._open >= self._manners.most:
            return _TurnedAway()
        self._open += 1
        return _Timed(self._inside(), self._manners, self._left)

    def _left(self) -> None:
        self._open -= 1


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream's
        transport.abort()


class _Timed(asyncio.Protocol):
    """Passes everything on, until its time is over."""

    def __init__(self, inside: asyncio.Protocol, manners: Manners, left: Callable[[], None]) -> None:
        self._inside = inside
        self._manners = manners
        self._left = left
        self._transport: asyncio.Transport | None = None
        self._end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream's
        self._transport = transport
        self._begin(transport)
        self._inside.connection_made(transport)

    def _begin(self, transport: asyncio.Transport) -> None:
        if self._end is not None:
            self._end.cancel()
        self._end = asyncio.get_running_loop().call_later(self._manners.longest, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        self._left()
        self._inside.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._manners.renewed and self._transport is not None:
            self._begin(self._transport)
        self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inside.eof_received()

    def pause_writing(self) -> None:
        self._inside.pause_writing()

    def resume_writing(self) -> None:
        self._inside.resume_writing()
