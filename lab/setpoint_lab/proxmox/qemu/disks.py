"""Disks of a VM: made from an order to allocate, kept as unused, and destroyed; neighbour: `images`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_values import add_unused
from setpoint_lab.proxmox.images import claim, copy_progress, existing, formatting, free
from setpoint_lab.proxmox.qemu.drives import Drive, drives
from setpoint_lab.proxmox.volume_names import owner, storage_named, storage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.volumes import Volume
    from setpoint_lab.proxmox.worker import Worker

KIB = 1 << 10
MIB = 1 << 20
GIB = 1 << 30
CLOUDINIT_SIZE = 4 * MIB
TPM_SIZE = 4 * MIB
EFI_SIZES = {"2m": 128 * KIB, "4m": 528 * KIB}
ALLOCATE_SECONDS = 0.1


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
        return _announce(worker, await _make_cloudinit(worker, vmid, drive, taken, made))
    order = drive.allocation
    if order is not None:
        await worker.sleep(ALLOCATE_SECONDS)
        return _announce(worker, await _make_new(worker, vmid, drive, order, made))
    volume = await existing(worker, drive.file)
    return drive.changed("format", size=volume.size)


def _announce(worker: Worker, drive: Drive) -> Drive:
    worker.log(f"{drive.key}: successfully created disk '{drive}'")
    return drive


async def _make_cloudinit(worker: Worker, vmid: int, drive: Drive, taken: Section, made: list[str]) -> Drive:
    other = next((held for held in drives(taken) if held.is_cloudinit and held.key != drive.key), None)
    if other is not None:
        raise ApiError.internal(f"{drive.key} - cloud-init drive is already attached at '{other.key}'")
    storage = storage_of(worker.world, drive.file)
    form = drive.properties.get("format") or ("qcow2" if storage.path is not None else "raw")
    volume = await claim(worker, storage, vmid, CLOUDINIT_SIZE, form, f"vm-{vmid}-cloudinit")
    made.append(volume.volid)
    return drive.changed("format", file=volume.volid, media="cdrom")


async def _make_new(
    worker: Worker, vmid: int, drive: Drive, order: tuple[str, float], made: list[str]
) -> Drive:
    storage = storage_named(worker.world, order[0])
    source = await _source(worker, drive)
    size = source.size if source is not None else _wanted_size(drive, order[1])
    form = "raw" if drive.key == "tpmstate0" else drive.properties.get("format")
    volume = await claim(worker, storage, vmid, size, form)
    made.append(volume.volid)
    if storage.path is not None:
        worker.log(formatting(storage, volume))
    if source is not None:
        worker.log(f"allocated target volume '{volume.volid}'")
        await copy_progress(worker, source, storage)
    real = volume.size if drive.key == "efidisk0" else size
    return drive.changed("format", "import-from", file=volume.volid, size=real)


async def _source(worker: Worker, drive: Drive) -> Volume | None:
    name = drive.properties.get("import-from")
    if name is None:
        return None
    source = await existing(worker, name)
    worker.log(f"create full clone of drive {drive.key} ({name})")
    return source


def _wanted_size(drive: Drive, gib: float) -> int:
    match drive.key:
        case "tpmstate0":
            return TPM_SIZE
        case "efidisk0":
            return EFI_SIZES[drive.properties.get("efitype", "2m")]
        case _:
            return math.ceil(gib * GIB / KIB) * KIB


def keep_unused(worker: Worker, vmid: int, values: Section, drive: Drive) -> None:
    """Note a detached drive's volume as unused; a cloud-init image is destroyed instead, a foreign one forgotten."""
    if drive.is_cloudinit:
        free(worker, drive.file)
    elif not drive.is_cdrom and owner(worker.world, drive.file) == vmid:
        add_unused(values, drive.file)


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
