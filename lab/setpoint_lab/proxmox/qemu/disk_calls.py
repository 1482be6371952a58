"""Resizing and moving of disks; all answer at once and do everything else in a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_values import add_unused
from setpoint_lab.proxmox.images import claim, copy_progress, existing, formatting, free
from setpoint_lab.proxmox.propstring import size_bytes
from setpoint_lab.proxmox.qemu.apply import parse_drive
from setpoint_lab.proxmox.qemu.config_calls import check_digest, requested_vm, skips_lock
from setpoint_lab.proxmox.qemu.drives import Drive
from setpoint_lab.proxmox.qemu.reassign import start_reassignment
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import storage_named
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.volumes import Volume

_ALIGNMENT = 1024


@route("PUT", "/nodes/{node}/qemu/{vmid}/resize")
async def resize(call: Call) -> object:
    """Grow a disk to a size, or by one when it begins with +."""
    skip = skips_lock(call)
    vm = requested_vm(call)
    key, size = call.text("disk"), call.text("size")

    async def work(worker: Worker) -> None:
        async with worker.holding(vm):
            check_digest(call, vm)
            if not skip:
                vm.check_lock()
            drive = _disk(vm, key)
            volume = await existing(worker, drive.file)
            await worker.sleep(call.world.pace.resize)
            _grow(vm, drive, volume, size)

    return fork(call, "resize", work)


@route("POST", "/nodes/{node}/qemu/{vmid}/move_disk")
async def move_disk(call: Call) -> object:
    """Copy a disk to another storage or format; the old volume becomes unused, or goes with `delete`."""
    vm = requested_vm(call)
    name, form = call.text_or_none("storage"), call.text_or_none("format")
    if call.text_or_none("target-vmid") is not None:
        return start_reassignment(call, vm)
    if name is None:
        text = "'storage' or 'target-vmid' is required"
        raise ApiError.parameters({"storage": text})
    call.require(f"/storage/{name}", "Datastore.AllocateSpace")
    check_digest(call, vm)
    vm.check_lock()
    drive = _disk(vm, call.text("disk"))
    old = call.world.volumes.find(drive.file, vm.node)
    if drive.file.partition(":")[0] == name and form in {None, old.format if old else None}:
        raise ApiError.internal("you can't move to the same storage with same format")
    if drive.is_cdrom:
        raise ApiError.internal("you can't move a cdrom")
    storage_named(call.world, name)
    held = [Drive.parse(drive.key, values.get(drive.key, "")) for values in vm.load().snapshots.values()]
    if call.flag("delete") and any(other is not None and other.file == drive.file for other in held):
        raise ApiError.internal("you can't move a disk with snapshots and delete the source")

    async def work(worker: Worker) -> None:
        async with worker.holding(vm):
            await _move(worker, vm, drive.key, name)

    return fork(call, "qmmove", work)


def _disk(vm: Vm, key: str) -> Drive:
    drive = parse_drive(vm.load().current, key)
    if drive is None:
        raise ApiError.internal(f"disk '{key}' does not exist")
    return drive


def _grow(vm: Vm, drive: Drive, volume: Volume, text: str) -> None:
    size = size_bytes(text.removeprefix("+")) or 0
    wanted = volume.size + size if text.startswith("+") else size
    wanted = -(-wanted // _ALIGNMENT) * _ALIGNMENT
    if wanted < volume.size:
        raise ApiError.internal("shrinking disks is not supported")
    volume.size = wanted
    config = vm.load()
    config.current[drive.key] = str(drive.changed(size=wanted))
    vm.write(config)


async def _move(worker: Worker, vm: Vm, key: str, name: str) -> None:
    call = worker.call
    drive, target = _disk(vm, key), storage_named(call.world, name)
    source = drive.file.partition(":")[0]
    worker.log(f"copying volume '{drive.file}' from current storage '{source}' to target storage '{name}'")
    volume = await existing(worker, drive.file)
    worker.log(f"create full clone of drive {key} ({drive.file})")
    form = call.text_or_none("format") or (volume.format if target.path is not None else None)
    copy = await claim(worker, target, vm.vmid, volume.size, form)
    if target.path is not None:
        worker.log(formatting(target, copy))
    worker.log(f"allocated target volume '{copy.volid}'")
    await copy_progress(worker, volume, target)
    config = vm.load()
    config.current[key] = str(drive.changed(file=copy.volid, size=copy.size))
    if call.flag("delete"):
        worker.log(f"removing source volume '{drive.file}' after successful copy")
        free(worker, drive.file)
    else:
        add_unused(config.current, drive.file)
    vm.write(config)
