"""The one place that starts Nix on this machine: bounded in time, memory and words, and gone when nobody waits for it."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from setpoint import programs
from setpoint.model.errors import RefusalError
from setpoint_nixos.nix.failures import MissingError, OverdueError
from setpoint_nixos.nix.lines import Lines
from setpoint_nixos.nix.read import plain

_STATE: Final = Path("/nix/var/nix")
_LONGEST_ANSWER: Final = 64 << 20
_KEPT_ERRORS: Final = 1 << 18
_GRACE: Final = 3.0
"""Seconds for Nix to end what it began: a builder leads a group of its own."""
_HEAP: Final = 88
"""Of a hundred parts of the memory of an evaluation, those for its heap; Nix counts neither its code nor its marks."""
_BUSY: Final = re.compile(r"SQLite database .* is busy")
_PAUSES: Final = (0.5, 2.0, 5.0)
"""Seconds before each further try."""


@dataclass(frozen=True)
class Bounds:
    """What a program may take: `time`, and the bytes of `memory` that an evaluation may use, Nix itself among them."""

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

    @property
    def by_daemon(self) -> bool:
        """Whether a daemon of this machine builds, whose programs see nothing of what we give ours; as Nix itself decides."""
        if self.store != "auto":
            return self.store == "daemon" or self.store.startswith("unix://")
        return not os.access(_STATE, os.R_OK | os.W_OK) and (_STATE / "daemon-socket/socket").exists()

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

        One that found the store's database busy is run again: some versions of Nix give up while another one opens it.

        Raises:
            MissingError: there is no such program.
            OverdueError: it did not end in its time.
            RefusalError: it answers more than anybody reads.
        """
        environment = self._environment(bounds) | dict(extra or {})
        try:
            async with asyncio.timeout(bounds.time.total_seconds()):
                for pause in _PAUSES:
                    ended = await self._once(command, environment, given, heard)
                    if not (ended.code and _BUSY.search(ended.errors)):
                        return ended
                    await asyncio.sleep(pause)
                return await self._once(command, environment, given, heard)
        except TimeoutError:
            raise OverdueError(
                f"{' '.join(command[:2])} did not end within {bounds.time} and was stopped",
                remedy="see what it waits for; nix-daemon and the forge may be busy",
            ) from None

    async def _once(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        given: bytes,
        heard: Callable[[str], None] | None,
    ) -> Ended:
        process = await self._start(command, environment)
        try:
            return await _talk(process, given, heard)
        finally:
            await programs.end(process, grace=_GRACE)

    def _environment(self, bounds: Bounds) -> dict[str, str]:
        # `--eval-store auto` and others look at NIX_REMOTE only when it is set, and make a store in /nix otherwise.
        ours = {} if self.store == "auto" else {"NIX_REMOTE": self.store}
        if bounds.memory is not None:
            ours["GC_MAXIMUM_HEAP_SIZE"] = str(bounds.memory * _HEAP // 100)
        return {**os.environ, **self.environment, **ours, "LC_ALL": "C", "NO_COLOR": "1", "TERM": "dumb"}

    async def _start(self, command: Sequence[str], env: Mapping[str, str]) -> asyncio.subprocess.Process:
        program = str(self.programs / command[0]) if self.programs is not None else command[0]
        try:
            return await programs.start((program, *command[1:]), env)
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
        group.create_task(programs.write(process, given))
        output = group.create_task(programs.read(process, process.stdout, _LONGEST_ANSWER))
        errors = group.create_task(_listen(process.stderr, heard))
    code = await process.wait()
    if len(output.result()) > _LONGEST_ANSWER:
        raise RefusalError(
            f"Nix answers more than {_LONGEST_ANSWER} bytes", remedy="see what the flake prints"
        )
    return Ended(code, output.result().decode(errors="replace"), plain(errors.result()))


async def _listen(stream: asyncio.StreamReader | None, heard: Callable[[str], None] | None) -> str:
    """Pass on whole lines, and keep the end."""
    kept, lines = bytearray(), Lines(heard)
    while stream is not None and (chunk := await stream.read(programs.CHUNK)):
        kept += chunk
        del kept[:-_KEPT_ERRORS]
        lines.take(chunk)
    lines.end()
    return kept.decode(errors="replace")
