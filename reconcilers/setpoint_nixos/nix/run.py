"""The one place that starts Nix on this machine: bounded in time, memory and words, and gone when nobody waits for it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from setpoint.model.errors import RefusalError
from setpoint_nixos.nix.failures import MissingError, OverdueError
from setpoint_nixos.nix.read import plain

_CHUNK: Final = 1 << 16
_LONGEST_LINE: Final = 1 << 16
_LONGEST_ANSWER: Final = 64 << 20
_KEPT_ERRORS: Final = 1 << 18
_GRACE: Final = 3.0
_LAST_WORDS: Final = 5.0


@dataclass(frozen=True)
class Bounds:
    """What a program may take: `time`, and the bytes that an evaluation may use as its `memory`."""

    time: timedelta
    memory: int | None = None


@dataclass(frozen=True)
class Ended:
    """How a program ended; `errors` is the end of its standard error, without colours."""

    code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Nix:
    """Nix on this machine.

    Attributes:
        store: the store that is used, as NIX_REMOTE names it; `auto` is the machine's own.
        programs: the folder of the programs; None for those of the PATH.
        environment: what is added to ours.
    """

    store: str = "auto"
    programs: Path | None = None
    environment: Mapping[str, str] = field(default_factory=dict[str, str])

    async def run(
        self,
        command: Sequence[str],
        bounds: Bounds,
        *,
        heard: Callable[[str], None] | None = None,
        given: bytes = b"",
        extra: Mapping[str, str] | None = None,
    ) -> Ended:
        """Run a command; `heard` is told every line of its standard error as it comes.

        Raises:
            MissingError: there is no such program.
            OverdueError: it did not end in its time.
            RefusalError: it answers more than anybody reads.
        """
        process = await self._start(command, self._environment(bounds) | dict(extra or {}))
        try:
            async with asyncio.timeout(bounds.time.total_seconds()):
                return await _talk(process, given, heard)
        except TimeoutError:
            raise OverdueError(
                f"{' '.join(command[:2])} did not end within {bounds.time} and was stopped",
                remedy="allow it more time, or see what it waits for",
            ) from None
        finally:
            await _end(process)

    def _environment(self, bounds: Bounds) -> dict[str, str]:
        # `--eval-store auto` and others look at NIX_REMOTE only when it is set, and make a store in /nix otherwise.
        ours = {} if self.store == "auto" else {"NIX_REMOTE": self.store}
        if bounds.memory is not None:
            ours["GC_MAXIMUM_HEAP_SIZE"] = str(bounds.memory)
        return {**os.environ, **self.environment, **ours, "LC_ALL": "C", "NO_COLOR": "1", "TERM": "dumb"}

    async def _start(self, command: Sequence[str], env: Mapping[str, str]) -> asyncio.subprocess.Process:
        program = str(self.programs / command[0]) if self.programs is not None else command[0]
        try:
            return await asyncio.create_subprocess_exec(
                program, *command[1:],
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=env,
                cwd="/",
                start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise MissingError(
                f"{program} cannot be started: {error.strerror}",
                remedy="install Nix for the user of the daemon",
            ) from error


async def _talk(
    process: asyncio.subprocess.Process, given: bytes, heard: Callable[[str], None] | None
) -> Ended:
    """Write and read at the same time: a pipe that nobody empties would stop the program for ever."""
    async with asyncio.TaskGroup() as group:
        group.create_task(_write(process, given))
        output = group.create_task(_answer(process, process.stdout))
        errors = group.create_task(_listen(process.stderr, heard))
    code = await process.wait()
    return Ended(code, output.result().decode(errors="replace"), plain(errors.result()))


async def _write(process: asyncio.subprocess.Process, given: bytes) -> None:
    if process.stdin is not None:
        # A program that ends before it has read everything says why by its exit code.
        with suppress(BrokenPipeError, ConnectionResetError):
            process.stdin.write(given)
            await process.stdin.drain()
        process.stdin.close()


async def _answer(process: asyncio.subprocess.Process, stream: asyncio.StreamReader | None) -> bytes:
    content = bytearray()
    while stream is not None and (chunk := await stream.read(_CHUNK)):
        if len(content) <= _LONGEST_ANSWER:
            content += chunk
        else:
            _signal(process, signal.SIGKILL)
    if len(content) > _LONGEST_ANSWER:
        raise RefusalError(
            f"Nix answers more than {_LONGEST_ANSWER} bytes", remedy="see what the flake prints"
        )
    return bytes(content)


async def _listen(stream: asyncio.StreamReader | None, heard: Callable[[str], None] | None) -> str:
    """Pass on whole lines, and keep the end; a line without end is cut, not awaited."""
    kept, line = bytearray(), bytearray()
    while stream is not None and (chunk := await stream.read(_CHUNK)):
        kept += chunk
        del kept[:-_KEPT_ERRORS]
        line += chunk
        *whole, rest = line.split(b"\n")
        for each in whole:
            _pass_on(bytes(each), heard)
        line = bytearray(rest[:_LONGEST_LINE])
    if line:
        _pass_on(bytes(line), heard)
    return kept.decode(errors="replace")


def _pass_on(line: bytes, heard: Callable[[str], None] | None) -> None:
    if heard is not None:
        heard(line.decode(errors="replace"))


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    """To the whole group that the program leads: git and ssh are in it."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Leave neither a process nor a pipe behind.

    A builder leads a group of its own, which only Nix can end: it is asked first, and killed when it does not listen.
    """
    try:
        if process.returncode is None:
            _signal(process, signal.SIGTERM)
            with suppress(TimeoutError):
                async with asyncio.timeout(_GRACE):
                    await _drain(process)
    finally:  # who waits here may be cancelled once more
        _signal(process, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS):
            await _drain(process)


async def _drain(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    for stream in (process.stdout, process.stderr):
        while stream is not None and await stream.read(_CHUNK):
            pass
    await process.wait()
