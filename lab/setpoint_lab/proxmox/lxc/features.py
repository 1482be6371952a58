"""What a container's volumes can do, and turning a container into a template."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.images import rename
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.lxc.disks import existing, volumes_of
from setpoint_lab.proxmox.lxc.mounts import Mount, mounts
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import base_name, is_base, storage_of
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import World

LOCKED_SECONDS = 0.2
"""Longer than a task needs to begin, and than it takes to rename volumes."""

_SNAPSHOT_TYPES = frozenset({"zfspool", "zfs", "lvmthin", "rbd"})


@route("GET", "/nodes/{node}/lxc/{vmid}/feature")
async def has_feature(call: Call) -> object:
    """Whether every volume can be copied, cloned or snapshotted."""
    container = requested_container(call)
    found = mounts(container.values)
    return {"hasFeature": int(all(able(call.world, mount, call.text("feature")) for mount in found))}


def able(world: World, mount: Mount, feature: str) -> bool:
    """Whether a mount point's storage can do it; a folder or device of the node can nothing."""
    if mount.volume is None:
        return False
    match feature:
        case "clone":
            return is_base(mount.volume)
        case "snapshot":
            return storage_of(world, mount.volume).type in _SNAPSHOT_TYPES
        case _:
            return True


@route("POST", "/nodes/{node}/lxc/{vmid}/template")
async def make_template(call: Call) -> object:
    """Rename the volumes to bases and mark the container; the answer does not name the task that does it."""
    container = requested_container(call)
    async with Worker(call).holding(container):
        container.check_lock()
        if container.load().snapshots:
            raise ApiError.internal("unable to create template, because CT contains snapshots")
        if container.template:
            raise ApiError.internal("you can't convert a template to a template")
        if container.machine is not None:
            raise ApiError.internal("you can't convert a CT to template if the CT is running")
        for _, volid in volumes_of(container.values):
            storage = storage_of(call.world, volid)
            if storage.path is not None:
                text = f"Directory storage '{storage.id}' does not support container templates!"
                raise ApiError.internal(text)

        # The task inherits the lock: whoever wants the container next waits until it is a template.
        container.flock.until = call.world.clock.now() + LOCKED_SECONDS

    async def work(worker: Worker) -> None:
        _convert(worker, container)

    fork(call, "vztemplate", work)
    return None


def _convert(worker: Worker, container: Container) -> None:
    config = container.load()
    for mount, volid in volumes_of(config.current):
        volume = existing(worker, volid)
        base = rename(worker, volume, base_name(volume, container.vmid))
        config.current[mount.key] = str(mount.changed(volume=base, size=mount.size))
    config.current["template"] = "1"
    container.write(config)
