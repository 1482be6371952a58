"""The load of a VM over time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.load_points import load_points
from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.guest import Vm


@route("GET", "/nodes/{node}/qemu/{vmid}/rrddata")
async def read_load(call: Call) -> object:
    """One row per point in time since the VM was made."""
    vm = requested_vm(call)
    return load_points(call, vm, _made(vm))


def _made(vm: Vm) -> int:
    found = re.search(r"(?:^|,)ctime=(\d+)", vm.load().current.get("meta", ""))
    return int(found[1]) if found else 0
