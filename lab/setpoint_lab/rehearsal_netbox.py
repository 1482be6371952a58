"""The emulated NetBox of the rehearsal: a few machines that are entered there, and the fields in which it is told how they stand."""

from __future__ import annotations

from typing import Any

CLUSTER = "lab"
TAG = "setpoint"
KEY = "rehearsal000"
"""The public part of tokens; the other is a secret."""
MACHINE = "virtualization.virtualmachine"
WRITTEN = {
    "setpoint_phase": "text",
    "setpoint_message": "text",
    "setpoint_observed_hash": "text",
    "setpoint_addresses": "text",
    "setpoint_drift": "text",
    "pve_vmid": "integer",
    "pve_node": "text",
}
"""The custom fields that the daemon writes, and their types."""
READ = {"setpoint_storage": "text", "setpoint_bridge": "text", "setpoint_node": "text"}
"""Custom fields in which people say more than NetBox has a place for."""


def token_of(secret: str) -> str:
    """What stands behind the keyword of the Authorization header."""
    return f"nbt_{KEY}.{secret}"


def first_netbox(secret: str) -> dict[str, Any]:
    """The state in which the emulator begins; `secret` is that of the one token, 40 characters."""
    return {
        "objects": {
            "users/users": [{"id": 1, "username": "you", "is_superuser": True, "is_active": True}],
            "users/tokens": [{"id": 1, "user": 1, "version": 2, "key": KEY, "token": secret}],
            "extras/tags": [{"id": 1, "name": "Setpoint", "slug": TAG}],
            "extras/custom-fields": [
                _field(number, name, kind) for number, (name, kind) in enumerate((WRITTEN | READ).items(), 1)
            ],
            "dcim/device-roles": [{"id": 1, "name": "Shop", "slug": "shop", "vm_role": True}],
            "virtualization/cluster-types": [{"id": 1, "name": "Proxmox VE", "slug": "proxmox-ve"}],
            "virtualization/clusters": [{"id": 1, "name": CLUSTER, "type": 1}],
            "virtualization/virtual-machines": [
                _machine(1, "shop01", "active", vcpus=2, memory=1024, description="Sells things."),
                _machine(2, "shop02", "staged", vcpus=1, memory=512, description="Will sell things."),
            ],
        }
    }


def _field(number: int, name: str, kind: str) -> dict[str, Any]:
    """A custom field of machines, hidden nowhere; people edit only those that are read."""
    written = name in WRITTEN
    return {
        "id": number,
        "name": name,
        "type": kind,
        "object_types": [MACHINE],
        "group_name": "setpoint",
        "ui_editable": "no" if written else "yes",
        "is_cloneable": not written,
    }


def _machine(number: int, name: str, status: str, **fields: object) -> dict[str, Any]:
    return {"id": number, "name": name, "status": status, "cluster": 1, "role": 1, "tags": [TAG], **fields}
