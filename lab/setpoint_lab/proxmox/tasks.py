"""Tasks: what a worker does after its request was answered, what it logged and how it ended; neighbour: `upid`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from setpoint_lab.clock import Background, in_background
from setpoint_lab.proxmox.errors import TaskError
from setpoint_lab.proxmox.upid import Upid

if TYPE_CHECKING:
    from setpoint_lab.clock import Clock
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.ledger import Ledger

FORK_SECONDS = 0.05
"""From the answer with the UPID to the first line of the body."""

FIRST_PID = 1500
KILLED = "unexpected status"

Body = Callable[["TaskLog"], Awaitable[None]]


class TaskLog:
    """What a worker prints; call it with a line."""

    def __init__(self) -> None:
        """Start empty."""
        self.lines: list[str] = []
        self.warnings = 0

    def __call__(self, text: str) -> None:
        """Print one line."""
        self.lines.append(text)

    def warn(self, text: str) -> None:
        """Print a warning; a task that succeeds with n of them ends as `WARNINGS: n`."""
        self.warnings += 1
        self.lines.append(f"WARN: {text}")


@dataclass(slots=True)
class Task:
    """One task; `exitstatus` and `endtime` are None while it runs.

    `ended_before` counts the tasks that had been started when it ended, -1 for one of the past; `forced` is
    the exitstatus that something from outside lets it end with.
    """

    upid: Upid
    log: TaskLog = field(default_factory=TaskLog)
    exitstatus: str | None = None
    endtime: int | None = None
    ended_before: int = -1
    forced: str | None = None
    mark: Background = field(default_factory=Background)
    worker: asyncio.Task[None] | None = None

    @property
    def running(self) -> bool:
        """Whether the worker lives."""
        return self.exitstatus is None


@dataclass(frozen=True, slots=True)
class Failure:
    """What lets tasks fail as soon as they sleep: those of one type, or all (None); `strike` says whether now."""

    exitstatus: str
    type: str | None
    strike: Callable[[], bool]

    def strikes(self, kind: str) -> bool:
        """Whether a task of that type is to fail."""
        return self.type in {None, kind} and self.strike()


class Tasks:
    """All tasks of all nodes, oldest first."""

    def __init__(self, clock: Clock, ledger: Ledger, *, first_pid: int = FIRST_PID) -> None:
        """Start without history."""
        self._clock = clock
        self._ledger = ledger
        self._next_pid = first_pid
        self.failures: list[Failure] = []
        self.all: list[Task] = []
        self._by_name: dict[str, Task] = {}

    def start(self, who: Call | str, node: str, kind: str, ident: str, body: Body) -> str:
        """Fork a worker that runs `body`; give its UPID.

        `body` may sleep on the clock. Its TaskError becomes the exitstatus; a stopped task raises
        TaskError("received interrupt") in the sleep, so cleaning up belongs into `except TaskError`, never
        into `finally`: a killed worker cleans up nothing.
        """
        owner = who if isinstance(who, str) else who.upid_user
        now = self._clock.now()
        self._next_pid += 2
        ticks = int((now % 10_000_000) * 100)
        upid = Upid(node, self._next_pid, ticks, int(now), kind, ident, owner)
        task = Task(upid, mark=Background(upid.pid, TaskError))
        failure = next((each for each in self.failures if each.strikes(kind)), None)
        if failure is not None:
            self.fail(task, failure.exitstatus)
        self.all.append(task)
        self._by_name[str(upid)] = task
        self._ledger.changed()
        task.worker = asyncio.get_running_loop().create_task(self._run(task, body))
        task.worker.add_done_callback(lambda worker: self._tell_mistake(task, worker))
        return str(task.upid)

    def restore(self, past: list[Task]) -> None:
        """Begin with these finished tasks; new ones get higher process numbers."""
        self.all = past
        self._by_name = {str(task.upid): task for task in past}
        self._next_pid = max((task.upid.pid for task in past), default=FIRST_PID)

    def find(self, upid: str) -> Task | None:
        """The task of that name."""
        return self._by_name.get(upid)

    def running(self) -> list[Task]:
        """The tasks whose worker lives."""
        return [task for task in self.all if task.running]

    def interrupt(self, task: Task) -> None:
        """End the worker as a TERM signal does: it may clean up."""
        task.mark.interrupted = True
        if task.worker is not None and task.mark.begun:
            task.worker.cancel()

    def kill(self, task: Task) -> None:
        """End the worker as a KILL signal does: what it had begun stays as it is."""
        self._end(task, KILLED)
        if task.worker is not None:
            task.worker.cancel()

    def fail(self, task: Task, exitstatus: str) -> None:
        """Let the worker clean up and end with `exitstatus`."""
        task.forced = exitstatus
        self.interrupt(task)

    async def _run(self, task: Task, body: Body) -> None:
        with in_background(task.mark):
            task.mark.begun = True
            self._end(task, await self._outcome(task, body))

    def _tell_mistake(self, task: Task, worker: asyncio.Task[None]) -> None:
        """End a task whose body broke, which is our mistake: it is told on the emulator's own error output."""
        mistake = None if worker.cancelled() else worker.exception()
        if mistake is not None:
            self._end(task, str(mistake))
            context = {"message": f"the body of {task.upid} broke", "exception": mistake, "task": worker}
            worker.get_loop().call_exception_handler(context)

    def _end(self, task: Task, status: str) -> None:
        if task.running:
            task.exitstatus = status
            task.endtime = int(self._clock.now())
            task.ended_before = len(self.all)

    async def _outcome(self, task: Task, body: Body) -> str:
        try:
            await self._fork(task.mark)
            await body(task.log)
        except TaskError as error:
            text = task.forced or str(error)
            task.log(f"TASK ERROR: {text}")
            return text.partition("\n")[0]
        except asyncio.CancelledError:
            return KILLED
        if task.log.warnings:
            task.log(f"TASK WARNINGS: {task.log.warnings}")
            return f"WARNINGS: {task.log.warnings}"
        task.log("TASK OK")
        return "OK"

    async def _fork(self, mark: Background) -> None:
        """Pass the time until the body begins; an interrupt in it reaches the body, which may have to clean up."""
        try:
            await self._clock.sleep(FORK_SECONDS)
        except TaskError:
            mark.interrupted = True
