"""Whoever carries out a change: the process that serves the request, or a worker that it forks for a task."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.configured import ConfiguredGuest
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.world import World


def _silent(_: str) -> None:
    """A request's own process prints into the void."""


@dataclass(frozen=True, slots=True)
class Worker:
    """`forked` is whether it runs a task: such a one waits longer, and what it prints is the task's log.

    A task that ends well after `warn` ends with warnings.
    """

    call: Call
    log: Callable[[str], None] = field(default=_silent)
    forked: bool = False
    warn: Callable[[str], None] = field(default=_silent)

    @property
    def world(self) -> World:
        """The world that it changes."""
        return self.call.world

    @property
    def node(self) -> str:
        """The node that it runs on."""
        return self.call.text("node")

    async def sleep(self, seconds: float) -> None:
        """Take time."""
        await self.world.clock.sleep(seconds)

    @asynccontextmanager
    async def holding(self, guest: ConfiguredGuest) -> AsyncGenerator[None]:
        """Hold the lock on the guest's config file in a block.

        Raises:
            ApiError: the wait took too long, or the guest went meanwhile.
        """
        async with guest.flock.hold(self.world.clock, self.log):
            guest.check_there(self.node)
            yield


Work = Callable[[Worker], Awaitable[None]]


def fork(call: Call, kind: str, work: Work, ident: str | None = None) -> str:
    """Start a task of the guest that carries out `work`; what would be an answer's error becomes its exitstatus."""

    async def body(log: TaskLog) -> None:
        try:
            await work(Worker(call, log, forked=True, warn=log.warn))
        except ApiError as error:
            raise TaskError(error_text(error)) from error

    return call.world.tasks.start(call, call.text("node"), kind, ident or str(call.integer("vmid")), body)


def error_text(error: ApiError) -> str:
    """An error as a worker dies of it, with the status before it when it is about parameters."""
    if not error.errors:
        return error.reason
    details = "".join(f"{key}: {text}\n" for key, text in sorted(error.errors.items()))
    return f"{error.status} {error.reason}\n{details}"
