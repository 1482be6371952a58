"""What lies on a storage: /nodes/{node}/storage/{storage}/content; neighbours: `storages`, `volume_access`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_access import may_access, require_access
from setpoint_lab.proxmox.volumes import Volume, path_of, volume_path

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.volumes import Storage
    from setpoint_lab.proxmox.world import World

_PATH = "/nodes/{node}/storage/{storage}/content"
_ONE = f"{_PATH}/{{volume}}"
_SIZE = re.compile(r"^(\d+(?:\.\d+)?)([KMGT])?$")
_UNITS = {None: 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_DATASETS = frozenset({"zfspool", "lvm", "lvmthin", "rbd", "iscsi"})
_OWNER = re.compile(
    r"^(?:(?:\d+/)?(?:(?:base|basevol)-\d+-[^/]+/)?(?:vm|base|subvol|basevol)-(\d+)-|backup/vzdump-\w+-(\d+)-)"
)
_SECTOR = 512
REMOVE_SECONDS = 0.3


@route("GET", _PATH)
async def list_content(call: Call) -> object:
    """The volumes and files that the user may see."""
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    kind, vmid = call.text_or_none("content"), call.params.get("vmid")
    rows = [
        _row(volume, files=storage.type not in _DATASETS)
        for volume in call.world.volumes.on(storage.id, None if storage.shared else call.text("node"))
        if kind in {None, volume.content}
        and vmid in {None, volume.vmid}
        and volume.volid not in call.world.missing_devices
        and may_access(call, volume)
    ]
    return call.world.shuffled(rows)


def _row(volume: Volume, *, files: bool) -> dict[str, object]:
    row: dict[str, object] = {
        "volid": volume.volid,
        "content": volume.content,
        "format": volume.format,
        "size": volume.size,
    }
    image = volume.content in {"images", "rootdir"}
    if image:
        row["parent"] = volume.parent
    if image and not files:
        row["name"] = volume.name.rpartition("/")[2]
    if files:
        row["ctime"] = volume.ctime or 0
    if image and files:
        row["used"] = min(volume.size, 4096)
    if volume.vmid is not None:
        row["vmid"] = volume.vmid
    return row | dict(volume.options)


def _volid(call: Call) -> str:
    """The id of the volume that the path names, with or without its storage."""
    storage, name = call.text("storage"), call.text("volume")
    found = re.match(r"^([A-Za-z][A-Za-z0-9\-_.]*[A-Za-z0-9]):(.+)$", name)
    if found is None:
        return f"{storage}:{name}"
    if found[1] != storage:
        raise ApiError.internal(f"storage ID missmatch ('{found[1]}' != '{storage}')")
    return name


@route("GET", _ONE)
async def read_volume(call: Call) -> object:
    """One volume: where it lies and how large it is."""
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    volid = _volid(call)
    volume = call.world.volumes.find(volid, None if storage.shared else call.text("node"))
    if volume is None:
        raise ApiError.internal(f"volume_size_info on '{volid}' failed - no such volume")
    require_access(call, volume)
    kept = {key: value for key, value in volume.options.items() if key in {"notes", "protected"}}
    image = volume.content in {"images", "rootdir"}
    return {
        "path": volume_path(storage, volume),
        "size": volume.size if image else -(-volume.size // _SECTOR) * _SECTOR,
        "used": min(volume.size, 57344) if image else volume.size,
        "format": volume.format if image else "raw",
        **kept,
    }


@route("PUT", _ONE)
async def update(call: Call) -> object:
    """Change the notes of a backup, or protect it from removal."""
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    volid = _volid(call)
    volume = _existing(call, storage, volid)
    require_access(call, volume)
    for key in sorted({"notes", "protected"} & call.params.keys()):
        if volume.content != "backup":
            text = (
                "only backups can have notes" if key == "notes" else f"only backups support attribute '{key}'"
            )
            raise ApiError.internal(text)
        others = {name: value for name, value in volume.options.items() if name != key}
        value = call.params[key]
        volume.options = {**others, key: value} if value not in {0, ""} else others
        call.world.changed()
    return None


def _existing(call: Call, storage: Storage, volid: str) -> Volume:
    volume = call.world.volumes.find(volid, None if storage.shared else call.text("node"))
    if volume is None:
        raise ApiError.internal(f"volume '{volid}' does not exist")
    return volume


@route("POST", _PATH)
async def allocate(call: Call) -> object:
    """A new empty volume of a guest; `size` is in KiB unless it has a unit."""
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    vmid, name, text = call.integer("vmid"), call.text("filename"), call.text("size")
    size = _SIZE.match(text)
    if size is None:
        raise ApiError.parameters({"size": f"unable to parse size '{text}'"})
    if re.match(rf"^(?:vm|base|subvol|basevol)-{vmid}-\S+$", name) is None:
        raise ApiError.internal(f"illegal name '{name}' - should be 'vm-{vmid}-*'")
    form = call.text("format", "raw")
    volid = f"{storage.id}:{name}" if storage.type in _DATASETS else f"{storage.id}:{vmid}/{name}"
    if call.world.volumes.find(volid, call.text("node")) is not None:
        raise ApiError.internal(f"volume '{volid}' already exists")
    count = int(float(size[1]) * _UNITS[size[2]])
    content = "rootdir" if form == "subvol" else "images"
    now = int(call.world.clock.now())
    call.world.volumes.add(Volume(volid, call.text("node"), content, form, count, vmid, None, now))
    return volid


@route("DELETE", _ONE)
async def remove(call: Call) -> object:
    """Remove a volume in a task; with `delay`, nothing is answered when it ends within so many seconds."""
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    volid, node = _volid(call), call.text("node")
    owner = owner_of(volid)
    _require_removal(call, storage, volid, owner)

    async def body(log: TaskLog) -> None:
        await call.world.clock.sleep(REMOVE_SECONDS)
        free(call.world, storage, volid, node, log)
        log(f"Removed volume '{volid}'")

    ident = f"{owner}@{storage.id}" if owner else storage.id
    upid = call.world.tasks.start(call, node, "imgdel", ident, body)
    if "delay" in call.params:
        await call.world.clock.sleep(min(float(call.integer("delay")), 2 * REMOVE_SECONDS))
        task = call.world.tasks.find(upid)
        if task is not None and task.exitstatus == "OK":
            return None
    return upid


def _require_removal(call: Call, storage: Storage, volid: str, owner: int | None) -> None:
    """A backup goes by the hand of who may make one of that guest, everything else by that of the storage's admin."""
    path = f"/storage/{storage.id}"
    if volid.startswith(f"{storage.id}:backup/") and owner is not None:
        call.require(path, "Datastore.AllocateSpace")
        call.require(f"/vms/{owner}", "VM.Backup")
    else:
        call.require(path, "Datastore.Allocate")


def owner_of(volid: str) -> int | None:
    """The guest that the name of a volume or backup tells."""
    found = _OWNER.match(volid.partition(":")[2])
    return int(found[1] or found[2]) if found else None


def free(world: World, storage: Storage, volid: str, node: str, log: TaskLog) -> None:
    """Remove a volume or file; one that is gone already is told and no error.

    Raises:
        TaskError: it is protected.
    """
    volume = world.volumes.find(volid, None if storage.shared else node)
    name = volid.partition(":")[2]
    if volume is None:
        if storage.path is not None:
            log(f"disk image '{path_of(storage, name)}' does not exist")
        return
    if volume.options.get("protected"):
        raise TaskError(f"cannot remove protected volume '{name}' on '{storage.id}'")
    world.volumes.remove(volume)
