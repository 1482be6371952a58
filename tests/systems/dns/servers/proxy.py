"""A TCP proxy on 127.0.0.1 that breaks a connection exactly where a test wants it broken."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self

_CHUNK = 65_536
_UPDATE = 5
"""The opcode of RFC 2136."""


class How(Enum):
    """What becomes of a request that a fault strikes."""

    CUT = auto()
    """Its first bytes reach the server, and then both sides are cut."""
    LOSE = auto()
    """The server answers it, and the answer is lost with the connection."""
    HANG = auto()
    """The server answers it, and the answer never comes."""


def any_request(_: bytes) -> bool:
    return True


def http_write(start: bytes) -> bool:
    """Whether an HTTP request begins here that is no GET."""
    return start.split(b" ", 1)[0] in {b"PATCH", b"POST", b"PUT", b"DELETE"}


def dns_update(start: bytes) -> bool:
    """Whether these are the first bytes of a DNS UPDATE over TCP."""
    return len(start) > 4 and start[4] >> 3 & 0xF == _UPDATE


@dataclass
class Fault:
    """A break to come.

    Attributes:
        match: which request is meant, by the bytes with which it begins.
        after: with CUT, how many bytes of it arrive.
        then: called at that moment, e.g. to kill the server.
        times: how many requests are struck.
    """

    how: How
    match: Callable[[bytes], bool] = any_request
    after: int = 0
    then: Callable[[], object] | None = None
    times: int = 1


@dataclass
class _Connection:
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    struck: Fault | None = None
    room: int = 0
    """Bytes of a request to be cut that may still pass."""

    def abort(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


@dataclass
class Proxy:
    """Passes everything on to a port of 127.0.0.1 until it is told to break something; for a with block.

    Attributes:
        tls: what it shows to clients; none for TCP alone.
        port: where it listens.
        strikes: how many requests were struck.
        requests: the beginnings of all chunks that clients sent.
    """

    target: int
    tls: ssl.SSLContext | None = None
    port: int = 0
    strikes: int = 0
    requests: list[bytes] = field(default_factory=list[bytes])
    _fault: Fault | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set[asyncio.Task[None]])
    _thread: threading.Thread | None = None
    _server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._tasks)

    def fail(
        self,
        how: How,
        match: Callable[[bytes], bool] = any_request,
        *,
        after: int = 0,
        then: Callable[[], object] | None = None,
        times: int = 1,
    ) -> None:
        """Break the next request that matches."""
        self._fault = Fault(how, match, after, then, times)

    def heal(self) -> None:
        """Break nothing more."""
        self._fault = None

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=self.tls)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            server_reader, server = await asyncio.open_connection("127.0.0.1", self.target)
            connection = _Connection(writer, server)
            try:
                pumps = (self._requests(reader, connection), self._answers(server_reader, connection))
                await asyncio.gather(*pumps)
            finally:
                server.transport.abort()
        except (OSError, asyncio.CancelledError):
            pass  # The other side of a connection sees that it ended; a test asks no more of it.
        finally:
            writer.transport.abort()
            self._tasks.discard(task)

    async def _requests(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        while chunk := await reader.read(_CHUNK):
            self.requests.append(chunk[:64])
            self._strike(chunk, connection)
            fault = connection.struck
            if fault is not None and fault.how is How.CUT:
                passing, connection.room = chunk[: connection.room], connection.room - len(chunk)
                connection.server.write(passing)
                await connection.server.drain()
                if connection.room <= 0:
                    await self._then(fault)
                    connection.abort()
                    return
                continue
            connection.server.write(chunk)
            await connection.server.drain()
        with suppress(OSError):
            connection.server.write_eof()

    def _strike(self, chunk: bytes, connection: _Connection) -> None:
        fault = self._fault
        if fault is None or connection.struck is not None or not fault.match(chunk):
            return
        self.strikes += 1
        connection.struck, connection.room = fault, fault.after
        fault.times -= 1
        if fault.times == 0:
            self._fault = None

    async def _answers(self, reader: asyncio.StreamReader, connection: _Connection) -> None:
        while chunk := await reader.read(_CHUNK):
            if connection.struck is None:
                connection.client.write(chunk)
                await connection.client.drain()
            elif connection.struck.how is How.LOSE:
                await self._then(connection.struck)
                connection.abort()
                return
        if connection.struck is None and not connection.client.can_write_eof():
            connection.client.close()  # TLS cannot end one direction alone.
        elif connection.struck is None:
            with suppress(OSError):
                connection.client.write_eof()

    async def _then(self, fault: Fault) -> None:
        if fault.then is not None:
            await self._loop.run_in_executor(None, fault.then)
