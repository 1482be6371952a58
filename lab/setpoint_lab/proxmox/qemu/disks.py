"""Volumes of a VM: made from an order to allocate, found when they exist, kept as unused, and destroyed."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.qemu.drives import Drive, drives
from setpoint_lab.proxmox.qemu.names import disk_number, owner, storage_named, storage_of
from setpoint_lab.proxmox.volumes import Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.qemu.config import Section
    from setpoint_lab.proxmox.qemu.worker import Worker
    from setpoint_lab.proxmox.volumes import Storage
    from setpoint_lab.proxmox.world import World

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
CLOUDINIT_SIZE = 4 * MIB
TPM_SIZE = 4 * MIB
EFI_SIZES = {"2m": 128 * KIB, "4m": 528 * KIB}
UNUSED_COUNT = 256
ALLOCATE_SECONDS = 0.1
COPY_SECONDS = 2.0
DEVICE_WAITS = {False: 10, True: 300}
"""Seconds that a request and a worker wait for a block device to appear."""


def allocate(
    worker: Worker, storage: Storage, vmid: int, size: int, form: str | None = None, name: str | None = None
) -> Volume:
    """Make a volume of `size` bytes for the VM; without a `name` it gets the lowest free number of the storage.

    Raises:
        ApiError: the storage is not there for the node, or cannot hold that format.
    """
    if storage.disabled:
        raise ApiError.internal(f"storage '{storage.id}' is disabled")
    if not storage.available_on(worker.node):
        raise ApiError.internal(f"storage '{storage.id}' is not available on node '{worker.node}'")
    form = form or "raw"
    if storage.path is None and form != "raw":
        place = (
            " at /usr/share/perl5/PVE/Storage/ZFSPoolPlugin.pm line 292." if storage.type == "zfspool" else ""
        )
        raise ApiError.internal(f"unsupported format '{form}'{place}")
    name = name or f"vm-{vmid}-disk-{free_number(worker.world, storage, vmid)}"
    if storage.path is not None:
        name = f"{vmid}/{name}.{form}"
    real = math.ceil(size / MIB) * MIB if storage.type == "zfspool" else size
    ctime = int(worker.world.clock.now()) if storage.path is not None else None
    volume = Volume(f"{storage.id}:{name}", worker.node, "images", form, real, vmid, ctime=ctime)
    return worker.world.volumes.add(volume)


def free_number(world: World, storage: Storage, vmid: int) -> int:
    """The lowest number that no disk of the VM has on the storage."""
    taken = {disk_number(volume.volid, vmid) for volume in world.volumes.on(storage.id)}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def free(worker: Worker, volid: str) -> None:
    """Destroy a volume; one that is gone already is no error."""
    volume = worker.world.volumes.find(volid, worker.node)
    if volume is not None:
        worker.world.volumes.remove(volume)


async def make(worker: Worker, vmid: int, values: Mapping[str, str], taken: Section) -> dict[str, str]:
    """Give every drive among `values` its volume and real size; when one fails, what was made is freed again.

    `taken` are the drives that the VM has already.
    """
    made: list[str] = []
    result: dict[str, str] = {}
    try:
        for drive in drives(values):
            result[drive.key] = str(await _make_one(worker, vmid, drive, taken, made))
    except (ApiError, TaskError):
        for volid in made:
            free(worker, volid)
        raise
    return result


async def _make_one(worker: Worker, vmid: int, drive: Drive, taken: Section, made: list[str]) -> Drive:
    if drive.file in {"none", "cdrom"}:
        return drive.changed()
    if drive.file.endswith(":cloudinit"):
        return _announce(worker, _make_cloudinit(worker, vmid, drive, taken, made))
    order = drive.allocation
    if order is not None:
        await worker.sleep(ALLOCATE_SECONDS)
        return _announce(worker, await _make_new(worker, vmid, drive, order, made))
    volume = await existing(worker, drive.file)
    return drive.changed("format", size=volume.size)


def _announce(worker: Worker, drive: Drive) -> Drive:
    worker.log(f"{drive.key}: successfully created disk '{drive}'")
    return drive


def _make_cloudinit(worker: Worker, vmid: int, drive: Drive, taken: Section, made: list[str]) -> Drive:
    other = next((held for held in drives(taken) if held.is_cloudinit and held.key != drive.key), None)
    if other is not None:
        raise ApiError.internal(f"{drive.key} - cloud-init drive is already attached at '{other.key}'")
    storage = storage_of(worker.world, drive.file)
    form = drive.properties.get("format") or ("qcow2" if storage.path is not None else "raw")
    volume = allocate(worker, storage, vmid, CLOUDINIT_SIZE, form, f"vm-{vmid}-cloudinit")
    made.append(volume.volid)
    return drive.changed("format", file=volume.volid, media="cdrom")


async def _make_new(
    worker: Worker, vmid: int, drive: Drive, order: tuple[str, float], made: list[str]
) -> Drive:
    name, gib = order
    storage = storage_named(worker.world, name)
    source = drive.properties.get("import-from")
    size = math.ceil(gib * GIB / KIB) * KIB
    form = drive.properties.get("format")
    if source is not None:
        size = (await existing(worker, source)).size
        worker.log(f"create full clone of drive {drive.key} ({source})")
    elif drive.key == "tpmstate0":
        size, form = TPM_SIZE, "raw"
    elif drive.key == "efidisk0":
        size = EFI_SIZES[drive.properties.get("efitype", "2m")]
    volume = allocate(worker, storage, vmid, size, form)
    made.append(volume.volid)
    if source is not None:
        await _copy(worker, volume)
    elif storage.path is not None:
        worker.log(formatting(storage, volume))
    if drive.key == "efidisk0":
        size = volume.size
    return drive.changed("format", "import-from", file=volume.volid, size=size)


async def _copy(worker: Worker, volume: Volume) -> None:
    storage = storage_of(worker.world, volume.volid)
    if storage.path is not None:
        worker.log(formatting(storage, volume))
    worker.log(f"allocated target volume '{volume.volid}'")
    await copy_progress(worker, volume.size)


async def copy_progress(worker: Worker, size: int) -> None:
    """Take the time of a copy and say so."""
    whole = f"{size / GIB:.1f} GiB"
    worker.log(f"transferred 0.0 B of {whole} (0.00%)")
    await worker.sleep(COPY_SECONDS)
    worker.log(f"transferred {whole} of {whole} (100.00%)")


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
    volume = worker.world.volumes.find(file, None if storage.shared else worker.node)
    if volume is not None and file not in worker.world.missing_devices:
        return volume
    if storage.path is not None:
        raise ApiError.internal(f"volume '{file}' does not exist")
    seconds = DEVICE_WAITS[worker.forked]
    await worker.sleep(seconds)
    name = file.partition(":")[2]
    raise ApiError.internal(f"timeout: no zvol device link for '{name}' found after {seconds} sec.")


def keep_unused(worker: Worker, vmid: int, values: Section, drive: Drive) -> None:
    """Note a detached drive's volume as unused; a cloud-init image is destroyed instead, a foreign one forgotten."""
    if drive.is_cloudinit:
        free(worker, drive.file)
    elif not drive.is_cdrom and owner(worker.world, drive.file) == vmid:
        add_unused(values, drive.file)


def add_unused(values: Section, volid: str) -> None:
    """Note a volume under the lowest free `unusedN`, once."""
    slots = [f"unused{number}" for number in range(UNUSED_COUNT)]
    if volid in (values.get(slot) for slot in slots):
        return
    slot = next((slot for slot in slots if slot not in values), None)
    if slot is None:
        raise ApiError.internal("Too many unused volumes - please delete them first.")
    values[slot] = volid


def destroy(worker: Worker, vmid: int, values: Section, drive: Drive) -> None:
    """Destroy the volume of a drive that is being removed, when it is the VM's own and nothing else holds it."""
    if drive.is_cdrom and not drive.is_cloudinit:
        return
    if owner(worker.world, drive.file) != vmid:
        return
    worker.call.require(f"/storage/{drive.file.partition(':')[0]}", "Datastore.AllocateSpace")
    holders = [held.key for held in drives(values) if held.file == drive.file and held.key != drive.key]
    if holders:
        raise ApiError.internal(f"unable to delete '{drive.file}' - volume is still in use (snapshot?)")
    free(worker, drive.file)
