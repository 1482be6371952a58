"""Permissions that VMs and containers ask for in the same way: on the guest or its pool, on volumes, on bridges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.sdn.access import bridge_path
from setpoint_lab.proxmox.volume_names import parse_name, storage_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.call import Call


def check_volume(call: Call, vmid: int, volid: str) -> None:
    """Raise unless the user may use an existing volume for the VM."""
    if volid.startswith("/"):
        if not call.is_root:
            place = "/usr/share/perl5/PVE/Storage.pm line 651."
            raise ApiError.internal(f"Only root can pass arbitrary filesystem paths. at {place}")
        return
    storage = storage_of(call.world, volid)
    name = parse_name(storage, volid.partition(":")[2])
    path = f"/storage/{storage.id}"
    if call.allowed(path, "Datastore.Allocate"):
        return
    if name.kind in {"iso", "vztmpl", "import"}:
        call.require(path, "Datastore.AllocateSpace", "Datastore.Audit", any_of=True)
    elif name.owner is None:
        raise ApiError.internal(f"missing privileges to access {volid}")
    elif name.owner != vmid:
        call.require(path, "Datastore.Audit")
        call.require(f"/vms/{name.owner}", "VM.Config.Disk")


def require_guest(call: Call, vmid: int, pool: str | None, *privs: str) -> None:
    """Raise unless the user has one of the privileges on the VM, or on the pool that it is put into."""
    if pool is not None and any(call.allowed(f"/pool/{pool}", priv) for priv in privs):
        return
    call.require(f"/vms/{vmid}", *privs, any_of=True)


def require_bridge(call: Call, net: Mapping[str, str]) -> None:
    """Raise unless the user may use the bridge of a card."""
    if "bridge" in net:
        call.require(bridge_path(call.world, net["bridge"], net.get("tag")), "SDN.Use")


def check_pool(call: Call, pool: str | None) -> None:
    """Raise when a guest is to be put into a pool that does not exist."""
    if pool is not None and pool not in call.world.pools:
        raise ApiError.forbidden(f"pool '{pool}' does not exist")


def require_creation(call: Call, vmid: int, pool: str | None) -> None:
    """Raise unless the user may make a guest of that number, or any in the pool."""
    allowed = call.allowed(f"/vms/{vmid}", "VM.Allocate")
    if not allowed and not (pool is not None and call.allowed(f"/pool/{pool}", "VM.Allocate")):
        raise ApiError.forbidden()
