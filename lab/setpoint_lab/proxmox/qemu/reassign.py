"""Gives a disk of one VM to another: the volume is renamed, nothing is copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guest_permissions import require_guest
from setpoint_lab.proxmox.images import existing, free_number, rename
from setpoint_lab.proxmox.qemu import options
from setpoint_lab.proxmox.qemu.drives import Drive
from setpoint_lab.proxmox.qemu.guest import existing_vm
from setpoint_lab.proxmox.volume_names import next_name, storage_of
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.guest import Vm


def start_reassignment(call: Call, source: Vm) -> str:
    """Start the task that moves a disk, attached or unused, from one VM to another.

    Raises:
        ApiError: a VM is locked, the disk is not there, or its new place is taken.
    """
    key, vmid = call.text("disk"), call.integer("target-vmid")
    target_key = call.text("target-disk") or key
    target = existing_vm(call.world, source.node, vmid)
    require_guest(call, vmid, None, "VM.Config.Disk")
    for vm in (source, target):
        vm.check_lock()
    if target is source:
        text = "must be different than source VMID to reassign disk"
        raise ApiError.parameters({"target-vmid": text})
    volid = _volume(source, key)
    if target_key in target.load().current:
        raise ApiError.internal(f"Target disk key '{target_key}' is already in use for VM '{vmid}'")

    async def work(worker: Worker) -> None:
        worker.log(f"reassign disk '{key}' from VM '{source.vmid}' as '{target_key}' to VM '{vmid}'")
        async with worker.holding(source), worker.holding(target):
            await _reassign(worker, source, target, (key, target_key), volid)

    return fork(call, "qmmove", work, f"{source.vmid}-{key}>{vmid}-{target_key}")


def _volume(vm: Vm, key: str) -> str:
    value = vm.load().current.get(key)
    if value is None:
        raise ApiError.internal(f"Disk '{key}' for VM '{vm.vmid}' does not exist")
    drive = Drive.parse(key, value) if options.is_drive(key) else Drive(key, {"file": value})
    if drive is None or drive.volume is None or drive.is_cdrom:
        raise ApiError.internal("You can't reassign a cdrom" if drive else f"failed to parse disk '{key}'")
    if options.is_drive(key) and vm.machine is not None:
        raise ApiError.internal(f"Can't reassign disk used by a running VM, detach disk '{key}' first")
    return drive.volume


async def _reassign(worker: Worker, source: Vm, target: Vm, keys: tuple[str, str], volid: str) -> None:
    key, target_key = keys
    volume = await existing(worker, volid)
    worker.log(f"removing disk '{key}' from VM '{source.vmid}' config")
    config = source.load()
    config.current.pop(key, None)
    source.write(config)
    number = free_number(worker.world, storage_of(worker.world, volid), target.vmid)
    file = rename(worker, volume, next_name(volume, target.vmid, number), target.vmid)
    worker.log(f"update VM {target.vmid}: -{target_key} {file}")
    config = target.load()
    attached = Drive(target_key, {"file": file}, volume.size)
    config.current[target_key] = str(attached) if options.is_drive(target_key) else file
    target.write(config)
