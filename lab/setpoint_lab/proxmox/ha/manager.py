"""The manager: every few seconds it holds each resource against what is wanted and starts, stops or moves its guest.

Simple: manager and agents are one, and take turns of ten seconds; a node that is off is fenced after two minutes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from setpoint_lab.clock import Background, in_background
from setpoint_lab.proxmox.access import ROOT
from setpoint_lab.proxmox.call import Call
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_events import Movable
from setpoint_lab.proxmox.ha.model import Command, Ha, Service, guest_of
from setpoint_lab.proxmox.ha.placement import another_node, best_nodes, should_move
from setpoint_lab.proxmox.routes import Handler

if TYPE_CHECKING:
    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.world import World

ROUND_SECONDS = 10.0
FENCE_SECONDS = 120.0
DEFAULT_TRIES = 1

PLAIN: dict[tuple[str, str], Handler] = {}
"""The handlers that act on guests themselves, where others would ask the manager."""


def wake(world: World) -> None:
    """Let the manager run, unless it does or there is nothing to look after."""
    ha = world.part(Ha)
    if ha.resources and (ha.daemon is None or ha.daemon.done()):
        ha.daemon = asyncio.get_running_loop().create_task(_run(world, ha))
        world.daemons.append(ha.daemon)


async def _run(world: World, ha: Ha) -> None:
    with in_background(Background()):
        while ha.resources:
            await world.clock.sleep(ROUND_SECONDS)
            await take_turn(world)


async def take_turn(world: World) -> None:
    """Look after every resource once; without quorum, or disarmed, nothing is done."""
    ha = world.part(Ha)
    if not world.quorate or not ha.armed:
        return
    for sid in list(ha.resources):
        guest = guest_of(world, sid)
        if guest is None or not ha.manages(sid):
            ha.services.pop(sid, None)
            continue
        service = ha.services.setdefault(sid, Service(guest.node))
        if not _waits(world, service):
            await _Turn(world, ha, sid, guest, service).take()


def _waits(world: World, service: Service) -> bool:
    """Whether a task that the manager began still runs; one that failed counts as an attempt."""
    task = world.tasks.find(service.task) if service.task is not None else None
    if task is not None and task.running:
        return True
    if task is not None and task.exitstatus != "OK":
        service.attempts += 1
    service.task = service.target = None
    return False


def _recover(guest: object, node: str) -> bool:
    """Let a guest, which is dead by now, be on another node; False for a kind that cannot."""
    if not isinstance(guest, Movable):
        return False
    guest.die()
    guest.node = node
    return True


class _Turn:
    """One look at one resource."""

    def __init__(self, world: World, ha: Ha, sid: str, guest: Guest, service: Service) -> None:
        self._world = world
        self._ha = ha
        self._sid = sid
        self._guest = guest
        self._service = service

    async def take(self) -> None:
        """Do the one thing that is due."""
        if not self._world.nodes[self._guest.node].online:
            self._miss()
            return
        service, wanted = self._service, self._ha.wanted(self._sid)
        service.since, service.node = None, self._guest.node
        if service.state == "error" and wanted != "disabled":
            return
        command = self._ha.commands.pop(self._sid, None)
        if command is not None and await self._obey(command):
            return
        if self._ha.wanted(self._sid) == "started":
            await self._keep_started()
        else:
            await self._keep_stopped()

    def _miss(self) -> None:
        """The node is off: fence it after a while, then let the guest be on another."""
        service, now = self._service, self._world.clock.now()
        if service.since is None:
            service.since = now
        if now - service.since < FENCE_SECONDS or self._ha.wanted(self._sid) == "disabled":
            service.state = "fence"
            return
        service.state = "recovery"
        target = another_node(self._world, self._ha, self._sid, self._guest.node)
        if target is not None and _recover(self._guest, target):
            service.node = target
            service.state, service.since, service.attempts = "started", None, 0
            self._world.effects.note("guest_moved", self._guest.vmid, target)
            self._world.changed()

    async def _obey(self, command: Command) -> bool:
        """Carry out a command; False when it changes nothing by itself."""
        if command.kind == "stop":
            self._ha.resources[self._sid]["state"] = "stopped"
            self._service.hard = command.hard
            return False
        target = self._world.nodes.get(command.node or "")
        if target is None or not target.online or target.name == self._guest.node:
            return False
        if command.kind == "relocate" and self._guest.status == "running":
            self._ha.commands[self._sid] = command
            await self._act("shutdown", forceStop=1)
            return True
        await self._move(target.name)
        return True

    async def _keep_started(self) -> None:
        service = self._service
        target = should_move(self._world, self._ha, self._sid, self._guest.node)
        if target is not None and service.attempts == 0:
            await self._move(target)
        elif self._guest.status == "running":
            service.state, service.attempts, service.relocations = "started", 0, 0
        elif not best_nodes(self._world, self._ha, self._sid):
            service.state = "recovery"
        elif service.attempts <= self._tries("max_restart"):
            service.state = "started"
            await self._act("start")
        else:
            await self._try_elsewhere()

    async def _try_elsewhere(self) -> None:
        service = self._service
        target = another_node(self._world, self._ha, self._sid, self._guest.node)
        if target is None or service.relocations >= self._tries("max_relocate"):
            service.state = "error"
            return
        service.relocations += 1
        service.attempts = 0
        await self._move(target)

    async def _keep_stopped(self) -> None:
        service = self._service
        if self._guest.status == "running":
            service.state = "request_stop"
            await (self._act("stop") if service.hard else self._act("shutdown", forceStop=1))
        else:
            service.state, service.hard, service.attempts, service.relocations = "stopped", False, 0, 0

    async def _move(self, target: str) -> None:
        running = self._guest.status == "running"
        self._service.state = "migrate" if running else "relocate"
        way = "restart" if self._guest.type == "lxc" else "online"
        self._service.target = target
        await self._do(f"{self._path}/migrate", target=target, **{way: int(running)})

    async def _act(self, action: str, **options: object) -> None:
        await self._do(f"{self._path}/status/{action}", **options)

    @property
    def _path(self) -> str:
        return f"/nodes/{{node}}/{self._guest.type}/{{vmid}}"

    def _tries(self, option: str) -> int:
        return int(str(self._ha.resources[self._sid].get(option, DEFAULT_TRIES)))

    async def _do(self, path: str, **options: object) -> None:
        """Ask for something as the node's own agent; what is refused counts as an attempt."""
        params = {"node": self._guest.node, "vmid": self._guest.vmid, **options}
        handler = PLAIN.get(("POST", path))
        if handler is None:
            return
        try:
            self._service.task = str(await handler(Call(self._world, "POST", path, params, ROOT)))
        except ApiError:
            self._service.attempts += 1
