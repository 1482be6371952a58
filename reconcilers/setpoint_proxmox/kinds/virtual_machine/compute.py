"""The relative sizes of a VM, by the node that it is on or will be made on, and what they cannot stand beside."""

from __future__ import annotations

from setpoint.model.plan import Obstacle
from setpoint.model.quantity import format_bytes
from setpoint.model.tree import Pointer
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.clone import found_on
from setpoint_proxmox.guest.compute import Rules, computer, made_on
from setpoint_proxmox.guest.words import MACHINE
from setpoint_proxmox.kinds.virtual_machine.project import project
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec


def _where(spec: VirtualMachineSpec, facts: Facts) -> str | Obstacle:
    if spec.clone is None or spec.node is not None:
        return made_on(spec.node, facts)
    return found_on(spec.clone, facts, MACHINE)


def _conflict(spec: VirtualMachineSpec) -> dict[Pointer, Obstacle]:
    """A guest cannot keep more memory than it has, and Proxmox refuses the whole write."""
    if not (isinstance(spec.memory, int) and spec.balloon and spec.balloon > spec.memory):
        return {}
    least = format_bytes(spec.balloon)
    why = f"memory comes to {format_bytes(spec.memory)}, and balloon keeps {least} of it"
    both = Obstacle(why, f"lower spec.balloon, or set spec.memory.min to {least}")
    return {"/memory": both, "/balloon": both}


compute = computer(project, Rules(_where, _conflict))
