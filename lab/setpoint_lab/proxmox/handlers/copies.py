"""Copies of volumes, and what is inside of what lies on a storage; neighbours: `volumes`, `transfers`.

Nothing was recorded of them: they follow the API's schema and the daemons' source. No storage here is a backup server
or another hypervisor, so that looking into archives always ends with what real nodes say of other storages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.handlers.storages import existing_storage, usable_storage
from setpoint_lab.proxmox.handlers.volumes import owner_of
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_names import parse_name
from setpoint_lab.proxmox.volumes import Volume, path_of

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.volumes import Storage

_STORAGE = "/nodes/{node}/storage/{storage}"
COPY_SECONDS = 1.0


@route("POST", f"{_STORAGE}/content/{{volume}}")
async def copy(call: Call) -> object:
    """Copy a volume to another name, here or on another node; only for root."""
    world, node = call.world, call.text("node")
    storage = usable_storage(world, call.text("storage"), node)
    target_node = call.text("target_node") or node
    name = call.text("volume")
    source = name if name.startswith(f"{storage.id}:") else f"{storage.id}:{name}"
    target = call.text("target") if ":" in call.text("target") else f"{storage.id}:{call.text('target')}"
    into = usable_storage(world, target.partition(":")[0], target_node)
    parse_name(into, target.partition(":")[2])

    async def body(log: TaskLog) -> None:
        found = world.volumes.find(source, None if storage.shared else node)
        if found is None:
            raise TaskError(f"volume '{source}' does not exist")
        if world.volumes.find(target, None if into.shared else target_node) is not None:
            raise TaskError(f"volume '{target}' already exists")
        await world.clock.sleep(COPY_SECONDS)
        world.volumes.add(
            Volume(target, target_node, found.content, found.format, found.size, owner_of(target))
        )
        log(f"successfully copied volume '{source}' to '{target}'")

    return world.tasks.start(call, node, "imgcopy", "", body)


@route("GET", f"{_STORAGE}/identity")
async def identify(call: Call) -> object:
    """What tells this storage from all others: where it is."""
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    return {"type": storage.type, "id": _identity(call, storage)}


def _identity(call: Call, storage: Storage) -> str:
    """Shared ones are the same from everywhere."""
    place = storage.path or storage.pool or storage.id
    return place if storage.shared else f"{call.text('node')}:{place}"


@route("GET", f"{_STORAGE}/import-metadata")
async def describe_import(call: Call) -> object:
    """What would be made of a foreign guest; only storages of other hypervisors know."""
    storage = existing_storage(call.world, call.text("storage"))
    place = path_of(storage, call.text("volume").partition(":")[2])
    raise ApiError.internal(f"storage type '{storage.type}' does not support import metadata of '{place}'")


@route("GET", f"{_STORAGE}/file-restore/list")
async def list_files(call: Call) -> object:
    """The files in a backup; only backup servers know."""
    return _only_backup_servers(call)


@route("GET", f"{_STORAGE}/file-restore/download")
async def fetch_file(call: Call) -> object:
    """A file of a backup; only backup servers can give it."""
    return _only_backup_servers(call)


def _only_backup_servers(call: Call) -> object:
    existing_storage(call.world, call.text("storage"))
    raise ApiError.parameters({"storage": "Only PBS storages supported for file-restore."})
