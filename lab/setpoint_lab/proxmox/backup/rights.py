"""Who may set which option of a backup, be it of a job or of a single run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_ROOT_ONLY = ("tmpdir", "dumpdir", "script")
_MODIFIERS = ("bwlimit", "ionice", "performance")


def check_backup_options(call: Call) -> None:
    """Raise unless the user may set the options that the request has; a pool must exist and be theirs to back up."""
    for key in _ROOT_ONLY:
        if key in call.params and not call.is_root:
            raise ApiError.parameters({key: "Only root may set this option."})
    if call.params.keys() & set(_MODIFIERS):
        call.require("/", "Sys.Modify")
    storage, pool = call.text_or_none("storage"), call.text_or_none("pool")
    if storage is not None:
        call.require(f"/storage/{storage}", "Datastore.AllocateSpace")
        if "prune-backups" in call.params:
            call.require(f"/storage/{storage}", "Datastore.Allocate")
    if pool is not None:
        if pool not in call.world.pools:
            raise ApiError.forbidden(f"pool '{pool}' does not exist")
        call.require(f"/pool/{pool}", "VM.Backup")
