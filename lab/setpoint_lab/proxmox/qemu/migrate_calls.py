"""Moving a VM to another node: whether it can, and the task that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_migration import (
    OFFLINE_SECONDS,
    Journal,
    requested_target,
    require_online,
    share_far,
)
from setpoint_lab.proxmox.images import copying
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.qemu.migration import LocalDisk, local_disks, local_resources, unavailable
from setpoint_lab.proxmox.qemu.power import set_lock
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import storage_named
from setpoint_lab.proxmox.volumes import Volume
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.guest import Vm

_MIGRATE = "/nodes/{node}/qemu/{vmid}/migrate"
ONLINE_SECONDS = 4.0

share_far("qemu", requested_vm)


@route("GET", _MIGRATE)
async def preconditions(call: Call) -> object:
    """Where the VM could go, and what ties it to its node."""
    vm = requested_vm(call)
    others = [name for name in call.world.nodes if name != vm.node]
    missing = {name: unavailable(call, vm, name) for name in others}
    return {
        "running": int(vm.machine is not None),
        "has-dbus-vmstate": 1,
        "allowed_nodes": sorted(name for name in others if not missing[name]),
        "not_allowed_nodes": {
            name: {"unavailable_storages": lacking} if lacking else {} for name, lacking in missing.items()
        },
        "local_disks": [disk.row() for disk in local_disks(call, vm)],
        "local_resources": local_resources(vm.load().current),
        "mapped-resources": [],
        "mapped-resource-info": {},
    }


@route("POST", _MIGRATE)
async def migrate(call: Call) -> object:
    """Move the VM; a running one only with `online`, its local disks only with `with-local-disks`."""
    target = requested_target(call)
    if call.flag("force") and not call.is_root:
        raise ApiError.parameters({"force": "Only root may use this option."})
    vm = requested_vm(call)
    vm.check_lock()
    if vm.machine is not None and not call.flag("online"):
        raise ApiError.internal("can't migrate running VM without --online")
    storage = call.text_or_none("targetstorage")
    if storage is not None and storage != "1":
        call.require(f"/storage/{storage}", "Datastore.AllocateSpace")
    lacking = unavailable(call, vm, target) if storage is None else []
    if lacking:
        raise ApiError.internal(f"storage '{lacking[0]}' is not available on node '{target}'")

    async def work(worker: Worker) -> None:
        await _Migration(worker, vm, target).run()

    return fork(call, "qmigrate", work)


class _Migration:
    """One migration as its task carries it out."""

    def __init__(self, worker: Worker, vm: Vm, target: str) -> None:
        self._worker = worker
        self._vm = vm
        self._target = target
        self._online = vm.machine is not None
        self._journal = Journal(worker)

    async def run(self) -> None:
        """Move disks, memory and config.

        Raises:
            TaskError: `migration aborted`; the VM is where it was, without the lock.
        """
        worker, vm = self._worker, self._vm
        async with worker.holding(vm):
            vm.check_lock()
            set_lock(vm, "migrate")
            self._journal.begin("VM", vm.vmid, self._target)
            try:
                await self._move()
            except (ApiError, TaskError) as error:
                aborted = self._journal.abort(error)
                set_lock(vm, None)
                raise aborted from error
        self._journal.end()

    async def _move(self) -> None:
        worker, vm = self._worker, self._vm
        require_online(worker, self._target)
        disks = local_disks(worker.call, vm)
        self._check(disks)
        copies = [await self._copy(disk) for disk in disks]
        await worker.sleep(ONLINE_SECONDS if self._online else OFFLINE_SECONDS)
        for old, new in zip(disks, copies, strict=True):
            worker.world.volumes.remove(old.volume)
            worker.world.volumes.add(new)
        vm.move(self._target)
        config = vm.load()
        config.current.pop("lock", None)
        for old, new in zip(disks, copies, strict=True):
            moved = old.drive.changed(file=new.volid, size=new.size)
            config.current[old.drive.key] = new.volid if old.unused else str(moved)
        vm.write(config)

    def _check(self, disks: list[LocalDisk]) -> None:
        """Raise when a disk cannot be copied this way."""
        for disk in disks:
            if disk.drive.is_cloudinit:
                self._journal.write(f"found generated disk '{disk.volume.volid}' (in current VM config)")
            elif disk.drive.is_cdrom:
                raise ApiError.internal(f"can't migrate local cdrom '{disk.volume.volid}'")
            else:
                where = "unused" if disk.unused else "attached"
                self._journal.write(f"found local disk '{disk.volume.volid}' ({where})")
                if self._online and not self._worker.call.flag("with-local-disks"):
                    text = "can't live migrate attached local disks without with-local-disks option"
                    raise ApiError.internal(text)

    async def _copy(self, disk: LocalDisk) -> Volume:
        """The volume on the other node, once it is complete; it is of the world only when everything is moved."""
        source = disk.volume
        name = self._worker.call.text("targetstorage", source.storage)
        storage = source.storage if name == "1" else name
        self._journal.write(f"copying local disk image '{source.volid}'")
        if not disk.drive.is_cloudinit:
            await copying(self._worker, storage_named(self._worker.world, storage), source.size)
        return Volume(
            f"{storage}:{source.name}", self._target, source.content, source.format, source.size, source.vmid
        )
