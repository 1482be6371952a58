"""What happens to VMs from outside the API: their lock is held or taken away, or the machine dies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.proxmox.events import lab_event
from setpoint_lab.proxmox.qemu.guest import Vm

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

GRACE_SECONDS = 1.0


@lab_event("guest_lock_held")
async def hold_lock(world: World, spec: Mapping[str, Any]) -> None:
    """Another process holds the VM's lock for more than `longer_than_s` seconds."""
    _vm(world, spec).flock.until = world.clock.now() + float(spec["longer_than_s"]) + GRACE_SECONDS


@lab_event("guest_dies")
async def die(world: World, spec: Mapping[str, Any]) -> None:
    """The VM's process ends by itself; what is pending stays so until the next start."""
    _vm(world, spec).machine = None


def _vm(world: World, spec: Mapping[str, Any]) -> Vm:
    found = world.guests.get(int(spec["vmid"]))
    if not isinstance(found, Vm):
        raise KeyError(f"no VM {spec['vmid']}")
    return found
