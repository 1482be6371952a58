"""Volumes of a container: made from an order to allocate, kept as unused when nothing mounts them, and destroyed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_values import add_unused
from setpoint_lab.proxmox.images import claim, formatting, free, lookup
from setpoint_lab.proxmox.lxc.mounts import mounts
from setpoint_lab.proxmox.volume_names import owner, parse_name, storage_named, storage_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from setpoint_lab.proxmox.config_file import ConfigFile
    from setpoint_lab.proxmox.lxc.container import Container
    from setpoint_lab.proxmox.lxc.mounts import Mount
    from setpoint_lab.proxmox.volumes import Volume
    from setpoint_lab.proxmox.worker import Worker

KIB = 1 << 10
GIB = 1 << 30
ALLOCATE_SECONDS = 0.1
_FOLDER_TYPES = frozenset({"subvol"})


async def make(worker: Worker, vmid: int, values: Mapping[str, str], made: list[str]) -> dict[str, str]:
    """Give every mount point among `values` its volume and real size; when one fails, what was made is freed.

    `made` gets the ids of the new volumes.
    """
    result: dict[str, str] = {}
    try:
        for mount in mounts(values):
            result[mount.key] = str(await _make_one(worker, vmid, mount, made))
    except (ApiError, TaskError):
        discard(worker, made)
        raise
    return result


async def _make_one(worker: Worker, vmid: int, mount: Mount, made: list[str]) -> Mount:
    order = mount.allocation
    if order is None:
        volume = lookup(worker, mount.source) if mount.kind == "volume" else None
        return mount.changed(size=mount.size if volume is None else volume.size)
    await worker.sleep(ALLOCATE_SECONDS)
    storage = storage_named(worker.world, order[0])
    volume = await claim(worker, storage, vmid, math.ceil(order[1] * GIB / KIB) * KIB)
    made.append(volume.volid)
    if storage.path is not None:
        worker.log(formatting(storage, volume))
    if volume.format not in _FOLDER_TYPES:
        blocks = volume.size // (4 * KIB)
        worker.log(f"Creating filesystem with {blocks} 4k blocks and {blocks // 4} inodes")
    return mount.changed(volume=volume.volid, size=volume.size)


def discard(worker: Worker, volids: Iterable[str]) -> None:
    """Destroy volumes that were made in vain."""
    for volid in volids:
        free(worker, volid)


def existing(worker: Worker, volid: str) -> Volume:
    """The volume that a mount point names.

    Raises:
        ApiError: its name cannot be read, or there is none.
    """
    storage = storage_of(worker.world, volid)
    parse_name(storage, volid.partition(":")[2])
    found = lookup(worker, volid)
    if found is None or volid in worker.world.missing_devices:
        raise ApiError.internal(f"volume '{volid}' does not exist")
    return found


def in_use(config: ConfigFile, volid: str) -> bool:
    """Whether a mount point of the container, of its snapshots or a pending one holds the volume."""
    sections = (config.current, config.pending, *config.snapshots.values())
    return any(mount.source == volid for values in sections for mount in mounts(values))


def keep_unused(config: ConfigFile, mount: Mount | None) -> None:
    """Note the volume of a mount point that is gone from the config as unused, unless it is mounted elsewhere."""
    if mount is not None and mount.volume is not None and not _mounted(config, mount.volume):
        add_unused(config.current, mount.volume)


def _mounted(config: ConfigFile, volid: str) -> bool:
    return any(
        mount.source == volid for values in (config.current, config.pending) for mount in mounts(values)
    )


def destroy_unused(worker: Worker, container: Container, config: ConfigFile, key: str) -> None:
    """Destroy the volume that an `unusedN` names, when it is the container's own and nothing else holds it."""
    volid = config.current[key]
    if owner(worker.world, volid) == container.vmid and not in_use(config, volid):
        free(worker, volid)


def volumes_of(values: Mapping[str, str]) -> list[tuple[Mount, str]]:
    """The mount points that hold a volume, each with its id."""
    return [(mount, mount.volume) for mount in mounts(values) if mount.volume is not None]
