"""The step that makes a VM: one call that carries name, id, hardware and mark, so that nothing is ever half ours."""

from __future__ import annotations

from setpoint.model.diff import Change
from setpoint.model.kind import Planning
from setpoint.model.plan import Step, obstructed
from setpoint.model.tree import Json
from setpoint_proxmox.allocate import free_vmid
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.virtual_machine.edit import all_tags, new_disk, new_nic
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.sizes import MIB

HARDWARE: dict[str, Json] = {"ostype": "l26", "scsihw": "virtio-scsi-single"}
"""What an admin would choose for a Linux guest today; compared with nothing later."""


def create(changes: tuple[Change, ...], planning: Planning[VirtualMachineSpec, VmState]) -> Step:
    """Make the VM, switched off; the id is reserved before when none is known yet."""
    facts: Facts = planning.facts
    spec = planning.spec
    node = spec.node or (next(iter(facts.nodes)) if len(facts.nodes) == 1 else None)
    if node not in facts.nodes:
        why = f"node {node} is not in the cluster" if node else "the cluster has several nodes"
        return obstructed(why, f"set spec.node to one of {', '.join(sorted(facts.nodes))}", changes)
    return Step(
        "create",
        f"create VM {planning.owner.key.name} on node {node}",
        changes,
        arguments={
            "node": node,
            "config": _config(planning.owner.key.name, spec),
            "description": spec.description,
        },
        reserve=free_vmid(facts) if planning.identity is None else None,
    )


def _config(name: str, spec: VirtualMachineSpec) -> dict[str, Json]:
    config: dict[str, Json] = {
        "name": name,
        "cores": spec.cores,
        "memory": spec.memory // MIB,
        "tags": all_tags(spec.tags),
        **HARDWARE,
    }
    if spec.onboot:
        config["onboot"] = 1
    config |= {slot: new_disk(disk) for slot, disk in spec.disks.items()}
    return config | {slot: new_nic(nic) for slot, nic in spec.nics.items()}
