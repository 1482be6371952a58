"""Disks and pools of a node: /nodes/{node}/disks and /scan, as a state tells them or as the storages imply."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.environment import told
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.volumes import Storage

_DISK: dict[str, object] = {
    "devpath": "/dev/sda",
    "gpt": 1,
    "health": "PASSED",
    "model": "setpoint-lab",
    "mounted": 0,
    "osdid": -1,
    "osdid-list": None,
    "rpm": 0,
    "serial": "unknown",
    "type": "ssd",
    "used": "ZFS",
    "vendor": "ATA",
    "wearout": 100,
    "wwn": "unknown",
}
SMALLEST_DISK = 32 << 30


def _pools(call: Call) -> dict[str, Storage]:
    """The storages of the node that are pools, by the name of the whole pool."""
    return {
        storage.pool.partition("/")[0]: storage
        for storage in call.world.storages.values()
        if storage.type == "zfspool" and storage.pool and storage.available_on(call.text("node"))
    }


@route("GET", "/nodes/{node}/scan/zfs")
async def scan_pools(call: Call) -> object:
    """The pools and datasets that a storage could be made of."""
    known = told(call.world, "zfs scan")
    if known is not None:
        return known
    rows = {
        name: {"pool": name, "size": storage.total, "free": storage.total - storage.used}
        for pool, storage in _pools(call).items()
        for name in (pool, str(storage.pool))
    }
    return call.world.shuffled(rows.values())


@route("GET", "/nodes/{node}/disks/zfs")
async def list_pools(call: Call) -> object:
    """The pools with their sizes."""
    return told(call.world, "zfs pools") or [
        {
            "name": name,
            "size": storage.total,
            "alloc": storage.used,
            "free": storage.total - storage.used,
            "frag": 0,
            "dedup": 1,
            "health": "ONLINE",
        }
        for name, storage in _pools(call).items()
    ]


@route("GET", "/nodes/{node}/disks/zfs/{name}")
async def read_pool(call: Call) -> object:
    """One pool with the devices that it is made of."""
    name = call.text("name")
    known = told(call.world, f"zfs pool {name}")
    if known is not None:
        return known
    if name not in _pools(call):
        raise ApiError.internal(f"cannot open '{name}': no such pool")
    good: dict[str, object] = {"state": "ONLINE", "read": 0, "write": 0, "cksum": 0, "msg": ""}
    device = {"name": "sda3", "leaf": 1, **good}
    top = {"name": name, "leaf": 0, "children": [device], **good}
    return {
        "name": name,
        "state": "ONLINE",
        "leaf": 0,
        "errors": "No known data errors",
        "children": [top],
    }


@route("GET", "/nodes/{node}/disks/list")
async def list_disks(call: Call) -> object:
    """The disks of the node."""
    size = max((storage.total for storage in _pools(call).values()), default=SMALLEST_DISK)
    return told(call.world, "disks") or [{**_DISK, "size": size}]
