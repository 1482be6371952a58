"""Moving a container to another node: one that runs is stopped for it, for there is no live migration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.guest_migration import (
    OFFLINE_SECONDS,
    Journal,
    requested_target,
    require_online,
    share_far,
)
from setpoint_lab.proxmox.images import copying
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.lxc.disks import existing
from setpoint_lab.proxmox.lxc.mounts import Mount, mounts
from setpoint_lab.proxmox.lxc.power import shut_down
from setpoint_lab.proxmox.option_table import is_unused
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import storage_named, storage_of
from setpoint_lab.proxmox.volumes import Volume
from setpoint_lab.proxmox.worker import Worker, fork

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_MIGRATE = "/nodes/{node}/lxc/{vmid}/migrate"

share_far("lxc", requested_container)


@route("GET", _MIGRATE)
async def preconditions(call: Call) -> object:
    """Where the container could go."""
    container = requested_container(call)
    missing = {
        name: _unavailable(call, container, name) for name in call.world.nodes if name != container.node
    }
    return {
        "running": int(container.machine is not None),
        "allowed-nodes": sorted(name for name in missing if not missing[name]),
        "not-allowed-nodes": {
            name: {"unavailable-storages": lacking} for name, lacking in missing.items() if lacking
        },
        "local-disks": [],
    }


@route("POST", _MIGRATE)
async def migrate(call: Call) -> object:
    """Move the container; a running one only with `restart`."""
    target = requested_target(call)
    container = requested_container(call)
    if container.machine is not None and not (call.flag("online") or call.flag("restart")):
        raise ApiError.internal("can't migrate running container without --online or --restart")
    for storage in set(_storage_map(call).values()) - {""}:
        call.require(f"/storage/{storage}", "Datastore.AllocateSpace")

    async def work(worker: Worker) -> None:
        await _Migration(worker, container, target).run()

    return fork(call, "vzmigrate", work)


def _storage_map(call: Call) -> dict[str, str]:
    """Which storage takes the place of which, `""` for all others; a lone `1` means the same one."""
    found: dict[str, str] = {}
    for pair in split_list(call.text("target-storage")):
        source, mark, target = pair.partition(":")
        if mark:
            found[source] = target
        elif pair != "1":
            found[""] = pair
    return found


def _unavailable(call: Call, container: Container, node: str) -> list[str]:
    """The storages that the container needs and that are not configured for a node."""
    named = {mount.storage for mount in mounts(container.values) if mount.volume is not None}
    storages = call.world.storages
    return sorted(name for name in named if name in storages and not storages[name].available_on(node))


class _Migration:
    """One migration as its task carries it out."""

    def __init__(self, worker: Worker, container: Container, target: str) -> None:
        self._worker = worker
        self._container = container
        self._target = target
        self._restart = container.machine is not None
        self._storages = _storage_map(worker.call)
        self._journal = Journal(worker)

    async def run(self) -> None:
        """Stop the container, move its volumes and config, and start it again.

        Raises:
            TaskError: `migration aborted`; the container is where it was, without the lock.
        """
        worker, container = self._worker, self._container
        async with worker.holding(container):
            container.check_lock()
            try:
                await self._stop()
                container.put_lock("migrate")
                self._journal.begin("CT", container.vmid, self._target)
                await self._move()
            except (ApiError, TaskError) as error:
                aborted = self._journal.abort(error)
                container.unlock("migrate")
                if self._restart and container.machine is None:
                    container.run()
                raise aborted from error
        self._journal.end()
        if self._restart:
            self._journal.write(f"start container on target node '{self._target}'")
            container.run()
            worker.world.changed()

    async def _stop(self) -> None:
        call, container = self._worker.call, self._container
        if not self._restart:
            return
        if not call.flag("restart"):
            raise ApiError.internal("lxc live migration is currently not implemented")
        self._journal.write(f"shutdown CT {container.vmid}")
        patience = call.integer("timeout") if "timeout" in call.params else 180
        await shut_down(self._worker, container, patience, force=True)

    async def _move(self) -> None:
        worker, container = self._worker, self._container
        require_online(worker, self._target)
        config = container.load()
        old = self._local_volumes(config.current)
        moved = {volume.volid: await self._copy(volume) for volume in old}
        await worker.sleep(OFFLINE_SECONDS)
        for volume in old:
            worker.world.volumes.remove(volume)
            worker.world.volumes.add(moved[volume.volid])
        container.move(self._target)
        for values in (config.current, config.pending, *config.snapshots.values()):
            for mount in mounts(values):
                new = moved.get(mount.source)
                if new is not None:
                    values[mount.key] = str(mount.changed(volume=new.volid, size=mount.size))
        for key in filter(is_unused, config.current):
            new = moved.get(config.current[key])
            config.current[key] = config.current[key] if new is None else new.volid
        config.current.pop("lock", None)
        container.write(config)

    def _local_volumes(self, values: dict[str, str]) -> list[Volume]:
        """The volumes that only this node can reach.

        Raises:
            ApiError: a mount point is of this node alone.
        """
        volids = [self._volid(mount) for mount in mounts(values)]
        volids += [values[key] for key in sorted(filter(is_unused, values))]
        found = [existing(self._worker, volid) for volid in volids if volid is not None]
        world = self._worker.world
        return [volume for volume in found if not storage_of(world, volume.volid).shared]

    def _volid(self, mount: Mount) -> str | None:
        if mount.kind != "volume" and mount.properties.get("shared") != "1":
            raise ApiError.internal(f"cannot migrate local {mount.kind} mount point '{mount.key}'")
        return mount.source if mount.kind == "volume" else None

    async def _copy(self, source: Volume) -> Volume:
        """The volume on the other node, once it is complete."""
        world = self._worker.world
        name = self._storages.get(source.storage) or self._storages.get("") or source.storage
        storage = storage_named(world, name)
        if not storage.available_on(self._target):
            raise ApiError.internal(f"storage '{name}' is not available on node '{self._target}'")
        self._journal.write(f"found local volume '{source.volid}' (in current VM config)")
        await copying(self._worker, storage, source.size)
        volid = f"{name}:{source.name}"
        return Volume(volid, self._target, source.content, source.format, source.size, source.vmid)
