"""The load of a VM over time, from a machine that is always idle."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.qemu.config_calls import requested_vm
from setpoint_lab.proxmox.qemu.figures import sample
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.qemu.guest import Vm

_SPANS = {
    "hour": (60, 60),
    "day": (60, 1440),
    "week": (1800, 336),
    "month": (1800, 1440),
    "year": (21600, 1460),
}
"""Seconds between two points, and how many there are."""

_FIGURES = ("cpu", "maxcpu", "mem", "maxmem", "disk", "maxdisk", "netin", "netout", "diskread", "diskwrite")


@route("GET", "/nodes/{node}/qemu/{vmid}/rrddata")
async def read_load(call: Call) -> object:
    """One row per point in time; before the VM was made a row has nothing but its time."""
    vm = requested_vm(call)
    step, count = _SPANS[call.text("timeframe")]
    last = int(call.world.clock.now()) // step * step
    figures = sample(vm)
    born = _made(vm)
    return [
        {"time": at} | ({key: figures[key] for key in _FIGURES} if at >= born else {})
        for at in range(last - (count - 1) * step, last, step)
    ]


def _made(vm: Vm) -> int:
    found = re.search(r"(?:^|,)ctime=(\d+)", vm.load().current.get("meta", ""))
    return int(found[1]) if found else 0
