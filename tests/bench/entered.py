"""A NetBox in which the VMs of `canned` are entered, each with an interface, an address and a disk."""

from __future__ import annotations

from typing import Any

from tests.bench import canned
from tests.systems.netbox.ground import STATE

TAG = "setpoint"
STORED = {"setpoint_node": "virtualization.virtualmachine", "setpoint_storage": "virtualization.virtualdisk"}
"""Custom fields, and what has them."""
FAR, NEAR = "far", "near"
"""The clusters: one in the daemon's memory that holds nearly all, and one that is emulated and takes writes."""


def entered(size: int, near: int, far: int) -> dict[str, Any]:
    """A state of the emulator with `size` tagged VMs.

    The first `far` are in the far cluster and the last `near` in the near one; those between are planned only.
    """
    number = range(1, size + 1)
    objects: dict[str, list[dict[str, Any]]] = {
        "extras/tags": [{"id": 1, "name": TAG, "slug": TAG}],
        "extras/custom-fields": [
            {"id": n, "name": name, "type": "text", "object_types": [kind]}
            for n, (name, kind) in enumerate(STORED.items(), 1)
        ],
        "virtualization/cluster-types": [{"id": 1, "name": "Proxmox VE", "slug": "proxmox-ve"}],
        "virtualization/clusters": [
            {"id": n, "name": name, "type": 1} for n, name in enumerate((FAR, NEAR), 1)
        ],
        "virtualization/virtual-machines": [
            _machine(n, 2 if n > size - near else 1, "planned" if far < n <= size - near else "active")
            for n in number
        ],
        "virtualization/interfaces": [{"id": n, "virtual_machine": n, "name": "net0"} for n in number],
        "virtualization/virtual-disks": [_disk(n) for n in number],
        "ipam/ip-addresses": [_address(n) for n in number],
    }
    return {"objects": {**STATE["objects"], **objects}}


def _machine(number: int, cluster: int, status: str) -> dict[str, Any]:
    """The ids of NetBox begin with 1, the numbers of `canned` with 0."""
    told = {"status": status, "start_on_boot": "on", "vcpus": 2, "memory": 2048, "disk": 20480}
    fields = {"setpoint_node": canned.node(number - 1)}
    name = canned.name(number - 1)
    return {
        "id": number,
        "name": name,
        "cluster": cluster,
        "tags": [TAG],
        "custom_fields": fields,
        **told,
    }


def _disk(number: int) -> dict[str, Any]:
    fields = {"setpoint_storage": "local-zfs"}
    return {"id": number, "virtual_machine": number, "name": "scsi0", "size": 20480, "custom_fields": fields}


def _address(number: int) -> dict[str, Any]:
    address = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}/8"
    owner = {"assigned_object_type": "virtualization.vminterface", "assigned_object_id": number}
    return {"id": number, "address": address, **owner}
