"""Storages as lists and status show them: /storage, /nodes/{node}/storage; neighbour: `volumes`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.load_points import times
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.volumes import Storage
    from setpoint_lab.proxmox.world import World

VIEWERS = frozenset({"Datastore.Audit", "Datastore.AllocateSpace"})


def existing_storage(world: World, name: str) -> Storage:
    """The storage of that id; 500 when there is none."""
    storage = world.storages.get(name)
    if storage is None:
        raise ApiError.internal(f"storage '{name}' does not exist")
    return storage


def usable_storage(world: World, name: str, node: str) -> Storage:
    """The storage of that id; 500 when there is none, or it is disabled or not for this node."""
    storage = existing_storage(world, name)
    if storage.disabled:
        raise ApiError.internal(f"storage '{name}' is disabled")
    if not storage.available_on(node):
        raise ApiError.internal(f"storage '{name}' is not available on node '{node}'")
    return storage


def _visible(call: Call) -> list[Storage]:
    access = call.world.access
    return [
        storage
        for storage in call.world.storages.values()
        if not access.privileges(call.user, f"/storage/{storage.id}").isdisjoint(VIEWERS)
    ]


def _settings(world: World, storage: Storage) -> dict[str, object]:
    parts: dict[str, object | None] = {
        "path": storage.path,
        "pool": storage.pool,
        "nodes": ",".join(sorted(storage.nodes)) if storage.nodes is not None else None,
        "shared": 1 if storage.shared else None,
        "disable": 1 if storage.disabled else None,
    }
    return {
        "storage": storage.id,
        "type": storage.type,
        "content": ",".join(world.shuffled(sorted(storage.content))),
        "digest": file_digest(world),
        **{key: value for key, value in parts.items() if value is not None},
        **storage.options,
    }


def file_digest(world: World) -> str:
    """Of the whole file: any change to any storage makes another one."""
    lines = [
        f"{storage.type}: {storage.id} {sorted(storage.content)} {sorted(storage.nodes or ())} {storage.path} "
        f"{storage.pool} {storage.shared} {storage.disabled} {sorted(storage.options.items())}"
        for storage in world.storages.values()
    ]
    return hashlib.sha1("\n".join(lines).encode(), usedforsecurity=False).hexdigest()


@route("GET", "/storage")
async def list_settings(call: Call) -> object:
    """The settings of the storages that the user may see."""
    kind = call.text_or_none("type")
    return call.world.shuffled(
        _settings(call.world, storage) for storage in _visible(call) if kind in {None, storage.type}
    )


@route("GET", "/storage/{storage}")
async def read_settings(call: Call) -> object:
    """The settings of one storage."""
    return _settings(call.world, existing_storage(call.world, call.text("storage")))


@route("GET", "/nodes/{node}/storage")
async def list_status(call: Call) -> object:
    """The storages of a node with their sizes."""
    wanted = call.text_or_none("storage")
    if wanted is not None and wanted not in call.world.storages:
        raise ApiError.parameters({"storage": "No such storage."})
    contents = set(call.items("content"))
    nodes = {call.text("node"), call.text("target", call.text("node"))}
    rows = [
        _status(call, storage) | {"storage": storage.id} | _fraction(storage)
        for storage in _visible(call)
        if wanted in {None, storage.id}
        and all(storage.available_on(node) for node in nodes)
        and (not contents or contents & storage.content)
        and not (call.flag("enabled") and storage.disabled)
    ]
    return call.world.shuffled(rows)


def _status(call: Call, storage: Storage) -> dict[str, object]:
    on = int(not storage.disabled)
    return {
        "type": storage.type,
        "content": ",".join(call.world.shuffled(sorted(storage.content))),
        "shared": int(storage.shared),
        "enabled": on,
        "active": on,
        "total": storage.total * on,
        "used": storage.used * on,
        "avail": (storage.total - storage.used) * on,
    }


def _fraction(storage: Storage) -> dict[str, object]:
    if storage.disabled or not storage.total:
        return {}
    return {"used_fraction": storage.used / storage.total}


@route("GET", "/nodes/{node}/storage/{storage}/status")
async def read_status(call: Call) -> object:
    """The sizes of one storage."""
    return _status(call, _on_node(call))


@route("GET", "/nodes/{node}/storage/{storage}/rrddata")
async def read_use(call: Call) -> object:
    """The use of one storage over time, which is as it is now at all times."""
    storage = _on_node(call)
    return [{"time": at, "total": storage.total, "used": storage.used} for at in times(call)]


def _on_node(call: Call) -> Storage:
    storage = existing_storage(call.world, call.text("storage"))
    if not storage.available_on(call.text("node")):
        raise ApiError.internal(f"storage '{storage.id}' is not available on node '{call.text('node')}'")
    return storage
