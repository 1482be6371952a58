"""What happens to guests from outside the API: their lock is held or taken away, or they die.

A kind of guest that can suffer this has `flock`, `unlock` and `die`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from setpoint_lab.proxmox.events import lab_event

if TYPE_CHECKING:
    from setpoint_lab.proxmox.flock import Flock
    from setpoint_lab.proxmox.world import World

GRACE_SECONDS = 1.0


@runtime_checkable
class Mortal(Protocol):
    """A guest with a config file and a process."""

    flock: Flock

    def unlock(self) -> None:
        """Lose the lock in the config."""
        ...

    def die(self) -> None:
        """Stop without anyone's doing."""
        ...


@lab_event("guest_lock_held")
async def hold_lock(world: World, spec: Mapping[str, Any]) -> None:
    """Another process holds the guest's lock for more than `longer_than_s` seconds."""
    _guest(world, spec).flock.until = world.clock.now() + float(spec["longer_than_s"]) + GRACE_SECONDS


@lab_event("guest_unlock")
async def unlock(world: World, spec: Mapping[str, Any]) -> None:
    """Someone removes the lock from the config on the node itself."""
    _guest(world, spec).unlock()


@lab_event("guest_dies")
async def die(world: World, spec: Mapping[str, Any]) -> None:
    """The guest's process ends by itself; what is pending stays so until the next start."""
    _guest(world, spec).die()


def _guest(world: World, spec: Mapping[str, Any]) -> Mortal:
    found = world.guests.get(int(spec["vmid"]))
    if not isinstance(found, Mortal):
        raise KeyError(f"no guest {spec['vmid']}")
    return found
