"""POST, PUT and DELETE of the settings of storages, which are one file for the whole cluster; neighbour: `storages`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.handlers.storages import file_digest
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.storage_types import SECRETS, TYPES, check_content
from setpoint_lab.proxmox.volumes import Storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.storage_types import StorageType
    from setpoint_lab.proxmox.world import World

_APART = frozenset({"storage", "type", "delete", "digest"})
_CFG = "storage_cfg"
_MOUNTED = frozenset({"nfs", "cifs", "cephfs"})
MODIFIED = "detected modified configuration - file changed by other user? Try again."
FRESH_BYTES = 100 << 30
"""The size of a storage that shares its disk with no other."""


@route("POST", "/storage")
async def create(call: Call) -> object:
    """A new storage; that its place can be used is not looked at."""
    name, kind = call.text("storage"), TYPES[call.text("type")]
    values = _sent(call)
    _check(kind, values)
    for key in sorted(kind.needed - values.keys()):
        raise ApiError.internal(f"missing value for required option '{key}'")
    await call.world.require_quorum("create storage failed", _CFG)
    if name in call.world.storages:
        raise ApiError.internal(f"create storage failed: storage ID '{name}' already defined")
    storage = Storage(name, call.text("type"), kind.usual, shared=kind.shared)
    _put(storage, values)
    _complete(storage)
    storage.total, storage.used = _room(call.world, storage)
    call.world.storages[name] = storage
    call.world.changed()
    return {"storage": name, "type": storage.type}


@route("PUT", "/storage/{storage}")
async def update(call: Call) -> object:
    """Change settings; what is not named stays."""
    failed = "update storage failed"
    await call.world.require_quorum(failed, _CFG)
    if call.text("digest") not in {"", file_digest(call.world)}:
        raise ApiError.internal(f"{failed}: {MODIFIED}")
    storage = _named(call, failed)
    kind, values, deletes = TYPES[storage.type], _sent(call), call.items("delete")
    try:
        _check(kind, values)
        _check_fixed(kind, values)
        _check_deletes(kind, deletes, values)
    except ApiError as error:
        raise ApiError.internal(f"{failed}: {error.reason}") from error
    _put(storage, values)
    _drop(storage, kind, deletes)
    call.world.changed()
    return {"storage": storage.id, "type": storage.type}


@route("DELETE", "/storage/{storage}")
async def delete(call: Call) -> object:
    """Forget a storage, its place in pools and the rights on it; what lies on it stays where it is."""
    failed = "delete storage failed"
    await call.world.require_quorum(failed, _CFG)
    storage = _named(call, failed)
    del call.world.storages[storage.id]
    for pool in call.world.pools.values():
        pool.storages.discard(storage.id)
    call.world.access.forget_path(f"/storage/{storage.id}")
    call.world.changed()
    return None


def _named(call: Call, failed: str) -> Storage:
    name = call.text("storage")
    storage = call.world.storages.get(name)
    if storage is None:
        raise ApiError.internal(f"{failed}: storage '{name}' does not exist")
    return storage


def _sent(call: Call) -> dict[str, object]:
    return {key: value for key, value in call.params.items() if key not in _APART}


def _check(kind: StorageType, values: Mapping[str, object]) -> None:
    for key in sorted(values):
        if not kind.knows(key):
            raise ApiError.internal(f"unexpected property '{key}'")
    if "content" in values:
        check_content(kind, frozenset(split_list(str(values["content"]))))


def _check_fixed(kind: StorageType, values: Mapping[str, object]) -> None:
    for key in sorted(values.keys() & (kind.fixed | kind.needed)):
        raise ApiError.internal(f"can't change value of fixed parameter '{key}'")


def _check_deletes(kind: StorageType, deletes: Iterable[str], values: Mapping[str, object]) -> None:
    for key in deletes:
        if not kind.knows(key):
            raise ApiError.internal(f"no such option '{key}'")
        if key in kind.needed:
            raise ApiError.internal(f"unable to delete required option '{key}'")
        if key in kind.fixed:
            raise ApiError.internal(f"unable to delete fixed option '{key}'")
        if key in values:
            raise ApiError.internal(f"cannot set and delete property '{key}' at the same time!")


def _put(storage: Storage, values: Mapping[str, object]) -> None:
    for key, value in values.items():
        match key:
            case "content":
                storage.content = frozenset(split_list(str(value)))
            case "nodes":
                storage.nodes = frozenset(split_list(str(value)))
            case "shared":
                storage.shared = bool(value)
            case "disable":
                storage.disabled = bool(value)
            case "path":
                storage.path = str(value)
            case "pool":
                storage.pool = str(value)
            case _ if key not in SECRETS:
                storage.options = {**storage.options, key: value}
            case _:
                continue


def _complete(storage: Storage) -> None:
    """Fill in where the storage shows in the file systems of the nodes."""
    if storage.type == "zfspool":
        storage.options = {"mountpoint": f"/{storage.pool}", **storage.options}
    if storage.type in _MOUNTED and storage.path is None:
        storage.path = f"/mnt/pve/{storage.id}"


def _drop(storage: Storage, kind: StorageType, deletes: Iterable[str]) -> None:
    for key in deletes:
        match key:
            case "content":
                storage.content = kind.usual
            case "nodes":
                storage.nodes = None
            case "shared":
                storage.shared = kind.shared
            case "disable":
                storage.disabled = False
            case "pool":
                storage.pool = None
            case _:
                storage.options = {name: value for name, value in storage.options.items() if name != key}


def _room(world: World, storage: Storage) -> tuple[int, int]:
    """The size and the use of a new storage: those of the disk that another of its sort lies on already."""
    for other in world.storages.values():
        same_pool = other.pool is not None and other.pool == storage.pool
        same_disk = storage.type == other.type == "dir"
        if same_pool or same_disk:
            return other.total, other.used
    return FRESH_BYTES, 0
