"""Programs that are started here: what goes in and out is bounded, and nobody who stops waiting leaves one behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final

CHUNK: Final = 1 << 16
"""Bytes that are read at once."""
_LAST_WORDS: Final = 5.0
"""Seconds for the pipes of a program that was killed to end."""


async def start(command: Sequence[str], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    """Start a program with three pipes, as the leader of a group of its own.

    Raises:
        OSError: it cannot be started.
    """
    starting = asyncio.create_task(_start(command, environment))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # asyncio would kill the program alone, and wait for pipes that its children hold.
        with suppress(OSError):
            await end(await starting, grace=0)
        raise


async def _start(command: Sequence[str], environment: Mapping[str, str]) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=environment,
        cwd="/",
        start_new_session=True,
    )


async def write(process: asyncio.subprocess.Process, given: bytes) -> None:
    """Give it all of this to read, and then its end."""
    if process.stdin is not None:
        # A program that ends before it has read everything says why by its exit code.
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(given)
            await process.stdin.drain()
        process.stdin.close()


async def read(
    process: asyncio.subprocess.Process, stream: asyncio.StreamReader | None, longest: int
) -> bytes:
    """Everything; of one that says more than `longest` bytes a little more than that, and it is killed."""
    content = bytearray()
    while stream is not None and (chunk := await stream.read(CHUNK)):
        if len(content) > longest:
            _signal(process, signal.SIGKILL)
        else:
            content += chunk
    return bytes(content)


async def end(process: asyncio.subprocess.Process, *, grace: float) -> None:
    """Leave neither a process nor a pipe behind.

    A program whose children lead groups of their own has to end these itself: it is asked first, and killed when it
    has not ended after `grace` seconds; with 0 it is killed at once.
    """
    try:
        if grace and process.returncode is None:
            _signal(process, signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(grace):
                    await _drain(process)
    finally:  # who waits here may be cancelled once more
        _signal(process, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS):
            await _drain(process)


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """To the whole group that the program leads: git and ssh may be in it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def _drain(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    for stream in (process.stdout, process.stderr):
        while stream is not None and await stream.read(CHUNK):
            pass
    await process.wait()
