"""Resizing and moving of a container's volumes: checked at once, done in a task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_permissions import require_guest
from setpoint_lab.proxmox.guest_values import add_unused
from setpoint_lab.proxmox.images import claim, copying, formatting, free, free_number, rename
from setpoint_lab.proxmox.lxc.config_calls import check_digest
from setpoint_lab.proxmox.lxc.container import Container, find_container, requested_container
from setpoint_lab.proxmox.lxc.disks import existing
from setpoint_lab.proxmox.lxc.mounts import Mount, existing_mount, mounts
from setpoint_lab.proxmox.option_table import is_unused
from setpoint_lab.proxmox.propstring import size_bytes
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import next_name, owner, storage_named
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call


@route("PUT", "/nodes/{node}/lxc/{vmid}/resize")
async def resize(call: Call) -> object:
    """Grow a volume to a size, or by one when it begins with +."""
    container, worker = requested_container(call), Worker(call)
    async with worker.holding(container):
        container.check_lock()
        check_digest(call, container)
        _wanted_size(worker, container)

    async def work(worker: Worker) -> None:
        async with worker.holding(container):
            container.check_lock()
            mount, size = _wanted_size(worker, container)
            await worker.sleep(call.world.pace.resize)
            existing(worker, mount.source).size = size
            config = container.load()
            config.current[mount.key] = str(mount.changed(size=size))
            container.write(config)

    return fork(call, "resize", work)


def _wanted_size(worker: Worker, container: Container) -> tuple[Mount, int]:
    """The mount point, and the size in bytes that it is to have.

    Raises:
        ApiError: there is none, it is not the container's own, or the size is not larger.
    """
    call = worker.call
    mount = existing_mount(container.values, call.text("disk"))
    volume = existing(worker, mount.source)
    if volume.vmid != container.vmid:
        raise ApiError.internal(f"can't resize mount point owned by another container ({volume.vmid})")
    call.require(f"/storage/{volume.storage}", "Datastore.AllocateSpace")
    text = call.text("size")
    asked = size_bytes(text.removeprefix("+")) or 0
    size = volume.size + asked if text.startswith("+") else asked
    if size < volume.size:
        raise ApiError.internal("unable to shrink disk size")
    if size == volume.size:
        raise ApiError.internal("disk is already at specified size")
    return mount, size


@route("POST", "/nodes/{node}/lxc/{vmid}/move_volume")
async def move_volume(call: Call) -> object:
    """Copy a volume to another storage, where the old one becomes unused, or give it to another container."""
    container = requested_container(call)
    name, target = call.text_or_none("storage"), call.text_or_none("target-vmid")
    if (name is None) == (target is None):
        text = "needs either 'storage' or 'target-vmid'"
        raise ApiError.parameters({"storage": text})
    if target is not None:
        return _give(call, container)
    call.require(f"/storage/{name}", "Datastore.AllocateSpace")
    key = call.text("volume")
    async with Worker(call).holding(container):
        container.check_lock()
        check_digest(call, container)
        volid = _held(container, key)
        _check_move(call, container, volid)
        container.put_lock("disk")

    async def work(worker: Worker) -> None:
        try:
            await _move(worker, container, key, call.text("storage"))
        except (ApiError, TaskError):
            container.unlock("disk")
            raise
        container.unlock("disk")

    return fork(call, "move_volume", work)


def _check_move(call: Call, container: Container, volid: str) -> None:
    if container.machine is not None:
        raise ApiError.internal("cannot move volumes of a running container")
    held = [mount.source for values in container.load().snapshots.values() for mount in mounts(values)]
    if call.flag("delete") and volid in held:
        raise ApiError.internal("you can't move a volume with snapshots and delete the source")
    storage = storage_named(call.world, call.text("storage"))
    if storage.id == volid.partition(":")[0]:
        raise ApiError.internal("you can't move to the same storage")
    if "rootdir" not in storage.content:
        raise ApiError.internal(f"storage '{storage.id}' does not support container directories")


def _held(container: Container, key: str) -> str:
    """The volume that an option holds, mounted or unused."""
    if is_unused(key) and key in container.values:
        return container.values[key]
    mount = existing_mount(container.values, key)
    if mount.volume is None:
        raise ApiError.internal(f"{key} is not a volume")
    return mount.volume


async def _move(worker: Worker, container: Container, key: str, name: str) -> None:
    storage = storage_named(worker.world, name)
    old = existing(worker, _held(container, key))
    new = await claim(worker, storage, container.vmid, old.size)
    try:
        if storage.path is not None:
            worker.log(formatting(storage, new))
        await copying(worker, storage, old.size)
    except (ApiError, TaskError):
        free(worker, new.volid)
        raise
    config = container.load()
    source = old.volid
    if is_unused(key):
        config.current[key] = new.volid
    else:
        mount = existing_mount(config.current, key)
        config.current[key] = str(mount.changed(volume=new.volid, size=new.size))
    if worker.call.flag("delete"):
        free(worker, source)
    else:
        add_unused(config.current, source)
    container.write(config)


def _give(call: Call, source: Container) -> str:
    """Start the task that gives a volume to another container: it is renamed, nothing is copied."""
    vmid, key = call.integer("target-vmid"), call.text("volume")
    place = call.text("target-volume", key)
    target = find_container(call.world, source.node, vmid)
    if target is None or target is source:
        raise ApiError.parameters({"target-vmid": "must be another container on the same node"})
    require_guest(call, vmid, None, "VM.Config.Disk")
    for container in (source, target):
        container.check_lock()
    check_digest(call, source)
    volid = _held(source, key)
    if source.machine is not None and not is_unused(key):
        raise ApiError.internal("cannot move volumes of a running container")
    if (
        "rootfs" in {key, place}
        or is_unused(key) != is_unused(place)
        or owner(call.world, volid) != source.vmid
    ):
        raise ApiError.internal(f"cannot give away '{key}' of CT {source.vmid}")
    if place in target.values:
        raise ApiError.internal(f"Target volume key '{place}' is already in use for CT '{vmid}'")

    async def work(worker: Worker) -> None:
        async with worker.holding(source), worker.holding(target):
            _reassign(worker, source, target, key, place)

    return fork(call, "move_volume", work, f"{source.vmid}-{key}>{vmid}-{place}")


def _reassign(worker: Worker, source: Container, target: Container, key: str, place: str) -> None:
    volume = existing(worker, _held(source, key))
    storage = storage_named(worker.world, volume.storage)
    config = source.load()
    text = config.current.pop(key)
    prefix = "subvol" if volume.format == "subvol" else "vm"
    name = next_name(volume, target.vmid, free_number(worker.world, storage, target.vmid), prefix)
    volid = rename(worker, volume, name, target.vmid)
    source.write(config)
    config = target.load()
    mount = None if is_unused(place) else Mount.parse(place, text)
    config.current[place] = volid if mount is None else str(mount.changed(volume=volid, size=volume.size))
    target.write(config)
