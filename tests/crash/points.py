"""The moments at which a daemon can be killed: counted in one life, and one of them deadly in another.

Calls are counted where the client sends them and where it gives back the answer, journal writes where the database
commits, tasks where time begins to pass while one runs. All of it is hung in from outside, in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar, TypeVarTuple

from setpoint.store.database import Database, Value
from setpoint.testing.clock import VirtualLoop
from setpoint_proxmox.client import Client
from tests.rig.daemon import VirtualDaemon
from tests.rig.emulator import Plane

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
BEGUN = 0.2
"""Seconds of a task that pass before the daemon dies beside it: its worker has begun."""
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Phase(StrEnum):
    """What the daemon is about when it dies."""

    SEND = "before the call is sent"
    EFFECT = "after the effect, before the reply"
    REPLY = "after the reply, before the journal"
    WRITE = "before a journal write is committed"
    TASK = "while a task runs"


@dataclass(frozen=True, order=True)
class Point:
    """One moment: the `number`th call, journal write or task of a life, from 1."""

    phase: Phase
    number: int

    def __str__(self) -> str:
        return f"{self.phase.value} #{self.number}"


@dataclass
class Life:
    """Counts the moments that one process passes, and ends it at `deadly`.

    Attributes:
        passed: every moment, in order, with what it was about.
    """

    deadly: Point | None
    passed: list[tuple[Point, str]] = field(default_factory=list[tuple[Point, str]])
    calls: int = 0
    writes: int = 0
    tasks: int = 0
    fresh: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    def passes(self, phase: Phase, number: int, about: str) -> None:
        """Note a moment; the process ends here when it is the deadly one."""
        point = Point(phase, number)
        if point == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        self.passed.append((point, about))

    def sends(self, about: str) -> int:
        """A call begins; its number."""
        self.calls += 1
        return self.calls

    def commits(self, sql: str) -> None:
        """A write is about to be committed."""
        self.writes += 1
        self.passes(Phase.WRITE, self.writes, sql)

    def answers(self, answer: object) -> None:
        """A call gave `answer`; a UPID is a task that began."""
        if isinstance(answer, str) and answer.startswith("UPID:"):
            self.tasks += 1
            self.fresh.append((self.tasks, answer))

    def pass_time(self, plane: Plane, moment: float) -> float:
        """Time begins to pass; whatever task is new runs then."""
        for number, upid in self.fresh:
            if Point(Phase.TASK, number) == self.deadly:
                plane.pass_to(min(moment, plane.now() + BEGUN))
                ended = [task["upid"] for task in plane.get("state")["tasks"]]
                assert upid not in ended, f"{upid} ended too soon to die beside it"
            self.passes(Phase.TASK, number, upid)
        self.fresh.clear()
        return plane.pass_to(moment)


_call: ContextVar[tuple[int, str]] = ContextVar("call")


class MortalLoop(VirtualLoop):
    """Passes a moment before each call of the client is sent, and another before its reply is seen."""

    def __init__(self, life: Life, plane: Plane) -> None:
        super().__init__(plane.now(), lambda moment: life.pass_time(plane, moment))
        self._life = life

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        call = _call.get(None)
        if call is None:
            return super().run_in_executor(executor, func, *args)

        def counted() -> T:
            self._life.passes(Phase.SEND, *call)
            try:
                return func(*args)
            finally:
                self._life.passes(Phase.EFFECT, *call)

        return super().run_in_executor(executor, counted)


class MortalDaemon(VirtualDaemon):
    """A daemon whose every moment is counted."""

    life: Life

    def make_loop(self, plane: Plane) -> VirtualLoop:
        return MortalLoop(self.life, plane)


def hang_in(life: Life) -> None:
    """Count what the client and the database of this process do, until it ends."""
    for name in ("get", "post", "put", "delete", "upload"):
        if hasattr(Client, name):
            setattr(Client, name, _counted_call(life, name, getattr(Client, name)))
    rows = Database.rows

    def counted(self: Database, sql: str, parameters: Sequence[Value] = ()) -> list[tuple[Any, ...]]:
        alone = not self._connection.in_transaction and sql.lstrip().startswith(WRITES)  # pyright: ignore[reportPrivateUsage]  # who writes is counted, not asked
        if alone or sql == "COMMIT":
            life.commits(sql)
        return rows(self, sql, parameters)

    Database.rows = counted  # type: ignore[method-assign]


def _counted_call(life: Life, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    async def counted(self: Client, *path: Any, **params: Any) -> Any:
        about = f"{name.upper()} {'/'.join(str(part) for part in path)}"
        number = life.sends(about)
        token = _call.set((number, about))
        try:
            answer = await method(self, *path, **params)
            if name != "get":
                life.answers(answer)
        finally:
            _call.reset(token)
            life.passes(Phase.REPLY, number, about)
        return answer

    return counted
