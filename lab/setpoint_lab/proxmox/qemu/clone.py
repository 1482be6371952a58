"""Clones of VMs: everything that must differ is made anew, disks are copied or rest on those of the template."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.firewall.model import Firewalls
from setpoint_lab.proxmox.guest_permissions import check_pool
from setpoint_lab.proxmox.guest_values import new_uuid
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.images import claim, copy_progress, existing, formatting, free
from setpoint_lab.proxmox.named_shapes import NAMED
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.propstring import render
from setpoint_lab.proxmox.qemu import nets, options, permissions
from setpoint_lab.proxmox.qemu.config import Config
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.qemu.drives import Drive, drives
from setpoint_lab.proxmox.qemu.guest import Vm
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import is_base, storage_named
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.volumes import Volume
    from setpoint_lab.proxmox.world import World

LOCK_SECONDS = 1.0
"""How long a clone waits for the lock on its source."""

_SMBIOS = NAMED["pve-qm-smbios1"]
_NOT_CLONED = frozenset({"template", "parent", "snaptime", "vmstate", "lock"})


@route("POST", "/nodes/{node}/qemu/{vmid}/clone")
async def clone(call: Call) -> object:
    """Make a VM from another: a full copy, or one whose disks rest on those of a template."""
    _check_target(call)
    pool = call.text_or_none("pool")
    check_pool(call, pool)
    check_quorum(call.world)
    source = requested_vm(call)
    source.check_lock()
    full = call.flag("full", default=not source.template)
    old = _cloned_values(source, call.text_or_none("snapname"))
    _check(call, old, full=full)
    _check_number(call.world, call.integer("newid"))

    async def work(worker: Worker) -> None:
        async with _holding(worker, source):
            await _clone(worker, source, full=full)

    return fork(call, "qmclone", work)


def _check_target(call: Call) -> None:
    """Raise when the clone cannot come to lie on another node."""
    world, target, name = call.world, call.text_or_none("target"), call.text_or_none("storage")
    if target is None:
        return
    if target not in world.nodes:
        raise ApiError.internal(f"no such cluster node '{target}'")
    if target == call.text("node") or name is None:
        return
    storage = storage_named(world, name)
    if not storage.available_on(target):
        raise ApiError.internal(f"storage '{name}' is not available on node '{target}'")
    if not storage.shared:
        raise ApiError.internal(f"can't clone to non-shared storage '{name}'")


@asynccontextmanager
async def _holding(worker: Worker, source: Vm) -> AsyncGenerator[None]:
    """Hold the source while it is copied: alone when it runs, together with other clones when it does not."""
    take = source.flock.share if source.machine is None else source.flock.hold
    async with take(worker.world.clock, worker.log, LOCK_SECONDS):
        yield


async def _clone(worker: Worker, source: Vm, *, full: bool) -> None:
    call, world = worker.call, worker.world
    requested_vm(call).check_lock()
    old = _cloned_values(source, call.text_or_none("snapname"))
    vm = Vm(world, call.integer("newid"), source.node)
    _check_number(world, vm.vmid)
    world.keep(vm)
    vm.write(Config({"lock": "clone"}))
    worker.log(f"creating a clone of VM {source.vmid} with ID {vm.vmid}")
    await _fill(worker, vm, old, full=full)
    world.part(Firewalls).copy(source.vmid, vm.vmid)
    target, pool = call.text("target", source.node), call.text_or_none("pool")
    vm.move(target)
    if pool is not None and pool in world.pools:
        world.pools[pool].guests.add(vm.vmid)
        world.changed()


def _check_number(world: World, vmid: int) -> None:
    if vmid in world.guests:
        raise ApiError.internal(f"unable to create VM {vmid}: config file already exists")


def _cloned_values(vm: Vm, snapshot: str | None) -> Section:
    config = vm.load()
    if snapshot is not None and snapshot not in config.snapshots:
        raise ApiError.internal(f"snapshot '{snapshot}' does not exist")
    values = config.current if snapshot is None else config.snapshots[snapshot]
    return {
        key: value for key, value in values.items() if key not in _NOT_CLONED and not options.is_unused(key)
    }


def _check(call: Call, old: Section, *, full: bool) -> None:
    """Raise when the disks cannot be cloned so, or the user may not put the copies there."""
    for name in ("storage", "format"):
        if not full and call.text_or_none(name) is not None:
            raise ApiError.internal(f"parameter '{name}' not allowed for linked clones")
    if call.text_or_none("storage") is not None:
        storage_named(call.world, call.text("storage"))
    for drive in _with_volume(old):
        name = call.text_or_none("storage") or drive.file.partition(":")[0]
        call.require(f"/storage/{name}", "Datastore.AllocateSpace")
        if not full and not drive.is_cloudinit and not is_base(drive.file):
            raise ApiError.internal(f"Linked clone feature is not supported for '{drive.file}' ({drive.key})")
    permissions.check_bridges(call, old)
    target = call.text("target", call.text("node"))
    local = [drive for drive in drives(old) if drive.volume is not None and not _is_shared(call.world, drive)]
    if target != call.text("node") and local:
        raise ApiError.internal(f"can't clone VM to node '{target}' (VM uses local storage)")


def _is_shared(world: World, drive: Drive) -> bool:
    storage = world.storages.get(drive.file.partition(":")[0])
    return storage is not None and storage.shared


async def _fill(worker: Worker, vm: Vm, old: Section, *, full: bool) -> None:
    """Give the clone its disks and config; when that fails, there is no clone."""
    made: list[str] = []
    try:
        values = _renewed(worker, old)
        for drive in _with_volume(old):
            values[drive.key] = str(await _clone_drive(worker, vm, drive, made, full=full))
        vm.write(Config(values))
    except (ApiError, TaskError):
        for volid in made:
            free(worker, volid)
        worker.world.lose(vm.vmid)
        raise


def _renewed(worker: Worker, old: Section) -> Section:
    """The options with their own identity: MAC addresses, uuid, generation and name."""
    call, world = worker.call, worker.world
    values = {key: nets.with_new_mac(old[key], world) for key in old if options.is_net(key)}
    smbios = split_properties(_SMBIOS, old.get("smbios1", "")) | {"uuid": new_uuid(world)}
    values["smbios1"] = render(_SMBIOS, smbios)
    if "vmgenid" in old:
        values["vmgenid"] = new_uuid(world)
    values["name"] = call.text("name") or f"Copy-of-VM-{old.get('name', call.text('vmid'))}"
    if call.text_or_none("description") is not None:
        values["description"] = call.text("description")
    return {**old, **values}


async def _clone_drive(worker: Worker, vm: Vm, drive: Drive, made: list[str], *, full: bool) -> Drive:
    source = await existing(worker, drive.file)
    linked = not full and not drive.is_cloudinit
    kind = "linked" if linked else "full"
    worker.log(f"create {kind} clone of drive {drive.key} ({drive.file})")
    copy = await _linked(worker, vm, source) if linked else await _copied(worker, vm, drive, source)
    made.append(copy.volid)
    return drive.changed(file=copy.volid, size=copy.size)


async def _linked(worker: Worker, vm: Vm, base: Volume) -> Volume:
    storage = storage_named(worker.world, base.storage)
    form = base.format if storage.path is not None else None
    copy = await claim(worker, storage, vm.vmid, base.size, form, base=base)
    pace = worker.world.pace
    await worker.sleep(pace.linked - pace.allocate)
    return copy


async def _copied(worker: Worker, vm: Vm, drive: Drive, source: Volume) -> Volume:
    storage = storage_named(worker.world, worker.call.text("storage") or source.storage)
    form = None
    if storage.path is not None:
        form = worker.call.text("format") or source.format
    name = f"vm-{vm.vmid}-cloudinit" if drive.is_cloudinit else None
    copy = await claim(worker, storage, vm.vmid, source.size, form, name)
    if storage.path is not None:
        worker.log(formatting(storage, copy))
    worker.log(f"allocated target volume '{copy.volid}'")
    if not drive.is_cloudinit:
        await copy_progress(worker, source, storage)
    return copy


def _with_volume(values: Section) -> list[Drive]:
    return [drive for drive in drives(values) if not drive.is_cdrom or drive.is_cloudinit]
