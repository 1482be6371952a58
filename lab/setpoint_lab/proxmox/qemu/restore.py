"""A VM from a backup: POST of a new VM with `archive`; what fails on the way leaves a locked VM behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_values import new_uuid
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.images import claim, copying, free
from setpoint_lab.proxmox.qemu import nets, options
from setpoint_lab.proxmox.qemu.config import Config
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.qemu.guest import Vm, find_vm
from setpoint_lab.proxmox.qemu.power import launch
from setpoint_lab.proxmox.qemu.values import prepare, sent_options
from setpoint_lab.proxmox.volume_access import require_access
from setpoint_lab.proxmox.volume_names import owner, storage_named
from setpoint_lab.proxmox.volumes import volume_path
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from collections.abc import Callable

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.qemu.drives import Drive
    from setpoint_lab.proxmox.volumes import Storage, Volume

CLOUDINIT_BYTES = 4 << 20
_NOT_RESTORED = frozenset({"lock", "parent", "template", "vmstate"})


def restore(call: Call, pool: str | None, reserve: Callable[[str], Vm]) -> str:
    """Start the task that makes a VM as an archive holds it; `reserve` makes a locked VM, or raises with a complaint.

    Raises:
        ApiError: there is no such archive; the number is taken, and `force` not said or of no use.
    """
    vmid, node, failed = (
        call.integer("vmid"),
        call.text("node"),
        f"unable to restore VM {call.text('vmid')} -",
    )
    sent = sent_options(call)
    for key in filter(options.is_drive, sorted(sent)):
        raise ApiError.parameters({key: "option conflicts with option 'archive'"})
    storage, archive = _archive(call)
    old = find_vm(call.world, node, vmid) if call.flag("force") else None
    vm = reserve(failed) if old is None else _taken_over(old, failed)
    given = prepare(call, sent)

    async def work(worker: Worker) -> None:
        try:
            config = await _restored(worker, vm, archive, storage)
        except (ApiError, TaskError):
            worker.log(
                "error before or during data restore, some or all disks were not completely restored. "
                f"VM {vmid} state is NOT cleaned up."
            )
            raise
        vm.write(Config(config | given))
        if pool is not None and pool in call.world.pools:
            call.world.pools[pool].guests.add(vmid)
        if call.flag("start"):
            launch(call, vm)

    return fork(call, "qmrestore", work)


def _archive(call: Call) -> tuple[Storage, Volume]:
    volid, node = call.text("archive"), call.text("node")
    storage = usable_storage(call.world, volid.partition(":")[0], node)
    archive = call.world.volumes.find(volid, None if storage.shared else node)
    if archive is None:
        raise ApiError.internal(f"volume '{volid}' does not exist")
    require_access(call, archive, call.integer("vmid"))
    return storage, archive


def _taken_over(vm: Vm, failed: str) -> Vm:
    if vm.values.get("protection") == "1":
        raise ApiError.internal(f"{failed} - protection mode enabled")
    if vm.machine is not None:
        raise ApiError.internal(f"{failed} vm is running")
    vm.check_lock()
    return vm


async def _restored(worker: Worker, vm: Vm, archive: Volume, storage: Storage) -> Section:
    """The config that the archive holds, with disks of its own; those of the VM that was there before go first."""
    held = archive.text
    if held is None or not archive.name.startswith("backup/vzdump-qemu-"):
        path = volume_path(storage, archive)
        await worker.sleep(worker.world.pace.resize)
        raise TaskError(f"ERROR: file '{path}' does not look like a QemuServer vzdump backup")
    worker.log(f"restore vma archive: {volume_path(storage, archive)}")
    old = vm.load()
    for drive in drives(old.current):
        if owner(worker.world, drive.file) == vm.vmid:
            free(worker, drive.file)
    vm.write(Config({"lock": "create"}))
    found = {
        key: value
        for key, value in Config.parse(held).current.items()
        if key not in _NOT_RESTORED and not options.is_unused(key)
    }
    await _restore_disks(worker, vm, found)
    return _renewed(worker, found)


async def _restore_disks(worker: Worker, vm: Vm, found: Section) -> None:
    for drive in drives(found):
        if drive.is_cdrom and not drive.is_cloudinit:
            continue
        if drive.properties.get("backup") == "0":
            del found[drive.key]
            continue
        found[drive.key] = str(await _restore_disk(worker, vm, drive))


async def _restore_disk(worker: Worker, vm: Vm, drive: Drive) -> Drive:
    call = worker.call
    target = storage_named(worker.world, call.text("storage") or drive.file.partition(":")[0])
    call.require(f"/storage/{target.id}", "Datastore.AllocateSpace")
    form = drive.file.rpartition(".")[2] if target.path is not None and "." in drive.file else None
    if drive.is_cloudinit:
        volume = await claim(worker, target, vm.vmid, CLOUDINIT_BYTES, form, f"vm-{vm.vmid}-cloudinit")
        return drive.changed(file=volume.volid, size=drive.size)
    volume = await claim(worker, target, vm.vmid, drive.size or 0, form)
    worker.log(f"new volume ID is '{volume.volid}'")
    await copying(worker, target, volume.size)
    return drive.changed(file=volume.volid, size=volume.size)


def _renewed(worker: Worker, found: Section) -> Section:
    """What must not be the same twice is made anew: always the generation, with `unique` also cards and uuid."""
    world = worker.world
    if found.get("vmgenid", "0") != "0":
        found["vmgenid"] = new_uuid(world)
    if not worker.call.flag("unique"):
        return found
    for key in filter(options.is_net, list(found)):
        found[key] = nets.with_new_mac(found[key], world)
    if "smbios1" in found:
        rest = [part for part in found["smbios1"].split(",") if not part.startswith("uuid=")]
        found["smbios1"] = ",".join([*rest, f"uuid={new_uuid(world)}"])
    return found
