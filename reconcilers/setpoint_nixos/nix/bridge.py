"""Lets Nix reach the store of a host over the SSH connection that we hold: one connection, one host key, one way through."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from setpoint.model.errors import TargetError
from setpoint.model.printable import brief
from setpoint_nixos.nix.commands import SERVE, Command
from setpoint_nixos.nix.failures import NO_PROGRAM, no_program
from setpoint_nixos.nix.remote import Remote, Stream

_CHUNK: Final = 1 << 18
_LONGEST: Final = 300


@dataclass
class Bridge:
    """A store of a host as a socket on this machine, for as long as the block of `bridge` lasts.

    Attributes:
        socket: where it is.
        failure: what went wrong on the way, which Nix only sees as an end of file.
        complaint: the last words of the host's Nix.
    """

    socket: Path
    failure: TargetError | None = None
    complaint: str = ""


def place() -> tempfile.TemporaryDirectory[str]:
    """A folder for sockets: not in the state directory, for the path of a socket may have no more than 107 letters."""
    return tempfile.TemporaryDirectory(prefix="sp-")


def store(socket: Path) -> str:
    """The store behind a socket, as Nix takes it."""
    return f"unix://{socket}"


@asynccontextmanager
async def bridge(remote: Remote, socket: Path, command: Command = SERVE) -> AsyncGenerator[Bridge]:
    """Serve the store of a host at a socket in a folder of ours; each connection is one command at the host."""
    made = Bridge(socket)
    running: set[asyncio.Task[None]] = set()

    def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # asyncio complains of tasks that it made itself when they are cancelled.
        task = asyncio.create_task(_serve(made, remote, command, reader, writer))
        running.add(task)
        task.add_done_callback(running.discard)

    server = await asyncio.start_unix_server(serve, socket, limit=_CHUNK)
    try:
        yield made
    finally:
        server.close()
        for task in tuple(running):
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _serve(
    made: Bridge, remote: Remote, command: Command, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    try:
        async with remote.session.open(remote.line(command)) as stream:
            await _pump(stream, reader, writer)
            status = await stream.wait()
            if status == NO_PROGRAM:
                made.failure = no_program(remote.name, command)
            elif status:
                made.complaint = brief(stream.err.decode(errors="replace").strip(), _LONGEST)
    except TargetError as error:
        made.failure = error
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _pump(stream: Stream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Both ways at once, until the host has said all; what we would still say then is of no use to anybody."""

    async def there() -> None:
        await _carry(lambda: reader.read(_CHUNK), stream.write)
        stream.end()

    async def back() -> None:
        async def give(data: bytes) -> None:
            writer.write(data)
            await writer.drain()

        with suppress(ConnectionError):  # Nix has what it wants.
            await _carry(lambda: stream.read(_CHUNK), give)

    going = asyncio.create_task(there())
    try:
        await back()
    finally:
        going.cancel()
        ended = (await asyncio.gather(going, return_exceptions=True))[0]
    if isinstance(ended, TargetError):
        raise ended


async def _carry(take: Callable[[], Awaitable[bytes]], give: Callable[[bytes], Awaitable[None]]) -> None:
    while data := await take():
        await give(data)
