"""The step that makes a VM: one call that carries id, name and mark, so that nothing is ever half ours."""

from __future__ import annotations

from typing import Final

from setpoint.model.diff import MISSING, Change
from setpoint.model.kind import Planning
from setpoint.model.plan import Step, obstructed
from setpoint.model.tree import Json, Tree, leaves
from setpoint_proxmox.allocate import free_vmid
from setpoint_proxmox.facts import Facts, Guest
from setpoint_proxmox.guest.plan import no_node
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.kinds.virtual_machine.edit import edited, unbootable
from setpoint_proxmox.kinds.virtual_machine.project import declare
from setpoint_proxmox.kinds.virtual_machine.spec import DEFAULT_MEMORY, VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.spec_cloud import Clone
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
        return _from_source(clone, changes, planning)
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


def _from_source(clone: Clone, changes: tuple[Change, ...], planning: Context) -> Step:
    facts: Facts = planning.facts
    spec, name = planning.spec, planning.owner.key.name
    found = source_of(clone, facts, changes)
    if isinstance(found, Step):
        return found
    to = spec.node or found.node
    if to not in facts.nodes:
        return no_node(to, changes, facts)
    why = bound(clone, found, to, facts)
    if why:
        remedy = f"set spec.node to {found.node}, or put the source's disks on a shared storage"
        return obstructed(why, remedy, changes)
    arguments: Tree = {
        "node": found.node,
        "source": found.vmid,
        "to": to,
        "name": name,
        "description": spec.description,
        "full": not clone.linked,
    }
    optional = {"storage": clone.storage, "pool": spec.pool, "snapshot": clone.snapshot}
    arguments |= {key: value for key, value in optional.items() if value is not None}
    storages = () if clone.storage is None else (clone.storage,)
    return Step(
        "clone",
        f"clone {found.name or 'VM'} ({found.vmid}) as VM {name} on node {to}",
        # Only the copy: whatever else is declared, secrets above all, is still to be sent.
        (Change("/clone", str(clone.source), MISSING, changes[0].cause),),
        arguments=arguments,
        reserve=free_vmid(facts) if planning.identity is None else None,
        scopes=tuple(dict.fromkeys((f"node/{found.node}", *scopes(facts, to, *storages)))),
    )


def source_of(clone: Clone, facts: Facts, changes: tuple[Change, ...]) -> Guest | Step:
    """The guest to copy; a name is looked for among templates only, for other guests may share theirs."""
    wanted = str(clone.source)
    machines = [guest for guest in facts.guests.values() if guest.kind == "qemu"]
    templates = [guest for guest in machines if guest.template]
    if wanted.isdecimal():
        found = [guest for guest in machines if guest.vmid == int(wanted)]
    else:
        found = [guest for guest in templates if guest.name == wanted]
    if len(found) > 1:
        ids = ", ".join(f"{guest.vmid} on {guest.node}" for guest in found)
        return obstructed(
            f"several templates are called {wanted}: {ids}", "set spec.clone.from to the vmid of one", changes
        )
    if not found:
        names = ", ".join(sorted(f"{guest.name} ({guest.vmid})" for guest in templates)) or "none"
        what = f"VM {wanted}" if wanted.isdecimal() else f"template {wanted}"
        why = f"there is no {what} to clone, or {facts.token} may not see it"
        remedy = f"set spec.clone.from to one of the templates: {names}; or to the vmid of any VM"
        return obstructed(why, remedy, changes)
    if clone.linked and not found[0].template:
        why = f"VM {found[0].vmid} is no template, so only full clones can be made of it"
        return obstructed(why, "leave out spec.clone.linked, or make a template of it", changes)
    return found[0]


def bound(clone: Clone, source: Guest, to: str, facts: Facts) -> str:
    """Why a clone can be made only where its source is; empty when it may be made on `to`."""
    if to == source.node:
        return ""
    if facts.storages and not any(facts.storages.values()):
        return (
            f"VM {source.vmid} lies on a storage of node {source.node}, so its clone cannot be made on {to}"
        )
    if clone.storage is not None and facts.storages.get(clone.storage) is False:
        return f"storage {clone.storage} is not shared, so a clone onto it can be made only on {source.node}"
    return ""


def _vmid(planning: Context) -> int:
    return 0 if planning.identity is None else int(str(planning.identity["vmid"]))
