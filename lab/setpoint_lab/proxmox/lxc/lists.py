"""The list of a node's containers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.lxc import figures
from setpoint_lab.proxmox.lxc.container import Container
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call


@route("GET", "/nodes/{node}/lxc")
async def list_containers(call: Call) -> object:
    """The containers of the node that the user may see, in a random order."""
    found = [guest for guest in call.world.guests.values() if isinstance(guest, Container)]
    return call.world.shuffled(
        figures.row(container)
        for container in found
        if container.node == call.text("node") and call.allowed(f"/vms/{container.vmid}", "VM.Audit")
    )
