"""What lies on a storage: /nodes/{node}/storage/{storage}/content; neighbours: `storages`, `volume_access`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError, TaskError
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_access import may_access, require_access
from setpoint_lab.proxmox.volumes import Volume, volume_path

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog

_PATH = "/nodes/{node}/storage/{storage}/content"
_ONE = f"{_PATH}/{{volume}}"
_SIZE = re.compile(r"^(\d+(?:\.\d+)?)([KMGT])?$")
_UNITS = {None: 1 << 10, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}
_DATASETS = frozenset({"zfspool", "lvm", "lvmthin", "rbd", "iscsi"})
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
    return {
        "path": volume_path(storage, volume),
        "size": volume.size,
        "used": min(volume.size, 57344),
        "format": volume.format,
        **kept,
    }


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
    owner = re.match(r"^(?:\d+/)?(?:vm|base|subvol|basevol)-(\d+)-", volid.partition(":")[2])
    call.require(f"/storage/{storage.id}", "Datastore.Allocate")

    async def body(log: TaskLog) -> None:
        await call.world.clock.sleep(REMOVE_SECONDS)
        volume = call.world.volumes.find(volid, node)
        if volume is not None and volume.options.get("protected"):
            raise TaskError(f"unable to remove protected volume '{volid}'")
        if volume is not None:
            call.world.volumes.remove(volume)
        log(f"Removed volume '{volid}'")

    ident = f"{owner[1]}@{storage.id}" if owner else storage.id
    upid = call.world.tasks.start(call, node, "imgdel", ident, body)
    if "delay" in call.params:
        await call.world.clock.sleep(min(float(call.integer("delay")), 2 * REMOVE_SECONDS))
        task = call.world.tasks.find(upid)
        if task is not None and task.exitstatus == "OK":
            return None
    return upid
