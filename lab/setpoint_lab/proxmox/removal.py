"""What must be asked before a guest is destroyed and what goes with it; parts that know guests register here.

Neighbours: the destroy calls of VMs and containers, which call `check` at once and `forget` in their task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.world import World

Check = Callable[["World", "Guest", bool], None]
"""Raises ApiError when the guest may not go; the flag is `purge`."""

Forget = Callable[["World", int, bool], None]
"""Drops what refers to the guest; the flag is `purge`."""

CHECKS: list[Check] = []
FORGETS: list[Forget] = []


def check(world: World, guest: Guest, *, purge: bool) -> None:
    """Raise the first objection to destroying the guest."""
    for objection in CHECKS:
        objection(world, guest, purge)


def forget(world: World, vmid: int, *, purge: bool) -> None:
    """Remove the guest with its place in pools and in the access control list, and with what others registered."""
    for drop in FORGETS:
        drop(world, vmid, purge)
    for pool in world.pools.values():
        pool.guests.discard(vmid)
    world.access.forget_path(f"/vms/{vmid}")
    world.lose(vmid)
    world.changed()
