"""DELETE of a container: asked before and again in the task, its volumes go, and everything that refers to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox import removal
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.images import free
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.lxc.disks import volumes_of
from setpoint_lab.proxmox.lxc.power import power_off
from setpoint_lab.proxmox.lxc.update import protect
from setpoint_lab.proxmox.option_table import is_unused
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import owner
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.lxc.config import Config
    from setpoint_lab.proxmox.world import World

DESTROY_SECONDS = 0.3


@route("DELETE", "/nodes/{node}/lxc/{vmid}")
async def delete(call: Call) -> object:
    """Destroy a container; one that runs is killed before when `force` is set."""
    purge, force = call.flag("purge"), call.flag("force")
    container = requested_container(call)
    _check(container, purge=purge, force=force)

    async def work(worker: Worker) -> None:
        async with worker.holding(container):
            _check(container, purge=purge, force=force)
            if container.machine is not None:
                worker.log(f"forced to stop CT {container.vmid} before destroying!")
                power_off(container)
            config = container.load()
            _check_bases(worker.world, config)
            container.put_lock("destroyed")
            await worker.sleep(DESTROY_SECONDS)
            _free_volumes(worker, container, config, orphans=call.flag("destroy-unreferenced-disks"))
            if purge:
                worker.log(f"purging CT {container.vmid} from related configurations..")
            removal.forget(worker.world, container.vmid, purge=purge)

    return fork(call, "vzdestroy", work)


def _check(container: Container, *, purge: bool, force: bool) -> None:
    protect(container.load(), f"can't remove CT {container.vmid}")
    container.check_lock()
    removal.check(container.world, container, purge=purge)
    if container.machine is not None and not force:
        raise ApiError.internal(f"unable to destroy CT {container.vmid} - container is running")


def _check_bases(world: World, config: Config) -> None:
    """Raise when a linked clone rests on one of the template's volumes."""
    if config.current.get("template") != "1":
        return
    for _, volid in volumes_of(config.current):
        base = volid.partition(":")[2]
        if any(volume.name.startswith(f"{base}/") or volume.parent == base for volume in world.volumes):
            raise ApiError.internal(f"base volume '{volid}' is still in use by linked cloned")


def _free_volumes(worker: Worker, container: Container, config: Config, *, orphans: bool) -> None:
    sections = (config.current, config.pending, *config.snapshots.values())
    volids = [volid for values in sections for _, volid in volumes_of(values)]
    volids += [value for key, value in config.current.items() if is_unused(key)]
    if orphans:
        own = worker.world.volumes.of_guest(container.vmid)
        volids += [volume.volid for volume in own if volume.content in {"images", "rootdir"}]
    for volid in dict.fromkeys(volids):
        if owner(worker.world, volid) == container.vmid:
            free(worker, volid)
