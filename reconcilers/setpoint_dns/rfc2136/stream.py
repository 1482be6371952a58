"""A TCP connection that carries DNS messages, each after its length."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

_BUFFER = 1 << 24
"""Bytes that are read ahead, for a server does not wait until they are understood."""


@dataclass(frozen=True)
class Endpoint:
    """Where a server answers: a host name or an address, and a port."""

    host: str
    port: int = 53

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True)
class Stream:
    """A connection that is open."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, message: bytes) -> None:
        """Send a message of at most 65,535 bytes. Raises OSError."""
        self.writer.write(len(message).to_bytes(2, "big") + message)
        await self.writer.drain()

    async def receive(self) -> bytes:
        """The next message. Raises OSError, and EOFError when the connection was cut."""
        length = int.from_bytes(await self.reader.readexactly(2), "big")
        return await self.reader.readexactly(length)


@asynccontextmanager
async def connected(endpoint: Endpoint, seconds: float) -> AsyncGenerator[Stream]:
    """A connection, closed with the block. Raises OSError, TimeoutError among them, when there is none in time."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, limit=_BUFFER)
    try:
        yield Stream(reader, writer)
    finally:
        writer.transport.abort()
