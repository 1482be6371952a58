"""/nodes/{node}/storage/{storage}/prunebackups: what would go, and letting it go; neighbour: `retention`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.backup.archive import as_backup, backups_on, group_of, keeping
from setpoint_lab.proxmox.backup.retention import mark_backups
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.handlers.volumes import free
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog
    from setpoint_lab.proxmox.volumes import Storage, Volume
    from setpoint_lab.proxmox.world import World

_PATH = "/nodes/{node}/storage/{storage}/prunebackups"
REMOVE_SECONDS = 0.1

Group = tuple[str, int]


@route("GET", _PATH)
async def plan_prune(call: Call) -> object:
    """What becomes of each backup by the rules of the request, or else of the storage."""
    storage, keep = _asked(call)
    marks = marked(call.world, storage, call.text("node"), keep)
    rows = [_row(volume, marks[volume.volid]) for volume in _wanted(call, storage)]
    return sorted(rows, key=lambda row: (str(row["type"]), str(row.get("vmid")), str(row["ctime"])))


@route("DELETE", _PATH)
async def prune(call: Call) -> object:
    """Remove in a task what the rules do not keep."""
    storage, keep = _asked(call)
    path, vmid = f"/storage/{storage.id}", call.params.get("vmid")
    if vmid is not None and call.allowed(path, "Datastore.AllocateSpace"):
        call.require(f"/vms/{vmid}", "VM.Backup")
    else:
        call.require(path, "Datastore.Allocate")

    async def body(log: TaskLog) -> None:
        marks = marked(call.world, storage, call.text("node"), keep)
        for volume in _wanted(call, storage):
            if marks[volume.volid] == "remove":
                log(f"removing backup '{volume.volid}'")
                await call.world.clock.sleep(REMOVE_SECONDS)
                free(call.world, storage, volume.volid, volume.node, log)

    ident = storage.id if vmid is None else f"{vmid}@{storage.id}"
    return call.world.tasks.start(call, call.text("node"), "prunebackups", ident, body)


def marked(world: World, storage: Storage, node: str, keep: Mapping[str, int]) -> dict[str, str]:
    """What becomes of each backup on the storage, by volid; those of each guest are judged by themselves."""
    groups: dict[Group | None, list[Volume]] = {}
    for volume in backups_on(world, storage, node):
        groups.setdefault(group_of(volume), []).append(volume)
    marks: dict[str, str] = {}
    for volumes in groups.values():
        marks |= mark_backups([as_backup(volume) for volume in volumes], keep)
    return marks


def _asked(call: Call) -> tuple[Storage, dict[str, int]]:
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    return storage, keeping(call.params.get("prune-backups", storage.options.get("prune-backups")))


def _wanted(call: Call, storage: Storage) -> list[Volume]:
    kind, vmid = call.text_or_none("type"), call.params.get("vmid")
    found = backups_on(call.world, storage, call.text("node"))
    return [
        volume
        for volume in found
        if vmid in {None, (group_of(volume) or ("", volume.vmid))[1]}
        and kind in {None, (group_of(volume) or ("unknown", 0))[0]}
    ]


def _row(volume: Volume, mark: str) -> dict[str, object]:
    group = group_of(volume)
    row: dict[str, object] = {
        "volid": volume.volid,
        "ctime": volume.ctime or 0,
        "mark": mark,
        "type": group[0] if group else "unknown",
    }
    return row | ({"vmid": group[1]} if group else {})
