"""A command whose streams are open: bytes in and out while it runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

import asyncssh

from setpoint_nixos.ssh.access import Access
from setpoint_nixos.ssh.failures import lost
from setpoint_nixos.ssh.process import Process

_TAIL: Final = 65_536
"""Bytes that are kept of what it complains."""


class Channel:
    """Both streams of a command that runs; made by `Session.open` and ended with its block.

    A lost connection is raised as OutcomeUnknownError: what was written may have arrived.
    """

    def __init__(self, process: Process, access: Access, command: str) -> None:
        self._process = process
        self._access = access
        self._command = command
        self._err = bytearray()

    @classmethod
    @asynccontextmanager
    async def over(cls, process: Process, access: Access, command: str) -> AsyncGenerator[Channel]:
        """A channel over a process, whose complaints are read all the while."""
        channel = cls(process, access, command)
        listening = asyncio.create_task(channel._listen())
        try:
            yield channel
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    @property
    def err(self) -> bytes:
        """The last 64 KiB of what it wrote to its stderr so far."""
        return bytes(self._err)

    async def read(self, size: int = 65_536) -> bytes:
        """The next bytes that it printed, at most so many; empty at the end."""
        try:
            return await self._process.out(size)
        except (OSError, asyncssh.Error) as error:
            raise lost(error, self._access, self._command, writes=True) from error

    async def write(self, data: bytes) -> None:
        """Give it bytes, as fast as it takes them."""
        try:
            await self._process.feed(data)
        except (OSError, asyncssh.Error) as error:
            raise lost(error, self._access, self._command, writes=True) from error

    def end(self) -> None:
        """Tell it that nothing more comes."""
        self._process.end()

    async def wait(self) -> int:
        """Its exit status, once it ended; the negative number of the signal that killed it."""
        await self._process.wait()
        status = self._process.status
        if status is None:
            end = asyncssh.ConnectionLost("it ended without telling how")
            raise lost(end, self._access, self._command, writes=True)
        return status

    async def _listen(self) -> None:
        while chunk := await self._process.err(_TAIL):
            self._err += chunk
            del self._err[:-_TAIL]
