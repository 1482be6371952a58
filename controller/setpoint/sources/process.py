"""The one place that starts git: never asks, never runs hooks, never outlives its time, never fills the memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from setpoint import programs
from setpoint.model.errors import SourceError
from setpoint.sources.credentials import Remote

NETWORK_TIMEOUT = timedelta(minutes=5)
"""For what talks to the remote; enough for the first clone of a large repository."""

LOCAL_TIMEOUT = timedelta(seconds=60)
"""For what only reads the mirror."""

ANSWER_LIMIT = 256 << 20
"""Bytes that one command may answer; a repository that needs more is not an estate."""

_OPTIONS = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "fetch.recurseSubmodules=false",
    "-c", "gc.autoDetach=false",
    "-c", "maintenance.autoDetach=false",
    "-c", "http.lowSpeedLimit=1000",
    "-c", "http.lowSpeedTime=30",
)  # fmt: skip
"""No program of anybody else is run, and nothing goes on after git has ended."""

_FORCED = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}

_KEPT = ("GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "GIT_SSL_", "GIT_PROXY_", "GIT_CONFIG_")
"""The user's own ways to reach and trust a remote; all else that begins with GIT_ could point git elsewhere."""

_DROPPED = ("SSH_ASKPASS", "DISPLAY", "GIT_CONFIG_PARAMETERS")


class AnswerTooLongError(SourceError):
    """A command answers more than it may."""


@dataclass(frozen=True)
class Answer:
    """How a command ended; `errors` is its standard error as text."""

    code: int
    output: bytes
    errors: str


@dataclass(frozen=True)
class Git:
    """Runs git on one repository.

    Attributes:
        directory: of the bare repository.
        network: how long a command that talks to the remote may take.
        local: how long any other command may take.
        longest: bytes that one command may answer.
    """

    directory: Path
    network: timedelta = NETWORK_TIMEOUT
    local: timedelta = LOCAL_TIMEOUT
    longest: int = ANSWER_LIMIT

    async def ask(self, *arguments: str, given: bytes = b"") -> Answer:
        """Run what stays on this host.

        Raises:
            SourceError: git is missing, hangs, or answers too much.
        """
        return await self._run(arguments, given, self.local, environment(os.environ))

    async def ask_remote(self, command: tuple[str, ...], url: str, *refspecs: str) -> Answer:
        """Run what talks to the remote at `url`.

        Raises:
            SourceError: as `ask`.
        """
        remote = Remote.parse(url)
        arguments = (*command, "--", remote.url, *refspecs)
        answer = await self._run(arguments, b"", self.network, remote.known_to(environment(os.environ)))
        return replace(answer, errors=remote.hushed(answer.errors))

    async def start(self, *arguments: str) -> asyncio.subprocess.Process:
        """Start what stays on this host, to be spoken to; whoever does that bounds the time, and calls `end`.

        Raises:
            SourceError: git is missing.
        """
        return await self._start(arguments, environment(os.environ))

    async def end(self, process: asyncio.subprocess.Process) -> None:
        """Stop what was started, if it has not ended, and leave nothing of it behind."""
        await programs.end(process, grace=0)

    async def _run(
        self, arguments: tuple[str, ...], given: bytes, limit: timedelta, env: dict[str, str]
    ) -> Answer:
        process = await self._start(arguments, env)
        try:
            async with asyncio.timeout(limit.total_seconds()):
                answer = await _talk(process, given, self.longest)
        except TimeoutError:
            raise SourceError(
                f"git {arguments[0]} did not end within {limit.total_seconds():g} s and was stopped",
                remedy="see whether the remote answers, with git ls-remote as the user of the daemon",
            ) from None
        finally:
            await programs.end(process, grace=0)
        if max(len(answer.output), len(answer.errors)) > self.longest:
            raise AnswerTooLongError(
                f"git {arguments[0]} answers more than {self.longest} bytes",
                remedy="keep the declarations in a repository of their own",
            )
        return answer

    async def _start(self, arguments: tuple[str, ...], env: dict[str, str]) -> asyncio.subprocess.Process:
        command = ("git", *_OPTIONS, f"--git-dir={self.directory}", *arguments)
        try:
            return await programs.start(command, env)
        except OSError as error:
            raise SourceError(
                f"git cannot be started: {error.strerror}", remedy="install git for the user of the daemon"
            ) from error


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """What git is told by its environment."""
    kept = {
        name: value
        for name, value in inherited.items()
        if name not in _DROPPED and (not name.startswith("GIT_") or name.startswith(_KEPT))
    }
    return kept | _FORCED


async def _talk(process: asyncio.subprocess.Process, given: bytes, longest: int) -> Answer:
    """Write and read at the same time: a pipe that nobody empties would stop git for ever."""
    async with asyncio.TaskGroup() as group:
        group.create_task(programs.write(process, given))
        output = group.create_task(programs.read(process, process.stdout, longest))
        errors = group.create_task(programs.read(process, process.stderr, longest))
    code = await process.wait()
    return Answer(code, output.result(), errors.result().decode(errors="replace"))
