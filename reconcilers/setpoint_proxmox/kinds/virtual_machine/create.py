"""The step that makes a VM: one call that carries id, name and mark, so that nothing is ever half ours."""

from __future__ import annotations

from typing import Final

from setpoint.model.diff import MISSING, Change
from setpoint.model.kind import Planning
from setpoint.model.plan import Step
from setpoint.model.tree import Json, Tree, leaves
from setpoint_proxmox.allocate import free_vmid
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.clone import cloned
from setpoint_proxmox.guest.plan import no_node
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.guest.words import MACHINE
from setpoint_proxmox.kinds.virtual_machine.edit import edited, unbootable
from setpoint_proxmox.kinds.virtual_machine.project import declare
from setpoint_proxmox.kinds.virtual_machine.spec import DEFAULT_MEMORY, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.kinds.virtual_machine.volumes import refusals
from setpoint_proxmox.mark import TAG
from setpoint_proxmox.sizes import MIB

Context = Planning[VirtualMachineSpec, VmState]

HARDWARE: Final[dict[str, str]] = {
    "ostype": "l26",
    "scsihw": "virtio-scsi-single",
    "cpu": "x86-64-v2-AES",
}
"""What an admin would choose for a Linux guest today; compared with nothing later."""


def create(changes: tuple[Change, ...], planning: Context) -> Step:
    """Make the VM, switched off; the id is reserved before when none is known yet."""
    facts: Facts = planning.facts
    clone = planning.spec.clone
    if clone is not None:
        return cloned(clone, changes, planning, MACHINE)
    node = planning.spec.node or (next(iter(facts.nodes)) if len(facts.nodes) == 1 else None)
    if node not in facts.nodes:
        return no_node(node, changes, facts)
    return _from_nothing(str(node), changes, planning)


def _from_nothing(node: str, changes: tuple[Change, ...], planning: Context) -> Step:
    spec, name = planning.spec, planning.owner.key.name
    vm = VmState(_vmid(planning), node, coming=HARDWARE)
    wanted = [Change(path, value, MISSING) for path, value in leaves(declare(spec)) if path != "/description"]
    if spec.cloud_init is not None and spec.cloud_init.password is not None:
        wanted.append(Change("/cloudInit/password", "", MISSING))
    refused = next(iter(refusals(wanted, vm, spec).values()), unbootable(wanted, vm, spec))
    if refused is not None:
        return refused
    edit = edited(wanted, vm, planning)
    config: dict[str, Json] = {
        "name": name,
        "cores": 1,
        "memory": DEFAULT_MEMORY // MIB,
        "tags": TAG,
        **HARDWARE,
        **edit.config,
    }
    if spec.pool:
        config["pool"] = spec.pool
    arguments: Tree = {
        "node": node,
        "config": {option: value for option, value in config.items() if option not in edit.delete},
        "description": spec.description,
    }
    if edit.secrets:
        arguments["secrets"] = dict[str, Json](edit.secrets)
    return Step(
        "create",
        f"create VM {name} on node {node}",
        changes,
        arguments=arguments,
        reserve=free_vmid(planning.facts) if planning.identity is None else None,
        scopes=scopes(planning.facts, node, *edit.storages),
    )


def _vmid(planning: Context) -> int:
    return 0 if planning.identity is None else int(str(planning.identity["vmid"]))
