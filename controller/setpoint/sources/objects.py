"""One conversation with git about what a mirror holds: a commit, its trees and what changed, from one process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from setpoint.model.errors import SourceError
from setpoint.sources.faults import condense
from setpoint.sources.mirror import MirrorDamagedError
from setpoint.sources.process import AnswerTooLongError, Git

_HEADER_WORDS = 3
_LAST_WORDS = 1.0


@dataclass(frozen=True, slots=True)
class Object:
    """An object of git's: its id, its type (`commit`, `tree`, `blob`) and its content."""

    id: str
    type: str
    content: bytes


class Conversation:
    """Asks one `git cat-file --batch`, which begins with the first question, or before it. Used by one task at a time."""

    def __init__(self, git: Git) -> None:
        """Prepare; nothing is started yet."""
        self._git = git
        self._opening: asyncio.Task[asyncio.subprocess.Process] | None = None

    def begin(self) -> None:
        """Start git beside what goes on now, which may bring the objects that are asked for: it sees them all the same."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._git.start("cat-file", "--batch"))

    async def read(self, name: str, kind: str, longest: int | None = None) -> Object:
        """The object that a name without blanks stands for.

        Args:
            name: an id, or a ref.
            kind: the type that it must be of.
            longest: how many bytes it may have; what is longer ends the conversation.

        Raises:
            MirrorDamagedError: there is none, or one of another type.
            AnswerTooLongError: it is longer.
            SourceError: git is missing, or hangs.
        """
        self.begin()
        assert self._opening is not None  # noqa: S101  # just begun
        try:
            async with asyncio.timeout(self._git.local.total_seconds()):
                found = await self._ask(
                    await self._opening, name, min(longest or self._git.longest, self._git.longest)
                )
        except TimeoutError:
            raise SourceError(
                f"git cat-file gave no answer within {self._git.local.total_seconds():g} s and was stopped",
                remedy="see whether the disk under the state directory answers",
            ) from None
        if found.type != kind:
            raise MirrorDamagedError(f"{name} is a {found.type}, and no {kind}")
        return found

    async def _ask(self, process: asyncio.subprocess.Process, name: str, longest: int) -> Object:
        assert process.stdin is not None  # noqa: S101  # all three are pipes
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(f"{name}\n".encode())
            await process.stdin.drain()
            words = (await process.stdout.readline()).decode(errors="replace").split()
            if len(words) != _HEADER_WORDS:
                raise MirrorDamagedError(" ".join(words) or await _last_words(process))
            size = int(words[2])
            if size > longest:
                raise AnswerTooLongError(
                    f"{name} has {size} bytes; {longest} are read at most",
                    remedy="keep the declarations in a repository of their own",
                )
            content = await process.stdout.readexactly(size + 1)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise MirrorDamagedError(await _last_words(process)) from None
        return Object(words[0], words[1], content[:-1])

    async def close(self) -> None:
        """Leave no process behind."""
        if self._opening is None:
            return
        try:
            process = await self._opening
        except SourceError:
            return  # Whoever asked was told; if nobody did, nobody needs to know.
        await self._git.end(process)


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """Why it ended."""
    assert process.stderr is not None  # noqa: S101  # a pipe
    try:
        async with asyncio.timeout(_LAST_WORDS):
            errors = (await process.stderr.read(1 << 16)).decode(errors="replace")
    except TimeoutError:
        errors = ""
    return condense(errors) or "git cat-file ended"


@asynccontextmanager
async def conversation(git: Git) -> AsyncGenerator[Conversation]:
    """For the length of the block."""
    made = Conversation(git)
    try:
        yield made
    finally:
        await made.close()
