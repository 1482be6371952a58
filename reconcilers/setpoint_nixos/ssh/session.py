"""What is held open to one host: commands over one connection, made when it is needed and again when it was lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import asyncssh
from asyncssh.constants import OPEN_REQUEST_SESSION_FAILED

from setpoint.model.errors import BusyError, OutcomeUnknownError, RefusalError, TargetError, TransportError
from setpoint.model.kind import Gate
from setpoint.model.printable import brief
from setpoint_nixos.ssh.access import Access
from setpoint_nixos.ssh.channel import Channel
from setpoint_nixos.ssh.failures import lost, told
from setpoint_nixos.ssh.link import Link, Patience, connect
from setpoint_nixos.ssh.process import Process, ending

TOGETHER: Final = 8
"""Commands over one connection at once: sshd allows ten (MaxSessions), and a look whether it is alive is one, too."""
LIMIT: Final = 8 * 1024 * 1024
"""Bytes that a command may print on either of its streams."""


@dataclass(frozen=True)
class Completed:
    """A command that ended.

    Attributes:
        status: its exit status; the negative number of the signal that killed it.
    """

    status: int
    out: bytes
    err: bytes


class _TooMuchError(Exception):
    """A command printed more than it may."""


class Session:
    """One host, over one connection.

    Every call passes the gate and raises as the tree of errors says: TransportError when nothing was done, RefusalError
    when the host refuses us or shows another host key (`failures.HostKeyError`). The text of a command goes to the
    user's shell as it is; a command that leaves something running has to take its streams from it, or it does not end.
    """

    def __init__(self, access: Access, gate: Gate, patience: Patience | None = None) -> None:
        self.access = access
        self._gate = gate
        self._patience = patience or Patience()
        self._link: Link | None = None
        self._entering = asyncio.Lock()
        self._places = asyncio.Semaphore(TOGETHER)
        self._farewells: set[asyncio.Task[object]] = set()

    @property
    def host_key(self) -> str:
        """The key that the host shows; as declared while nobody was there yet."""
        return self.access.host_key if self._link is None else self._link.host_key

    def fresh(self) -> Session:
        """Another one to the same host, which makes a connection of its own; whoever asked for it closes it."""
        return Session(self.access, self._gate, self._patience)

    async def close(self) -> None:
        """Give the connection back; what still runs over it is cut off."""
        await asyncio.gather(*self._farewells)
        link, self._link = self._link, None
        if link is not None:
            await link.close()

    async def run(
        self,
        command: str,
        *,
        stdin: bytes = b"",
        timeout: float,  # noqa: ASYNC109  # what is overdue is ended on the host, too
        writes: bool = False,
        limit: int = LIMIT,
    ) -> Completed:
        """Run a command to its end; whatever status it ends with is an answer.

        Args:
            command: for the user's shell.
            stdin: all that it reads.
            timeout: seconds from its beginning; then it is ended.
            writes: whether it may change anything, so that it must not be repeated when its end was not seen.
            limit: bytes that it may print on either stream.

        Raises:
            TransportError: it was not begun; or it only reads, and the connection was lost.
            OutcomeUnknownError: it writes, and its end was not seen.
            BusyError: it only reads, and did not end in time on a host that is otherwise there.
            RefusalError: the host refuses us, or too much was printed.
        """
        async with self._places, self._gate.using(writes=writes):
            link, process = await self._begin(command, writes=writes)
            try:
                async with asyncio.timeout(timeout):
                    return await _carry(process, stdin, limit)
            except TimeoutError:
                alive = await self._end(link, process)
                raise self._overdue(command, timeout, alive=alive, writes=writes) from None
            except (OSError, asyncssh.Error) as error:
                raise lost(error, self.access, command, writes=writes) from error
            except _TooMuchError:
                raise self._talkative(command, limit, writes=writes) from None
            finally:
                self._leave(link, process)

    @asynccontextmanager
    async def open(self, command: str) -> AsyncGenerator[Channel]:
        """A command whose streams are read and written as it runs, to the end of the block; it may change anything.

        The gate is passed for the beginning of the command only. Raises as `run` does, before the block.
        """
        async with self._places:
            async with self._gate.using(writes=True):
                link, process = await self._begin(command, writes=True)
            try:
                async with Channel.over(process, self.access, command) as channel:
                    yield channel
            finally:
                self._leave(link, process)

    async def _begin(self, command: str, *, writes: bool) -> tuple[Link, Process]:
        """A link and a command over it; over a new link when the one that there was proves to be dead."""
        link = await self._linked()
        again = link.used
        try:
            return link, await self._process(link, command, writes=writes)
        except TransportError:
            if not again or link.open:
                raise
        link = await self._linked()
        return link, await self._process(link, command, writes=writes)

    async def _process(self, link: Link, command: str, *, writes: bool) -> Process:
        beginning = asyncio.create_task(link.begin(command))
        try:
            async with asyncio.timeout(self._patience.answer):
                return await asyncio.shield(beginning)
        except asyncio.CancelledError:
            self._later(self._end_begun(link, beginning))  # it may run already, and nobody would know of it
            raise
        except asyncssh.ChannelOpenError as error:
            raise self._unopened(error, link, command, writes=writes) from error
        except (OSError, asyncssh.Error) as error:  # a TimeoutError is an OSError
            link.abort()
            await asyncio.gather(beginning, return_exceptions=True)
            raise lost(error, self.access, command, writes=writes) from error

    def _unopened(
        self, error: asyncssh.ChannelOpenError, link: Link, command: str, *, writes: bool
    ) -> TargetError:
        if not link.open:
            asked = error.code == OPEN_REQUEST_SESSION_FAILED
            return lost(error, self.access, command, writes=writes and asked)
        return BusyError(
            f"{self.access} takes no more commands on this connection: {told(error)}",
            remedy=f"set MaxSessions of its sshd to {TOGETHER + 2} or more, and let the user run commands",
        )

    async def _linked(self) -> Link:
        async with self._entering:
            if self._link is None or not self._link.open:
                if self._link is not None:
                    self._link.abort()
                self._link = await connect(self.access, self._patience)
            return self._link

    async def _end(self, link: Link, process: Process) -> bool:
        """End a command that goes on, and tell whether its host still answers; the link is cut when it does not."""
        try:
            async with asyncio.timeout(self._patience.answer):
                await process.find_group()
                process.leave()
                ending_it = await link.begin(ending(process.group))
                await ending_it.wait()
        except (OSError, asyncssh.Error):
            link.abort()
        finally:
            process.leave()
        return link.open

    def _leave(self, link: Link, process: Process) -> None:
        """Let nothing go on that nobody waits for, without waiting for that here: the caller may be cancelled."""
        if process.running:
            self._later(self._end(link, process))

    def _later(self, farewell: Coroutine[None, None, object]) -> None:
        task = asyncio.create_task(farewell)
        self._farewells.add(task)
        task.add_done_callback(self._farewells.discard)

    async def _end_begun(self, link: Link, beginning: asyncio.Task[Process]) -> None:
        await asyncio.wait((beginning,), timeout=self._patience.answer)
        if not beginning.done():
            link.abort()
        with suppress(OSError, asyncssh.Error):
            await self._end(link, await beginning)

    def _overdue(self, command: str, timeout: float, *, alive: bool, writes: bool) -> TargetError:
        sentence = f"'{brief(command, 80)}' on {self.access} did not end within {timeout:g} s"
        if writes:
            return OutcomeUnknownError(sentence)
        return BusyError(sentence) if alive else TransportError(f"{sentence}, and the host is silent")

    def _talkative(self, command: str, limit: int, *, writes: bool) -> TargetError:
        sentence = f"'{brief(command, 80)}' on {self.access} printed more than {limit} bytes and was ended"
        return OutcomeUnknownError(sentence) if writes else RefusalError(sentence)


async def _carry(process: Process, stdin: bytes, limit: int) -> Completed:
    tasks = (
        asyncio.create_task(_all(process.out, limit)),
        asyncio.create_task(_all(process.err, limit)),
        asyncio.create_task(_feed(process, stdin)),
    )
    try:
        out, err, _ = await asyncio.gather(*tasks)
        await process.wait()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    if process.status is None:
        raise asyncssh.ConnectionLost("it ended without telling how")
    return Completed(process.status, out, err)


async def _feed(process: Process, stdin: bytes) -> None:
    """A command need not read all that it is given."""
    with suppress(OSError):
        await process.feed(stdin)
        process.end()


async def _all(read: Callable[[], Awaitable[bytes]], limit: int) -> bytes:
    found = bytearray()
    while chunk := await read():
        found += chunk
        if len(found) > limit:
            raise _TooMuchError
    return bytes(found)
