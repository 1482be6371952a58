"""DELETE of a VM: asked before and again in the task, its volumes go, and everything that refers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox import removal
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.images import free
from setpoint_lab.proxmox.qemu import options
from setpoint_lab.proxmox.qemu.config_calls import requested_vm, skips_lock
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import owner
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.config import Config
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.world import World

DESTROY_SECONDS = 0.3


@route("DELETE", "/nodes/{node}/qemu/{vmid}")
async def delete(call: Call) -> object:
    """Destroy a VM that does not run."""
    skip, purge = skips_lock(call), call.flag("purge")
    orphans = call.flag("destroy-unreferenced-disks")
    vm = requested_vm(call)
    _check(vm, purge=purge)

    async def work(worker: Worker) -> None:
        async with worker.holding(vm):
            _check(vm, purge=purge)
            if not skip:
                vm.check_lock()
            config = vm.load()
            _check_bases(worker.world, config)
            vm.write(config)
            await worker.sleep(DESTROY_SECONDS)
            _free_volumes(worker, vm, config, orphans=orphans)
            if purge:
                worker.log(f"purging VM {vm.vmid} from related configurations..")
            removal.forget(worker.world, vm.vmid, purge=purge)

    return fork(call, "qmdestroy", work)


def _check(vm: Vm, *, purge: bool) -> None:
    if vm.load().current.get("protection") == "1":
        raise ApiError.internal(f"can't remove VM {vm.vmid} - protection mode enabled")
    removal.check(vm.world, vm, purge=purge)
    if vm.machine is not None:
        raise ApiError.internal(f"VM {vm.vmid} is running - destroy failed")


def _check_bases(world: World, config: Config) -> None:
    """Raise when a linked clone rests on one of the template's volumes."""
    if config.current.get("template") != "1":
        return
    for drive in drives(config.current):
        base = drive.file.partition(":")[2]
        if any(volume.name.startswith(f"{base}/") or volume.parent == base for volume in world.volumes):
            raise ApiError.internal(f"base volume '{drive.file}' is still in use by linked cloned")


def _free_volumes(worker: Worker, vm: Vm, config: Config, *, orphans: bool) -> None:
    files = [drive.file for drive in drives(config.current | config.pending)]
    for values in config.snapshots.values():
        files += [drive.file for drive in drives(values)] + [
            values[key] for key in ("vmstate",) if key in values
        ]
    files += [value for key, value in config.current.items() if options.is_unused(key)]
    if orphans:
        files += [
            volume.volid for volume in worker.world.volumes.of_guest(vm.vmid) if volume.content == "images"
        ]
    for file in dict.fromkeys(files):
        if owner(worker.world, file) == vm.vmid:
            free(worker, file)
