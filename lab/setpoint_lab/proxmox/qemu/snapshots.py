"""Taking, rolling back and removing snapshots: what each does to a config; neighbour: `snapshot_calls`, its calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_snapshots import SNAPSHOT_SECONDS, find_snapshot, require_latest, take_out
from setpoint_lab.proxmox.guest_values import add_unused, new_uuid
from setpoint_lab.proxmox.images import claim, free, lookup
from setpoint_lab.proxmox.qemu import options
from setpoint_lab.proxmox.qemu.drives import drives
from setpoint_lab.proxmox.qemu.figures import memory
from setpoint_lab.proxmox.qemu.power import set_lock
from setpoint_lab.proxmox.qemu.template import can_snapshot
from setpoint_lab.proxmox.volume_names import storage_of

if TYPE_CHECKING:
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.qemu.config import Config
    from setpoint_lab.proxmox.qemu.drives import Drive
    from setpoint_lab.proxmox.qemu.guest import Vm
    from setpoint_lab.proxmox.worker import Worker

STATE_OVERHEAD = 500 << 20
"""Bytes that the saved state of a machine needs beyond twice its memory."""

_NOT_COPIED = frozenset({"snapstate", "snaptime", "vmstate", "lock", "description"})
_MIB = 1 << 20


async def take(worker: Worker, vm: Vm, name: str, description: str | None, *, with_memory: bool) -> None:
    """Take a snapshot; when that fails there is none.

    Raises:
        ApiError: the VM is a template or locked, the name is used, or a disk cannot do it.
    """
    async with worker.holding(vm):
        _prepare(worker, vm, name, description)
    try:
        state = await _save_memory(worker, vm, name) if with_memory and vm.machine is not None else {}
        for drive in _disks(vm.load().current):
            worker.log(f"snapshotting 'drive-{drive.key}' ({drive.file})")
        await worker.sleep(SNAPSHOT_SECONDS)
    except (ApiError, TaskError):
        worker.log("snapshot create failed: starting cleanup")
        config = vm.load()
        config.snapshots.pop(name, None)
        config.current.pop("lock", None)
        vm.write(config)
        raise
    async with worker.holding(vm):
        config = vm.load()
        config.snapshots[name].pop("snapstate")
        config.snapshots[name] |= state
        config.current["parent"] = name
        config.current.pop("lock", None)
        vm.write(config)


async def roll_back(worker: Worker, vm: Vm, name: str) -> None:
    """Make the VM what it was; it runs afterwards only when its memory was saved."""
    async with worker.holding(vm):
        snapshot = find_snapshot(vm, name)
        vm.check_lock()
        disk = next(iter(_disks(snapshot)), None)
        require_latest(vm.load(), name, None if disk is None else disk.file)
        vm.die()
        set_lock(vm, "rollback")
    await worker.sleep(SNAPSHOT_SECONDS)
    async with worker.holding(vm):
        config = vm.load()
        _apply(config, name)
        if "vmgenid" in config.current:
            config.current["vmgenid"] = new_uuid(worker.world)
        for drive in _disks(snapshot):
            volume = lookup(worker, drive.file)
            if volume is not None and drive.size is not None:
                volume.size = drive.size
        vm.write(config)
        if "vmstate" in snapshot:
            vm.run()


async def remove(worker: Worker, vm: Vm, name: str) -> None:
    """Remove a snapshot; those made from it come from its parent now."""
    async with worker.holding(vm):
        find_snapshot(vm, name)
        vm.check_lock()
        set_lock(vm, "snapshot-delete")
    await worker.sleep(SNAPSHOT_SECONDS)
    async with worker.holding(vm):
        config = vm.load()
        gone = take_out(config, name)
        if "vmstate" in gone:
            free(worker, gone["vmstate"])
        config.current.pop("lock", None)
        vm.write(config)


def _prepare(worker: Worker, vm: Vm, name: str, description: str | None) -> None:
    config = vm.load()
    if vm.template:
        raise ApiError.internal("you can't take a snapshot if it's a template")
    vm.check_lock()
    if name in config.snapshots:
        raise ApiError.internal(f"snapshot name '{name}' already used")
    if not all(can_snapshot(worker.world, drive.file) for drive in _disks(config.current)):
        raise ApiError.internal("snapshot feature is not available")
    config.snapshots[name] = _copied(config.current) | {
        "snapstate": "prepare",
        "snaptime": str(int(worker.world.clock.now())),
        **({"description": description} if description else {}),
    }
    config.current["lock"] = "snapshot"
    vm.write(config)


async def _save_memory(worker: Worker, vm: Vm, name: str) -> Section:
    disks = _disks(vm.load().current)
    wanted = vm.load().current.get("vmstatestorage")
    file = f"{wanted}:" if wanted else next((drive.file for drive in disks), "local:")
    storage = storage_of(worker.world, file)
    size = 2 * memory(vm.load().current) * _MIB + STATE_OVERHEAD
    volume = await claim(worker, storage, vm.vmid, size, None, f"vm-{vm.vmid}-state-{name}")
    worker.log(f"saving VM state and RAM using storage '{storage.id}'")
    return {"vmstate": volume.volid}


def _apply(config: Config, name: str) -> None:
    """Let the snapshot's options be the current ones; disks that it did not know are kept as unused."""
    old, snapshot = config.current, config.snapshots[name]
    kept = {key: old[key] for key in old if options.is_unused(key) or key == "description"}
    config.current = _copied(snapshot) | kept | {"parent": name}
    config.pending.clear()
    config.deletes.clear()
    held = {drive.file for drive in drives(config.current)}
    for drive in _disks(old):
        if drive.file not in held:
            add_unused(config.current, drive.file)


def _copied(values: Section) -> Section:
    return {
        key: value for key, value in values.items() if key not in _NOT_COPIED and not options.is_unused(key)
    }


def _disks(values: Section) -> list[Drive]:
    return [drive for drive in drives(values) if not drive.is_cdrom and drive.volume is not None]
