"""Who may see or use a volume: the rules hang on what it is and on whose guest it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.volumes import Volume


def require_access(call: Call, volume: Volume, vmid: int | None = None) -> None:
    """Raise 403 (or 500, as the real check does) unless the user may use the volume for the guest `vmid`."""
    path = f"/storage/{volume.storage}"
    if call.allowed(path, "Datastore.Allocate"):
        return
    owner = volume.vmid
    if volume.content in {"iso", "vztmpl", "import"}:
        call.require(path, "Datastore.AllocateSpace", "Datastore.Audit", any_of=True)
    elif owner is not None and owner == vmid:
        return
    elif volume.content == "backup" and owner is not None:
        call.require(path, "Datastore.AllocateSpace")
        call.require(f"/vms/{owner}", "VM.Backup")
    elif volume.content in {"images", "rootdir"} and owner is not None:
        call.require(path, "Datastore.Audit")
        call.require(f"/vms/{owner}", "VM.Config.Disk")
    else:
        raise ApiError.internal(f"missing privileges to access {volume.volid}")


def may_access(call: Call, volume: Volume, vmid: int | None = None) -> bool:
    """Whether the user may use the volume for the guest `vmid`."""
    try:
        require_access(call, volume, vmid)
    except ApiError:
        return False
    return True
