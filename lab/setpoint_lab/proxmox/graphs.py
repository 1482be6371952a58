"""Pictures of load over time, of which only the file's name is told; neighbour: `load_points`, which has the figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.handlers.storages import usable_storage
from setpoint_lab.proxmox.load_points import FIGURES
from setpoint_lab.proxmox.lxc.container import requested_container
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_FOLDER = "/var/lib/rrdcached/db"
_STORAGE_FIGURES = frozenset({"total", "used"})


@route("GET", "/nodes/{node}/qemu/{vmid}/rrd")
async def draw_vm(call: Call) -> object:
    """The picture of a VM's load."""
    return _drawn(call, f"pve-vm-9.0/{requested_vm(call).vmid}", frozenset(FIGURES))


@route("GET", "/nodes/{node}/lxc/{vmid}/rrd")
async def draw_container(call: Call) -> object:
    """The picture of a container's load."""
    return _drawn(call, f"pve-vm-9.0/{requested_container(call).vmid}", frozenset(FIGURES))


@route("GET", "/nodes/{node}/storage/{storage}/rrd")
async def draw_storage(call: Call) -> object:
    """The picture of a storage's use."""
    storage = usable_storage(call.world, call.text("storage"), call.text("node"))
    return _drawn(call, f"pve-storage-9.0/{call.text('node')}/{storage.id}", _STORAGE_FIGURES)


def _drawn(call: Call, name: str, known: frozenset[str]) -> object:
    wanted = call.items("ds")
    unknown = next((each for each in wanted if each not in known), None)
    if unknown is not None:
        raise ApiError.internal(f"RRD error: No DS called '{unknown}' in '{_FOLDER}/{name}'")
    return {"filename": f"{_FOLDER}/{name}_{'_'.join(wanted)}.png"}
