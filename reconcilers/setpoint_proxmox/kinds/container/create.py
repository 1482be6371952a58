"""How a container begins. Pure; neighbour: `plan`, for one that is there."""

from __future__ import annotations

from setpoint.model.diff import MISSING, Change
from setpoint.model.kind import Planning
from setpoint.model.plan import Step, obstructed
from setpoint.model.tree import Json, Tree, leaves
from setpoint_proxmox.access import grant_command
from setpoint_proxmox.allocate import free_vmid
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.clone import cloned
from setpoint_proxmox.guest.plan import no_node
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.guest.words import CONTAINER
from setpoint_proxmox.kinds.container.by_hand import by_hand
from setpoint_proxmox.kinds.container.edit import edited
from setpoint_proxmox.kinds.container.project import PASSWORD, declare
from setpoint_proxmox.kinds.container.spec import DEFAULT_MEMORY, ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.mark import TAG
from setpoint_proxmox.sizes import MIB

Context = Planning[ContainerSpec, CtState]


def create(changes: tuple[Change, ...], planning: Context) -> tuple[Step, ...]:
    """Make the container, switched off; the id is reserved before when none is known yet."""
    facts: Facts = planning.facts
    spec = planning.spec
    if spec.clone is not None:
        return (cloned(spec.clone, changes, planning, CONTAINER),)
    node = spec.node or (next(iter(facts.nodes)) if len(facts.nodes) == 1 else None)
    if node not in facts.nodes:
        return (no_node(node, changes, facts),)
    lacking = _lacking(changes, planning)
    if lacking is not None:
        return (lacking,)
    return _made(str(node), changes, planning)


def _lacking(changes: tuple[Change, ...], planning: Context) -> Step | None:
    spec, facts = planning.spec, planning.facts
    if spec.template is None:
        why = f"{planning.owner.key} does not exist, and nothing says what it is made from"
        remedy = (
            "set spec.template to a volume such as local:vztmpl/NAME.tar.zst; `pveam list local` tells them; or "
            "spec.clone.from to a template of a container"
        )
        return obstructed(why, remedy, changes)
    if spec.rootfs is None:
        why = f"{planning.owner.key} does not exist, and nothing says where it is to lie"
        return obstructed(why, "set spec.rootfs to {storage: NAME, size: 8GiB}", changes)
    if not spec.unprivileged and any(one.name == "Sys.Modify" for one in facts.forgone):
        why = f"a privileged container needs Sys.Modify on /, which {facts.token} lacks"
        remedy = (
            f"leave out spec.unprivileged, or run on a node: {grant_command('/', 'Sys.Modify', facts.token)}"
        )
        return obstructed(why, remedy, changes)
    return None


def _made(node: str, changes: tuple[Change, ...], planning: Context) -> tuple[Step, ...]:
    spec, name = planning.spec, planning.owner.key.name
    vmid = 0 if planning.identity is None else int(str(planning.identity["vmid"]))
    ct = CtState(vmid, node)
    wanted = [Change(path, value, MISSING) for path, value in leaves(declare(spec)) if path != "/description"]
    edit = edited(wanted, ct, spec, planning.owner, privileged=not spec.unprivileged)
    config: dict[str, Json] = {
        "ostemplate": spec.template,
        "hostname": name,
        "unprivileged": 1 if spec.unprivileged else 0,
        "memory": DEFAULT_MEMORY // MIB,
        "swap": spec.swap // MIB,
        "tags": TAG,
        **edit.config,
    }
    if spec.pool:
        config["pool"] = spec.pool
    if spec.ssh_keys:
        config["ssh-public-keys"] = "\n".join(spec.ssh_keys)
    arguments: Tree = {
        "node": node,
        "config": {option: value for option, value in config.items() if option not in edit.delete},
        "description": spec.description,
    }
    if spec.password is not None:
        arguments["secrets"] = {"password": PASSWORD}
    step = Step(
        "create",
        f"create CT {name} on node {node}",
        changes,
        arguments=arguments,
        reserve=free_vmid(planning.facts) if planning.identity is None else None,
        scopes=scopes(planning.facts, node, *edit.storages),
    )
    return step, *by_hand(edit, ct)
