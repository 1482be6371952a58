"""Troubles that stand until they are taken away: privileges lost, a daemon without a free worker, and `calm`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.clock import Background, in_background
from setpoint_lab.proxmox.acl import AclEntry, Kind
from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.proxmox.frozen import resume
from setpoint_lab.proxmox.guest_events import Mortal

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

Spec = Mapping[str, Any]


def _kind(ugid: str) -> Kind:
    if "!" in ugid:
        return "token"
    return "user" if "@" in ugid else "group"


@lab_event("acl_taken")
async def take_acl(world: World, spec: Spec) -> None:
    """`{"path": p, "ugid": user | token | group, "role"?: name}`: these entries are gone; `calm` brings them back."""
    path, ugid, role = str(spec["path"]), str(spec["ugid"]), spec.get("role", spec.get("roleid"))
    acl = world.access.acl
    taken = {
        entry: propagate
        for entry, propagate in acl.items()
        if (entry.path, entry.ugid) == (path, ugid) and role in {None, entry.role}
    }
    for entry in taken:
        world.access.revoke(entry)

    def give_back() -> None:
        acl.update(taken)
        world.access.changed()

    world.mending.append(give_back)


@lab_event("acl_given")
async def give_acl(world: World, spec: Spec) -> None:
    """`{"path": p, "ugid": user | token | group, "role": name, "propagate"?: bool}`: there is such an entry."""
    ugid, role = str(spec["ugid"]), str(spec.get("role") or spec["roleid"])
    entry = AclEntry(str(spec["path"]), _kind(ugid), ugid, role)
    world.access.grant(entry, propagate=bool(spec.get("propagate", True)))


@lab_event("daemon_busy")
async def occupy(world: World, spec: Spec) -> None:
    """`{"node"?: node, "seconds"?: s}`: all workers of pvedaemon are occupied, without end unless `seconds` is said.

    Protected calls queue; after 30 s they are answered with 596 and carried out all the same when a worker is free.
    """
    key = (str(spec.get("node", world.local)), "pvedaemon")
    world.frozen.setdefault(key, [])
    if "seconds" in spec:
        world.late.append(asyncio.create_task(_free_later(world, key, float(spec["seconds"]))))
        await asyncio.sleep(0)


async def _free_later(world: World, key: tuple[str, str], seconds: float) -> None:
    with in_background(Background()):
        await world.clock.sleep(seconds)
    await resume(world, key)


@lab_event("calm")
async def calm(world: World, _spec: Spec) -> None:
    """Take every standing trouble away: nodes, daemons, network, quorum, locks, answers, tasks, privileges."""
    world.interferences.clear()
    world.delays.clear()
    world.tasks.failures.clear()
    world.quorate = True
    for node in world.nodes.values():
        node.online, node.silent = True, False
        node.stopped.clear()
    for guest in world.guests.values():
        if isinstance(guest, Mortal):
            guest.flock.until = 0.0
    for mend in world.mending:
        mend()
    world.mending.clear()
    for key in list(world.frozen):
        await resume(world, key)
