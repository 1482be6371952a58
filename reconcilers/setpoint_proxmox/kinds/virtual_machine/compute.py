"""The relative sizes of a VM, by the node that it is on or will be made on, and what they cannot stand beside."""

from __future__ import annotations

from setpoint.model.plan import Obstacle, Step
from setpoint.model.quantity import format_bytes
from setpoint.model.tree import Pointer
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.compute import Rules, computer, made_on
from setpoint_proxmox.kinds.virtual_machine.create import source_of
from setpoint_proxmox.kinds.virtual_machine.project import project
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec


def _where(spec: VirtualMachineSpec, facts: Facts) -> str | Obstacle:
    if spec.clone is None or spec.node is not None:
        return made_on(spec.node, facts)
    found = source_of(spec.clone, facts, ())
    if isinstance(found, Step):
        assert found.obstacle is not None  # noqa: S101  # a source that is not found is one
        return found.obstacle
    return found.node


def _conflict(spec: VirtualMachineSpec) -> dict[Pointer, Obstacle]:
    """A guest cannot keep more memory than it has, and Proxmox refuses the whole write."""
    if not (isinstance(spec.memory, int) and spec.balloon and spec.balloon > spec.memory):
        return {}
    least = format_bytes(spec.balloon)
    why = f"memory comes to {format_bytes(spec.memory)}, and balloon keeps {least} of it"
    both = Obstacle(why, f"lower spec.balloon, or set spec.memory.min to {least}")
    return {"/memory": both, "/balloon": both}


compute = computer(project, Rules(_where, _conflict))
