"""One life of the daemon: from a start on what the disk holds to a stop, or to a kill at any moment that matters."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import suppress
from contextvars import Context, ContextVar, Token
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from setpoint.model.kind import Kind
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.sources.source import Source
from setpoint.store.store import Store

P = ParamSpec("P")
R = TypeVar("R")
PATIENCE = 300
"""Turns of the loop in which everything of a killed daemon is gone."""
_life: ContextVar[Life | None] = ContextVar("life", default=None)


def current() -> Life:
    """The life that the caller is part of."""
    life = _life.get()
    assert life is not None
    return life


def tasks_of_lives(loop: asyncio.AbstractEventLoop) -> None:
    """Let every task that a life makes, and every one that those make, be known to it."""

    def make(
        loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, Any], context: Context | None = None
    ) -> asyncio.Task[Any]:
        task = asyncio.Task(coro, loop=loop, context=context)
        life = _life.get() if context is None else context.get(_life)
        if life is not None:
            life.tasks.append(task)
        return task

    loop.set_task_factory(make)  # type: ignore[arg-type]


@dataclass(eq=False)
class Life:
    """A daemon that runs.

    Attributes:
        clock: its wall clock, which may jump.
        fuse: points that it passes before it is killed at one of them; None while nobody kills it.
        dead: nothing that it does reaches anybody any more.
        trouble: raised by writes to the store while its disk makes trouble.
    """

    number: int
    path: Path
    clock: Callable[[], float]
    dice: random.Random
    fuse: int | None = None
    dead: bool = False
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    never: asyncio.Event = field(default_factory=asyncio.Event)
    mistakes: list[str] = field(default_factory=list)
    where: str = ""
    store: Store = field(init=False)
    supervisor: Supervisor = field(init=False)
    _stop: asyncio.Event = field(default_factory=asyncio.Event)
    _run: asyncio.Task[None] | None = None
    _ids: int = 0
    _before: Token[Life | None] | None = None

    def begin(self, name: str, kinds: Mapping[str, Kind[Any, Any]], source: Source) -> None:
        """Open the database and start.

        Raises:
            StateError: the database cannot be used.
        """
        self.store = Store.open(self.path)
        ports = Ports(self.clock, self.dice.random, self._new_id)
        self.supervisor = Supervisor(Estate(name, kinds, self.store, Calls(self), ports), source)
        with self:
            self._run = asyncio.get_running_loop().create_task(self.supervisor.run(self._stop))
        self._run.add_done_callback(self._fell)

    def __enter__(self) -> None:
        """What begins in the block is part of this life."""
        self._before = _life.set(self)

    def __exit__(self, *_: object) -> None:
        assert self._before is not None
        _life.reset(self._before)

    @property
    def estate(self) -> Estate:
        """What it knows."""
        return self.supervisor.estate

    def point(self, where: str) -> None:
        """A moment at which a kill may come."""
        if self.fuse is None or self.dead:
            return
        self.fuse -= 1
        if self.fuse <= 0:
            self.die(where)

    def die(self, where: str) -> None:
        """From now on nothing that it does has an effect."""
        self.dead, self.where = True, where
        self.ended.set()

    async def order(self, what: Awaitable[R]) -> R:
        """What a person asks of the daemon; the answer, unless it dies first."""
        with self:
            asked = asyncio.ensure_future(what)
        gone = asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait((asked, gone), return_when=asyncio.FIRST_COMPLETED)
            if asked.done() and not asked.cancelled():
                return asked.result()
            raise ConnectionResetError("the daemon is gone")
        finally:
            gone.cancel()

    async def stop(self) -> None:
        """Stop in order."""
        self._stop.set()
        assert self._run is not None
        await asyncio.wait((self._run,), timeout=60)
        self.die("stopped")

    async def bury(self) -> None:
        """Drop every task of a life that has ended; none of their last words is heard."""
        for _ in range(PATIENCE):
            alive = [task for task in self.tasks if not task.done()]
            if not alive:
                break
            for task in alive:
                task.cancel()
            await asyncio.sleep(0)
        else:
            raise AssertionError(f"these do not end: {[task.get_name() for task in alive]}")
        for task in self.tasks:
            with suppress(asyncio.CancelledError):
                task.exception()  # Looked at, so that nobody is told of what the dead met.
        self.tasks.clear()
        self.store.close()

    def prune(self) -> None:
        """Forget the tasks that have ended."""
        self.tasks = [task for task in self.tasks if not task.done()]

    def _fell(self, run: asyncio.Task[None]) -> None:
        if not self.dead and not self._stop.is_set():
            why = "cancelled" if run.cancelled() else repr(run.exception())
            self.mistakes.append(f"the daemon ended by itself: {why}")
            self.die("fell")

    def _new_id(self) -> str:
        self._ids += 1
        return f"{self.number}-{self._ids}"


class Calls:
    """Calls of the store: in place, each of them a moment at which a kill may come, and now and then another's turn."""

    def __init__(self, life: Life) -> None:
        self._life = life

    async def call(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        life = self._life
        if life.dice.random() < 0.25:
            await asyncio.sleep(0)
        life.point(f"before {method.__name__}")
        await self._if_alive()
        result = method(*args, **kwargs)
        life.point(f"after {method.__name__}")
        await self._if_alive()
        return result

    async def close(self) -> None:
        """Nothing to end."""

    async def _if_alive(self) -> None:
        if self._life.dead:
            await self._life.never.wait()


def disk_full(store: Store) -> None:
    """Let the database not grow."""
    connection: sqlite3.Connection = store._db._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages}")


def disk_refuses(store: Store) -> None:
    """Let the database take no writes."""
    store._db._connection.execute("PRAGMA query_only = ON")


def disk_well(store: Store) -> None:
    """Let the database take writes again."""
    store._db._connection.execute("PRAGMA query_only = OFF")
    store._db._connection.execute("PRAGMA max_page_count = 1073741823")
