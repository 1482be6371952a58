"""/nodes/{node}/vzdump: back guests up now, what is done when nothing is said, and the config in an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.backup.archive import extracted_config
from setpoint_lab.proxmox.backup.dump import DEFAULT_STORAGE, Dump, back_up_all, target_storage
from setpoint_lab.proxmox.backup.rights import check_backup_options
from setpoint_lab.proxmox.backup.selection import check_options, chosen_vmids
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.handlers.storages import VIEWERS, usable_storage
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.volume_access import require_access
from setpoint_lab.proxmox.volumes import path_of

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.tasks import TaskLog

_PATH = "/nodes/{node}/vzdump"
_FOR_AUDITORS = ("dumpdir", "mailto", "script", "tmpdir")
_DEFAULTS: dict[str, object] = {
    "all": 0,
    "bwlimit": 0,
    "compress": "0",
    "fleecing": {"enabled": 0},
    "ionice": 7,
    "lockwait": 180,
    "mailnotification": "always",
    "mode": "snapshot",
    "notification-mode": "auto",
    "performance": {"max-workers": 16, "pbs-entries-max": 1_048_576},
    "pigz": 0,
    "prune-backups": "keep-all=1",
    "quiet": 0,
    "remove": 1,
    "stdexcludes": 1,
    "stop": 0,
    "stopwait": 10,
    "zstd": 1,
}


@route("POST", _PATH)
async def start_dump(call: Call) -> object:
    """Back up guests of this node in one task; those that run elsewhere are passed over in silence."""
    options = {key: value for key, value in call.params.items() if key not in {"node", "job-id"}}
    if call.flag("stdout"):
        text = "option is only allowed on the command line interface."
        raise ApiError.parameters({"stdout": text})
    check_backup_options(call)
    check_options(options)
    world, node = call.world, call.text("node")
    call.require(f"/storage/{call.text('storage', DEFAULT_STORAGE)}", "Datastore.AllocateSpace")
    vmids = [
        vmid
        for vmid in chosen_vmids(world, options)
        if vmid not in world.guests or world.guests[vmid].node == node
    ]
    if not vmids and not options.get("all"):
        return "OK"

    async def body(log: TaskLog) -> None:
        await back_up_all(Dump(call, options | {"node": node}, target_storage(call, options), log), vmids)

    return world.tasks.start(call, node, "vzdump", str(vmids[0]) if len(vmids) == 1 else "", body)


@route("GET", f"{_PATH}/defaults")
async def read_defaults(call: Call) -> object:
    """What a backup does when nothing is said, with what the storage says of it."""
    node = call.text("node")
    storage = usable_storage(call.world, call.text("storage", DEFAULT_STORAGE), node)
    call.require(f"/storage/{storage.id}", *sorted(VIEWERS, reverse=True), any_of=True)
    found = {**_DEFAULTS, "storage": storage.id}
    if storage.path is not None:
        found["dumpdir"] = path_of(storage, "backup/").rstrip("/")
    if "prune-backups" in storage.options:
        found["prune-backups"] = storage.options["prune-backups"]
    hidden = () if call.allowed(f"/nodes/{node}", "Sys.Audit") else _FOR_AUDITORS
    return {key: value for key, value in found.items() if key not in hidden}


@route("GET", f"{_PATH}/extractconfig")
async def extract_config(call: Call) -> object:
    """The config of the guest that an archive holds."""
    volid, node = call.text("volume"), call.text("node")
    storage = usable_storage(call.world, volid.partition(":")[0], node)
    volume = call.world.volumes.find(volid, None if storage.shared else node)
    if volume is None:
        raise ApiError.internal(f"volume '{volid}' does not exist")
    require_access(call, volume)
    return extracted_config(volume)
