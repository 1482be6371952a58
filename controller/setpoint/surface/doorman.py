"""Stands before what listens on the network: few connections at a time, and none that says nothing for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Doorman:
    """Lets in so many at a time, each for so long.

    Args:
        inside: makes the protocol of a connection.
        most: connections at a time; whoever comes then is turned away.
        longest: seconds that one may last.
        renewed: whether that time begins anew with everything that is sent.
    """

    def __init__(
        self, inside: Callable[[], asyncio.Protocol], most: int, longest: float, *, renewed: bool
    ) -> None:
        self._inside = inside
        self._most = most
        self._longest = longest
        self._renewed = renewed
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
        if self._open >= self._most:
            return _TurnedAway()
        self._open += 1
        return _Timed(self._inside(), self._longest, self._left, renewed=self._renewed)

    def _left(self) -> None:
        self._open -= 1


class _TurnedAway(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101  # a stream's
        transport.abort()


class _Timed(asyncio.Protocol):
    """Passes everything on, until its time is over."""

    def __init__(
        self, inside: asyncio.Protocol, longest: float, left: Callable[[], None], *, renewed: bool
    ) -> None:
        self._inside = inside
        self._longest = longest
        self._left = left
        self._renewed = renewed
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
        self._end = asyncio.get_running_loop().call_later(self._longest, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._end is not None:
            self._end.cancel()
        self._left()
        self._inside.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._renewed and self._transport is not None:
            self._begin(self._transport)
        self._inside.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inside.eof_received()

    def pause_writing(self) -> None:
        self._inside.pause_writing()

    def resume_writing(self) -> None:
        self._inside.resume_writing()
