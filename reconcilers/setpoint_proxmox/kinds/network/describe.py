"""What is seen of a network as a person would declare it: the way in for zones made by hand. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from setpoint.model.tree import Json, Tree
from setpoint_proxmox.kinds.network.options import SUBNET, VNET, ZONE, Option, tree_of
from setpoint_proxmox.kinds.network.spec import NetworkSpec
from setpoint_proxmox.kinds.network.state import NetworkState
from setpoint_proxmox.mark import without_inline
from setpoint_proxmox.sdn import MARK

_NOTHING: tuple[Json, ...] = (None, False, "", [])


def describe(state: NetworkState) -> Tree:
    """The shortest spec that says all that runs; from it, nothing that is seen differs. Empty for what no spec can say."""
    settings = state.settings.running
    if settings is None:
        return {}
    vnets: Tree = {}
    for name, vnet in sorted(state.vnets.items()):
        if vnet.running is None:
            continue
        said = _said(vnet.running, VNET)
        alias = without_inline(str(vnet.running.get("alias") or ""), MARK)
        subnets: Tree = {
            cidr: _said(subnet.running, SUBNET)
            for cidr, subnet in sorted(state.subnets.get(name, {}).items())
            if subnet.running is not None
        }
        vnets[name] = {
            **said,
            **({"alias": alias} if alias else {}),
            **({"subnets": subnets} if subnets else {}),
        }
    spec: Tree = {"zone": state.zone, "type": settings.get("type"), **_said(settings, ZONE), "vnets": vnets}
    try:
        NetworkSpec.model_validate(spec)
    except ValidationError:
        return {}
    return spec


def _said(options: Mapping[str, Json], table: tuple[Option, ...]) -> Tree:
    return {field: value for field, value in tree_of(options, table).items() if value not in _NOTHING}
