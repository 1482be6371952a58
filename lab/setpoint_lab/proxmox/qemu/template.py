"""Turning a VM into a template, and what its disks can do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.images import existing, rename
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import base_name, is_base, storage_of
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.world import World

_SNAPSHOT_TYPES = frozenset({"zfspool", "zfs", "lvmthin", "rbd"})


@route("POST", "/nodes/{node}/qemu/{vmid}/template")
async def make_template(call: Call) -> object:
    """Rename the disks to bases and mark the VM; there is no way back."""
    vm = requested_vm(call)
    vm.check_lock()
    if vm.load().snapshots:
        raise ApiError.internal("unable to create template, because VM contains snapshots")
    if vm.template:
        raise ApiError.internal("you can't convert a template to a template")
    if vm.machine is not None:
        raise ApiError.internal("you can't convert a VM to template if VM is running")

    async def work(worker: Worker) -> None:
        async with worker.holding(vm):
            await _convert(worker, vm)

    return fork(call, "qmtemplate", work)


@route("GET", "/nodes/{node}/qemu/{vmid}/feature")
async def has_feature(call: Call) -> object:
    """Whether every disk can be copied, cloned or snapshotted, and on which nodes."""
    vm = requested_vm(call)
    files = [drive.file for drive in drives(vm.load().current) if not drive.is_cdrom]
    able = all(_can(call.world, file, call.text("feature")) for file in files)
    shared = all(storage_of(call.world, file).shared for file in files)
    return {"hasFeature": int(able), "nodes": sorted(call.world.nodes) if shared else [vm.node]}


def can_snapshot(world: World, file: str) -> bool:
    """Whether a disk's storage can keep snapshots of it."""
    storage = storage_of(world, file)
    return file.endswith(".qcow2") if storage.path is not None else storage.type in _SNAPSHOT_TYPES


def _can(world: World, file: str, feature: str) -> bool:
    match feature:
        case "clone":
            return is_base(file)
        case "snapshot":
            return can_snapshot(world, file)
        case _:
            return True


async def _convert(worker: Worker, vm: Vm) -> None:
    config = vm.load()
    for drive in drives(config.current):
        if drive.is_cdrom or drive.volume is None:
            continue
        volume = await existing(worker, drive.volume)
        file = rename(worker, volume, base_name(volume, vm.vmid))
        config.current[drive.key] = str(drive.changed(file=file, size=drive.size))
    config.current["template"] = "1"
    vm.write(config)
