"""A command on a host. It tells its process group first, so that it can be ended: sshd passes no signals on to root's own."""

from __future__ import annotations

import re
import shlex
from contextlib import suppress
from typing import Final

import asyncssh

_TAG: Final = re.compile(rb"setpoint-group=(\d+)\n")
_HEAD: Final = 16_384
"""Bytes of stderr in which the tag is looked for: what the user's shell says at its start comes before."""


def tagged(command: str) -> str:
    """A command for the user's shell, whichever that is, that hands over to a POSIX shell at once."""
    return f"exec /bin/sh -c {shlex.quote(f'echo setpoint-group=$$ >&2; {command}')}"


def ending(group: int) -> str:
    """A command that ends a process group, gently first; of a group that is not known it does nothing."""
    if not group:
        return "exit 0"
    return (
        f"kill -s TERM -- -{group}; i=0; "
        f"while [ $i -lt 10 ] && kill -s 0 -- -{group}; do sleep 0.1; i=$((i+1)); done 2>/dev/null; "
        f"kill -s KILL -- -{group} 2>/dev/null; exit 0"
    )


class Process:
    """A command that runs, with streams of bytes.

    What asyncssh raises comes through: `failures` tells what it means.

    Attributes:
        group: its process group on the host; 0 while it is not known.
    """

    def __init__(self, process: asyncssh.SSHClientProcess[bytes]) -> None:
        self._process = process
        self._head = bytearray()
        self._sifting = True
        self.group = 0

    @property
    def running(self) -> bool:
        """Whether its end was not seen yet."""
        return self._process.returncode is None

    @property
    def status(self) -> int | None:
        """Its exit status, or the negative number of the signal that killed it; None when that is not known."""
        return self._process.returncode

    async def out(self, size: int = 65_536) -> bytes:
        """The next bytes that it printed; empty at the end."""
        return await self._process.stdout.read(size)

    async def err(self, size: int = 65_536) -> bytes:
        """The next bytes that it complained; empty at the end."""
        await self.find_group(size)
        head, self._head = bytes(self._head), bytearray()
        return head or await self._process.stderr.read(size)

    async def find_group(self, size: int = 65_536) -> None:
        """Read on until its group is known; nobody else reads its stderr meanwhile."""
        while self._sifting:
            chunk = await self._process.stderr.read(size)
            self._head += chunk
            self._sifting = bool(chunk) and not self._tag() and len(self._head) <= _HEAD

    def _tag(self) -> bool:
        found = _TAG.search(self._head)
        if found is not None:
            self.group = int(found[1])
            del self._head[found.start() : found.end()]
        return found is not None

    async def feed(self, data: bytes) -> None:
        """Give it bytes, as fast as it takes them."""
        self._process.stdin.write(data)
        await self._process.stdin.drain()

    def end(self) -> None:
        """Tell it that nothing more comes."""
        if not self._process.stdin.is_closing():
            self._process.stdin.write_eof()

    async def wait(self) -> None:
        """Until its end was seen."""
        await self._process.wait_closed()

    def leave(self) -> None:
        """Close its streams, and have sshd end it where that passes signals on."""
        with suppress(OSError):
            self._process.terminate()
        self._process.close()
