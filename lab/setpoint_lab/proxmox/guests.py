"""What the core asks of a guest, and the table by which a kind of guest is read from a state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World


class Guest(Protocol):
    """A VM or container as lists show it."""

    @property
    def vmid(self) -> int:
        """Its number, unique in the cluster."""
        ...

    @property
    def type(self) -> str:
        """`qemu` or `lxc`."""
        ...

    @property
    def node(self) -> str:
        """Where its config lies."""
        ...

    @property
    def name(self) -> str:
        """Its name, `VM 100` or `CT 100` when it has none."""
        ...

    @property
    def status(self) -> str:
        """`running` or `stopped`."""
        ...

    @property
    def lock(self) -> str | None:
        """The lock in its config."""
        ...

    @property
    def tags(self) -> str | None:
        """Its tags as stored."""
        ...

    @property
    def template(self) -> bool:
        """Whether it is a template."""
        ...

    def summary(self) -> Mapping[str, object]:
        """The figures of one sample of the statistics daemon, with the keys of /cluster/resources.

        name, status, template, uptime, maxcpu, maxmem, maxdisk, cpu, mem, disk, netin, netout, diskread,
        diskwrite and so on; without vmid, node, id, type, lock, tags and pool.
        """
        ...

    def state(self) -> Mapping[str, object]:
        """The guest in the form in which a state gives it to its reader."""
        ...


GuestReader = Callable[["World", Mapping[str, object]], Guest]

READERS: dict[str, GuestReader] = {}


def guest_reader(kind: str) -> Callable[[GuestReader], GuestReader]:
    """Register the function that makes a guest of `kind` (`qemu`, `lxc`) from its entry in a state."""

    def register(reader: GuestReader) -> GuestReader:
        READERS[kind] = reader
        return reader

    return register


def check_quorum(world: World) -> None:
    """Raise when the cluster cannot be written to."""
    if not world.quorate:
        raise ApiError.internal("cluster not ready - no quorum?")


def number_taken(world: World, vmid: int) -> str | None:
    """What is said when a guest has that number already, on whatever node."""
    taken = world.guests.get(vmid)
    if taken is None:
        return None
    kind = "VM" if taken.type == "qemu" else "CT"
    return f"{kind} {vmid} already exists on node '{taken.node}'"
