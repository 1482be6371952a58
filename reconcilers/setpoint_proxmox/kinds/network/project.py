"""Declaration and state of a network as one comparable tree; what is staged and not applied differs from both."""

from __future__ import annotations

from setpoint.model.diff import Projection, Treatment
from setpoint.model.tree import Json, Pointer, Tree, join
from setpoint_proxmox.kinds.network.options import SUBNET, VNET, ZONE, Form, Option, tree_of, written
from setpoint_proxmox.kinds.network.spec import NetworkSpec, Vnet
from setpoint_proxmox.kinds.network.state import NetworkState
from setpoint_proxmox.mark import without_inline
from setpoint_proxmox.sdn import MARK, Section

UP = "onNodes"
"""The leaf of each vnet that says whether every node of the zone has it."""
_UNAPPLIED = "not applied"

TREATMENTS: dict[Pointer, Treatment] = {
    "/type": Treatment.CREATE_ONLY,
    **{f"/{one.field}": Treatment.SET for one in ZONE if one.form in (Form.NAMES, Form.ADDRESSES)},
    "/vnets/*": Treatment.MEMBER,
    "/vnets/*/subnets/*": Treatment.MEMBER,
}


def declare(spec: NetworkSpec) -> Tree:
    """What was written; and of each vnet, that it is on every node of the zone."""
    vnets: Tree = {name: _declared(vnet) for name, vnet in spec.vnets.items()}
    return {"type": str(spec.type), **written(spec, ZONE), "vnets": vnets}


def _declared(vnet: Vnet) -> Tree:
    tree: Tree = {**written(vnet, VNET), UP: True}
    if vnet.alias is not None:
        tree["alias"] = vnet.alias
    if "subnets" in vnet.model_fields_set:
        tree["subnets"] = {cidr: written(subnet, SUBNET) for cidr, subnet in vnet.subnets.items()}
    return tree


def project(state: NetworkState) -> Projection:
    """What is there."""
    unknown = any(not standing.status for standing in state.nodes.values())
    vnets: Tree = {}
    unseen: list[Pointer] = []
    for name, vnet in state.vnets.items():
        vnets[name] = _vnet(state, name, vnet)
        if unknown and not _trouble(state, name):
            unseen.append(join(join("/vnets", name), UP))
    kind = (state.settings.running or state.settings.staged or {}).get("type")
    return Projection({"type": kind, **_fields(state.settings, ZONE), "vnets": vnets}, unseen=tuple(unseen))


def _vnet(state: NetworkState, name: str, vnet: Section) -> Json:
    if vnet.running is None or vnet.staged is None:
        return _UNAPPLIED
    subnets: Tree = {
        cidr: _fields(subnet, SUBNET)
        if subnet.running is not None and subnet.staged is not None
        else _UNAPPLIED
        for cidr, subnet in state.subnets.get(name, {}).items()
    }
    now, then = (
        without_inline(str(options.get("alias") or ""), MARK) for options in (vnet.running, vnet.staged)
    )
    alias: Json = now if now == then else {"running": now, "staged": then}
    return {**_fields(vnet, VNET), "alias": alias, "subnets": subnets, UP: _trouble(state, name) or True}


def _trouble(state: NetworkState, vnet: str) -> str:
    found = {name: standing.trouble(vnet) for name, standing in sorted(state.nodes.items())}
    return "; ".join(f"{name}: {why}" for name, why in found.items() if why)


def _fields(section: Section, table: tuple[Option, ...]) -> Tree:
    """What runs; where something else is staged, both, for neither is what was declared."""
    now, then = tree_of(section.running or {}, table), tree_of(section.staged or {}, table)
    if section.running is None or section.staged is None:
        return dict.fromkeys(now, _UNAPPLIED)
    return {
        field: value if value == then[field] else {"running": value, "staged": then[field]}
        for field, value in now.items()
    }
