"""Whoever carries out a change: the process that serves the request, or a worker that it forks for a task."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.qemu.guest import Vm, existing_vm

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.world import World


def _silent(_: str) -> None:
    """A request's own process prints into the void."""


@dataclass(frozen=True, slots=True)
class Worker:
    """`forked` is whether it runs a task: such a one waits longer, and what it prints is the task's log."""

    call: Call
    log: Callable[[str], None] = field(default=_silent)
    forked: bool = False

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
    async def holding(self, vm: Vm) -> AsyncGenerator[None]:
        """Hold the lock on the VM's config file in a block.

        Raises:
            ApiError: the wait took too long, or the VM went meanwhile.
        """
        async with vm.flock.hold(self.world.clock, self.log):
            existing_vm(self.world, self.node, vm.vmid)
            yield


Work = Callable[[Worker], Awaitable[None]]


def fork(call: Call, kind: str, work: Work, ident: str | None = None) -> str:
    """Start a task of the VM that carries out `work`; what would be an answer's error becomes its exitstatus."""

    async def body(log: TaskLog) -> None:
        try:
            await work(Worker(call, log, forked=True))
        except ApiError as error:
            raise TaskError(error_text(error)) from error

    return call.world.tasks.start(call, call.text("node"), kind, ident or str(call.integer("vmid")), body)


def error_text(error: ApiError) -> str:
    """An error as a worker dies of it, with the status before it when it is about parameters."""
    if not error.errors:
        return error.reason
    details = "".join(f"{key}: {text}\n" for key, text in sorted(error.errors.items()))
    return f"{error.status} {error.reason}\n{details}"
