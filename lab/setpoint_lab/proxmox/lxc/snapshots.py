"""Taking, rolling back and removing snapshots of containers, and the calls for it; neighbour: `guest_snapshots`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_snapshot_calls import share
from setpoint_lab.proxmox.guest_snapshots import SNAPSHOT_SECONDS, find_snapshot, require_latest, take_out
from setpoint_lab.proxmox.images import lookup
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.lxc.disks import keep_unused, volumes_of
from setpoint_lab.proxmox.lxc.features import able
from setpoint_lab.proxmox.lxc.mounts import mounts
from setpoint_lab.proxmox.lxc.power import launch, power_off
from setpoint_lab.proxmox.option_table import is_unused
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.config_file import Section
    from setpoint_lab.proxmox.lxc.config import Config

_LIST = "/nodes/{node}/lxc/{vmid}/snapshot"
_ONE = f"{_LIST}/{{snapname}}"
_RESERVED = frozenset({"current", "vzdump"})
_NOT_COPIED = frozenset({"snapstate", "snaptime", "lock", "description", "parent"})

share("lxc", requested_container)


@route("POST", _LIST)
async def take_snapshot(call: Call) -> object:
    """Take a snapshot; a container that runs is frozen meanwhile."""
    container, name = requested_container(call), call.text("snapname")
    if name in _RESERVED:
        raise ApiError.internal(f"unable to use snapshot name '{name}' (reserved name)")

    async def work(worker: Worker) -> None:
        await _take(worker, container, name)

    return fork(call, "vzsnapshot", work)


@route("DELETE", _ONE)
async def remove_snapshot(call: Call) -> object:
    """Remove a snapshot."""
    container, name = requested_container(call), call.text("snapname")

    async def work(worker: Worker) -> None:
        async with worker.holding(container):
            find_snapshot(container, name)
            container.check_lock()
            container.put_lock("snapshot-delete")
        await worker.sleep(SNAPSHOT_SECONDS)
        async with worker.holding(container):
            config = container.load()
            take_out(config, name)
            config.current.pop("lock", None)
            container.write(config)

    return fork(call, "vzdelsnapshot", work)


@route("POST", f"{_ONE}/rollback")
async def roll_back(call: Call) -> object:
    """Go back to a snapshot; with `start` the container runs afterwards."""
    container, name = requested_container(call), call.text("snapname")

    async def work(worker: Worker) -> None:
        await _roll_back(worker, container, name)
        if call.flag("start"):
            launch(call, container)

    return fork(call, "vzrollback", work)


async def _take(worker: Worker, container: Container, name: str) -> None:
    async with worker.holding(container):
        _prepare(worker, container, name)
    try:
        await worker.sleep(SNAPSHOT_SECONDS)
    except TaskError:
        worker.log("snapshot create failed: starting cleanup")
        config = container.load()
        config.snapshots.pop(name, None)
        config.current.pop("lock", None)
        container.write(config)
        raise
    async with worker.holding(container):
        config = container.load()
        config.snapshots[name].pop("snapstate")
        config.current["parent"] = name
        config.current.pop("lock", None)
        container.write(config)


def _prepare(worker: Worker, container: Container, name: str) -> None:
    config, description = container.load(), worker.call.text_or_none("description")
    if container.template:
        raise ApiError.internal("you can't take a snapshot if it's a template")
    container.check_lock()
    if name in config.snapshots:
        raise ApiError.internal(f"snapshot name '{name}' already used")
    if not all(able(worker.world, mount, "snapshot") for mount in mounts(config.current)):
        raise ApiError.internal("snapshot feature is not available")
    parent = {"parent": config.current["parent"]} if "parent" in config.current else {}
    config.snapshots[name] = _copied(config.current) | {
        "snapstate": "prepare",
        "snaptime": str(int(worker.world.clock.now())),
        **parent,
        **({"description": description} if description else {}),
    }
    config.current["lock"] = "snapshot"
    container.write(config)


async def _roll_back(worker: Worker, container: Container, name: str) -> None:
    async with worker.holding(container):
        snapshot = find_snapshot(container, name)
        container.check_lock()
        held = volumes_of(snapshot)
        require_latest(container.load(), name, held[0][1] if held else None)
        power_off(container)
        container.put_lock("rollback")
    await worker.sleep(SNAPSHOT_SECONDS)
    async with worker.holding(container):
        config = container.load()
        _apply(config, name)
        for mount, volid in held:
            volume = lookup(worker, volid)
            if volume is not None and mount.size is not None:
                volume.size = mount.size
        container.write(config)


def _apply(config: Config, name: str) -> None:
    """Let the snapshot's options be the current ones; volumes that it did not know are kept as unused."""
    old = config.current
    kept = {key: old[key] for key in old if is_unused(key) or key == "description"}
    config.current = _copied(config.snapshots[name]) | kept | {"parent": name}
    config.pending.clear()
    config.deletes.clear()
    for mount in mounts(old):
        keep_unused(config, mount)


def _copied(values: Section) -> Section:
    return {key: value for key, value in values.items() if key not in _NOT_COPIED and not is_unused(key)}
