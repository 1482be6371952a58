"""A container from a backup: POST of a new container with `restore`; what was there before goes only at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_permissions import check_pool, require_creation
from setpoint_lab.proxmox.guests import check_quorum, number_taken
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.images import free
from setpoint_lab.proxmox.lxc import nets, options, permissions
from setpoint_lab.proxmox.lxc.config import Config
from setpoint_lab.proxmox.lxc.container import Container, find_container
from setpoint_lab.proxmox.lxc.disks import discard, make, volumes_of
from setpoint_lab.proxmox.lxc.mounts import mounts
from setpoint_lab.proxmox.lxc.power import launch
from setpoint_lab.proxmox.lxc.values import prepare, sent_options
from setpoint_lab.proxmox.option_table import is_net, is_unused
from setpoint_lab.proxmox.volume_access import require_access
from setpoint_lab.proxmox.volume_names import owner, storage_named
from setpoint_lab.proxmox.volumes import volume_path
from setpoint_lab.proxmox.worker import Worker, error_text, fork

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.volumes import Volume

GIB = 1 << 30
_NOT_RESTORED = frozenset({"lock", "parent", "template"})


def restore(call: Call, reserve: Callable[[], Container]) -> str:
    """Start the task that makes a container as an archive holds it; `reserve` makes a locked one.

    Raises:
        ApiError: there is no such archive; the number is taken, and `force` not said or of no use.
    """
    vmid, pool = call.integer("vmid"), call.text_or_none("pool")
    check_quorum(call.world)
    old = find_container(call.world, call.text("node"), vmid) if call.flag("force") else None
    taken = number_taken(call.world, vmid)
    if taken is not None and old is None:
        raise ApiError.internal(taken)
    check_pool(call, pool)
    if old is None or not call.allowed(f"/vms/{vmid}", "VM.Backup"):
        require_creation(call, vmid, pool)
    archive = _archive(call)
    sent = {key: value for key, value in sent_options(call).items() if not is_unused(key)}
    private = sent.pop("unprivileged", None)
    permissions.check_change(call, vmid, sent, old={}, pool=pool, unprivileged=private != "0")
    ordered = {key: sent.pop(key) for key in list(sent) if options.is_mount(key)}
    given = prepare(call, sent) | ({} if private is None else {"unprivileged": private})
    container = reserve() if old is None else _taken_over(old)

    async def work(worker: Worker) -> None:
        await _fill(worker, container, archive, given, ordered, anew=old is None)
        if pool is not None and pool in call.world.pools:
            worker.world.pools[pool].guests.add(vmid)
            worker.world.changed()
        if call.flag("start"):
            launch(call, container)

    return fork(call, "vzrestore", work)


def _archive(call: Call) -> Volume:
    volid, node = call.text("ostemplate"), call.text("node")
    storage = usable_storage(call.world, volid.partition(":")[0], node)
    archive = call.world.volumes.find(volid, None if storage.shared else node)
    if archive is None:
        raise ApiError.internal(f"volume '{volid}' does not exist")
    require_access(call, archive, call.integer("vmid"))
    return archive


def _taken_over(container: Container) -> Container:
    failed = f"unable to restore CT {container.vmid}"
    if container.values.get("protection") == "1":
        raise ApiError.internal(f"{failed} - protection mode enabled")
    if container.machine is not None:
        raise ApiError.internal(f"{failed} - container is running")
    container.check_lock()
    container.put_lock("create")
    return container


async def _fill(
    worker: Worker,
    container: Container,
    archive: Volume,
    given: Mapping[str, str],
    ordered: Mapping[str, str],
    *,
    anew: bool,
) -> None:
    """Bring the container back; when that fails, a new one is gone again and an old one is as it was."""
    old, made = container.load().current, list[str]()
    try:
        held = _held(worker, archive)
        volumes = await make(worker, container.vmid, ordered or _orders(worker.call, held), made)
        await worker.sleep(worker.world.pace.unpack)
        worker.log("merging backed-up and given configuration..")
        config = {key: value for key, value in held.items() if not options.is_mount(key)} | dict(given)
        if worker.call.flag("unique"):
            config |= {key: nets.with_new_mac(config[key], worker.world) for key in filter(is_net, config)}
        container.write(Config(config | volumes))
    except (ApiError, TaskError) as error:
        discard(worker, made)
        if anew:
            worker.world.lose(container.vmid)
        else:
            container.unlock("create")
        text = error_text(error) if isinstance(error, ApiError) else str(error)
        raise TaskError(f"unable to restore CT {container.vmid} - {text}") from error
    container.inside = config.get("ostype", container.inside)
    for _, volid in volumes_of(old):
        if owner(worker.world, volid) == container.vmid:
            free(worker, volid)


def _held(worker: Worker, archive: Volume) -> Section:
    """The config in the archive.

    Raises:
        TaskError: it is not one of a container.
    """
    storage = storage_named(worker.world, archive.storage)
    worker.log(f"recovering backed-up configuration from '{archive.volid}'")
    if archive.text is None or not archive.name.startswith("backup/vzdump-lxc-"):
        raise TaskError("Archive contains no configuration file")
    worker.log(f"restoring '{archive.volid}' now..")
    worker.log(f"extracting archive '{volume_path(storage, archive)}'")
    worker.log(f"Total bytes read: {archive.size} ({archive.size >> 20}MiB, 350MiB/s)")
    found = Config.parse(archive.text).current
    return {key: value for key, value in found.items() if key not in _NOT_RESTORED and not is_unused(key)}


def _orders(call: Call, held: Mapping[str, str]) -> dict[str, str]:
    """The mount points of the archive: each volume is ordered anew, on the storage that is asked for or its own."""
    return {
        mount.key: str(mount.changed(volume=f"{call.text('storage') or mount.storage}:{mount.size / GIB:g}"))
        if mount.volume is not None and mount.size
        else str(mount)
        for mount in mounts(held)
    }
