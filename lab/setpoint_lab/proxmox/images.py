"""Volumes as storages make, find, copy and destroy them; neighbours: the disks of VMs, the mount points of containers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.volume_names import disk_number, storage_of
from setpoint_lab.proxmox.volumes import Volume

if TYPE_CHECKING:
    from collections.abc import Iterator

    from setpoint_lab.proxmox.volumes import Storage
    from setpoint_lab.proxmox.worker import Worker
    from setpoint_lab.proxmox.world import World

KIB = 1 << 10
MIB = 1 << 20
COPY_CHUNK = 2 * MIB
DEVICE_WAITS = {False: 10, True: 300}
"""Seconds that a request and a worker wait for a block device to appear."""


def allocate(
    worker: Worker,
    storage: Storage,
    vmid: int,
    size: int,
    form: str | None = None,
    name: str | None = None,
    *,
    base: Volume | None = None,
) -> Volume:
    """Make a volume of `size` bytes for the guest; without a `name` it gets the lowest free number of the storage.

    With `base` it rests on that volume and bears its name too.

    Raises:
        ApiError: the storage is not there for the node, or cannot hold that format.
    """
    if storage.disabled:
        raise ApiError.internal(f"storage '{storage.id}' is disabled")
    if not storage.available_on(worker.node):
        raise ApiError.internal(f"storage '{storage.id}' is not available on node '{worker.node}'")
    container = is_container(worker.world, vmid)
    dataset = container and storage.type == "zfspool"
    form = form or ("subvol" if dataset else "raw")
    if storage.path is None and form != ("subvol" if dataset else "raw"):
        place = (
            " at /usr/share/perl5/PVE/Storage/ZFSPoolPlugin.pm line 292." if storage.type == "zfspool" else ""
        )
        raise ApiError.internal(f"unsupported format '{form}'{place}")
    name = name or f"{'subvol' if dataset else 'vm'}-{vmid}-disk-{free_number(worker.world, storage, vmid)}"
    if storage.path is not None:
        name = f"{vmid}/{name}.{form}"
    real = math.ceil(size / MIB) * MIB if storage.type == "zfspool" else size
    ctime = int(worker.world.clock.now()) if storage.path is not None else None
    parent = base.name if base is not None else None
    name = f"{parent}/{name}" if parent is not None else name
    content = "rootdir" if container else "images"
    volume = Volume(f"{storage.id}:{name}", worker.node, content, form, real, vmid, parent, ctime)
    return worker.world.volumes.add(volume)


def is_container(world: World, vmid: int) -> bool:
    """Whether the guest of that number is a container, whose volumes are folders where a storage has such."""
    guest = world.guests.get(vmid)
    return guest is not None and guest.type == "lxc"


def free_number(world: World, storage: Storage, vmid: int) -> int:
    """The lowest number that no disk of the VM has on the storage."""
    taken = {disk_number(volume.volid, vmid) for volume in world.volumes.on(storage.id)}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def lookup(worker: Worker, volid: str) -> Volume | None:
    """The volume of that id that the worker's node can reach."""
    storage = worker.world.storages.get(volid.partition(":")[0])
    shared = storage is not None and storage.shared
    return worker.world.volumes.find(volid, None if shared else worker.node)


def rename(worker: Worker, volume: Volume, name: str, vmid: int | None = None) -> str:
    """Give a volume another name on its storage, and another guest with `vmid`; its new id."""
    worker.world.volumes.rename(volume, f"{volume.storage}:{name}", volume.vmid if vmid is None else vmid)
    return volume.volid


def free(worker: Worker, volid: str) -> None:
    """Destroy a volume; one that is gone already is no error."""
    volume = lookup(worker, volid)
    if volume is not None:
        worker.world.volumes.remove(volume)


async def claim(
    worker: Worker,
    storage: Storage,
    vmid: int,
    size: int,
    form: str | None = None,
    name: str | None = None,
    *,
    base: Volume | None = None,
) -> Volume:
    """Make a volume as `allocate` does, under the lock of its storage.

    Raises:
        ApiError: as `allocate`, or the lock was waited for in vain.
    """
    seconds = worker.world.pace.allocate
    if not seconds:
        return allocate(worker, storage, vmid, size, form, name, base=base)
    lock = worker.world.traffic.lock(storage, worker.node)
    async with lock.hold(worker.world.clock, worker.log):
        await worker.sleep(seconds)
        return allocate(worker, storage, vmid, size, form, name, base=base)


async def copy_progress(worker: Worker, source: Volume, target: Storage) -> None:
    """Take the time of a copy and say how far it is."""
    lines = list(progress(source.size, sparse=source.format != "raw"))
    for line in lines[:-1]:
        worker.log(line)
    await copying(worker, target, source.size)
    worker.log(lines[-1])


async def copying(worker: Worker, target: Storage, size: int) -> None:
    """Take the time of a copy onto a storage."""
    world = worker.world
    if world.pace.rate is None:
        await worker.sleep(world.pace.copy)
    else:
        await world.traffic.copy(world.clock, target, worker.node, size, world.pace.rate)


def progress(size: int, *, sparse: bool) -> Iterator[str]:
    """What the copying tool prints: each percent that it passes, in steps of its chunks, and the end twice.

    A file that holds nothing yet (`sparse`) is done at once.
    """
    yield _progress_line(size, 0.0)
    step = math.ceil(size / 100 / COPY_CHUNK) * COPY_CHUNK
    for done in range(size if sparse else step, size, step or 1):
        yield _progress_line(size, 100 * done / size)
    yield _progress_line(size, 100.0)
    yield _progress_line(size, 100.0)


def _progress_line(size: int, percent: float) -> str:
    rounded = round(percent, 2)
    return f"transferred {_bytes(size * rounded / 100)} of {_bytes(size)} ({rounded:.2f}%)"


def _bytes(size: float) -> str:
    unit = "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if size < KIB:
            break
        size, unit = size / KIB, larger
    return f"{size:.1f} {unit}"


def formatting(storage: Storage, volume: Volume) -> str:
    """What the image tool prints when it makes a file."""
    path = f"{storage.path}/images/{volume.name}"
    if volume.format == "qcow2":
        return (
            f"Formatting '{path}', fmt=qcow2 cluster_size=65536 extended_l2=off preallocation=metadata "
            f"compression_type=zlib size={volume.size} lazy_refcounts=off refcount_bits=16"
        )
    return f"Formatting '{path}', fmt={volume.format} size={volume.size}"


async def existing(worker: Worker, file: str) -> Volume:
    """The volume that a drive names, after waiting for its device.

    Raises:
        ApiError: there is none.
    """
    if file.startswith("/"):
        raise ApiError.internal(f"volume {file} does not exist")
    storage = storage_of(worker.world, file)
    volume = lookup(worker, file)
    if volume is not None and file not in worker.world.missing_devices:
        return volume
    if storage.path is not None:
        raise ApiError.internal(f"volume '{file}' does not exist")
    seconds = DEVICE_WAITS[worker.forked]
    await worker.sleep(seconds)
    name = file.partition(":")[2]
    raise ApiError.internal(f"timeout: no zvol device link for '{name}' found after {seconds} sec.")
