"""What happens to guests from outside the API: their lock is held or taken away, or they die.

A kind of guest that can suffer this has `flock`, `put_lock`, `unlock` and `die`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from setpoint_lab.proxmox.events import lab_event

if TYPE_CHECKING:
    from setpoint_lab.proxmox.flock import Flock
    from setpoint_lab.proxmox.world import World

GRACE_SECONDS = 1.0
HELD_SECONDS = 10.0
"""How long a guest's lock is held when nothing is said: those that wait for it give up."""


@runtime_checkable
class Mortal(Protocol):
    """A guest with a config file and a process."""

    flock: Flock

    def put_lock(self, lock: str) -> None:
        """Bear a lock in the config."""
        ...

    def unlock(self, lock: str | None = None) -> None:
        """Lose the lock in the config, only this one when one is named."""
        ...

    def die(self) -> None:
        """Stop without anyone's doing."""
        ...


@runtime_checkable
class Movable(Protocol):
    """A guest whose config can lie on another node from one moment to the next."""

    node: str

    def die(self) -> None:
        """Stop without anyone's doing."""
        ...


def _movable(guest: object) -> Movable:
    if not isinstance(guest, Movable):
        raise KeyError("a guest of this kind stays where it is")
    return guest


@lab_event("guest_moves")
async def move(world: World, spec: Mapping[str, Any]) -> None:
    """`{"vmid": n, "node": name}`: somebody has moved the guest, running or not, with what lies on its node alone."""
    vmid, target = int(spec["vmid"]), world.nodes[str(spec["node"])].name
    guest = _movable(world.guests[vmid])
    for volume in world.volumes.of_guest(vmid):
        storage = world.storages.get(volume.storage)
        if storage is not None and not storage.shared and volume.node == guest.node:
            volume.node = target
    guest.node = target
    world.effects.note("guest_moved", vmid, target)
    world.changed()


@lab_event("guest_lock_held")
async def hold_lock(world: World, spec: Mapping[str, Any]) -> None:
    """`{"vmid": n, "longer_than_s"?: s}`: another process holds the guest's lock for more than so many seconds.

    With `"lock": "backup"` it is the lock in the config instead, which stays until it is taken away.
    """
    guest = _guest(world, spec)
    if "lock" in spec:
        guest.put_lock(str(spec["lock"]))
        world.mending.append(lambda: guest.unlock(str(spec["lock"])))
    else:
        guest.flock.until = world.clock.now() + float(spec.get("longer_than_s", HELD_SECONDS)) + GRACE_SECONDS


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
