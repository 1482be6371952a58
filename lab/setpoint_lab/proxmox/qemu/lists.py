"""The list of a node's VMs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.qemu import figures
from setpoint_lab.proxmox.qemu.guest import Vm
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call


@route("GET", "/nodes/{node}/qemu")
async def list_vms(call: Call) -> object:
    """The VMs of the node that the user may see, in a random order."""
    found = [guest for guest in call.world.guests.values() if isinstance(guest, Vm)]
    return call.world.shuffled(
        figures.row(vm)
        for vm in found
        if vm.node == call.text("node") and call.allowed(f"/vms/{vm.vmid}", "VM.Audit")
    )
