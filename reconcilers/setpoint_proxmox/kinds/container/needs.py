"""What a container needs of the node that it is made on: storages and bridges."""

from __future__ import annotations

from setpoint_proxmox.guest.syntax import storage_of
from setpoint_proxmox.kinds.container.spec import ContainerSpec


def allocating(spec: ContainerSpec) -> frozenset[str]:
    """The storages on which something is made for a container."""
    volumes = [*spec.mount_points.values(), *([spec.rootfs] if spec.rootfs is not None else [])]
    copied = () if spec.clone is None or spec.clone.storage is None else (spec.clone.storage,)
    return frozenset((*(volume.storage for volume in volumes), *copied))


def reading(spec: ContainerSpec) -> frozenset[str]:
    """The storage with what a container is made from."""
    found = storage_of(spec.template or "")
    return frozenset([found] if found is not None else [])


def bridges(spec: ContainerSpec) -> frozenset[str]:
    """The bridges and vnets that it is connected to."""
    return frozenset(nic.bridge for nic in spec.nics.values())
