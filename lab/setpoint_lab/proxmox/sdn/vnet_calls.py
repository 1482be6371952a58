"""Vnets: /cluster/sdn/vnets. Who may change one is a matter of its zone, which the schema cannot say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import load
from setpoint_lab.proxmox.sdn.editing import (
    check_digest,
    editing,
    given_options,
    may_see,
    sdn_of,
    view,
)
from setpoint_lab.proxmox.sdn.rules import check_deletes, check_vnet
from setpoint_lab.proxmox.sdn.zone_calls import found

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.sdn.sections import Section

_VNETS = "/cluster/sdn/vnets"
_VNET = "/cluster/sdn/vnets/{vnet}"
MISSING = "sdn vnet"


def vnet_path(call: Call, vnet: str) -> str:
    """The ACL path of a vnet."""
    zone = sdn_of(call).zone_of(vnet)
    return f"/sdn/zones/{zone}/{vnet}" if zone is not None else "/sdn/zones"


def require_vnet(call: Call, *privs: str) -> None:
    """Raise unless the user has one of the privileges on the vnet of the request."""
    call.require(vnet_path(call, call.text("vnet")), *privs, any_of=True)


@route("GET", _VNETS)
async def list_vnets(call: Call) -> object:
    """The vnets that the user may see."""
    return call.world.shuffled(
        {"vnet": name, **vnet}
        for name, vnet in view(call, "vnets").items()
        if may_see(call, vnet_path(call, name))
    )


@route("GET", _VNET)
async def read_vnet(call: Call) -> object:
    """One vnet."""
    require_vnet(call, "SDN.Audit", "SDN.Allocate")
    name = call.text("vnet")
    return {"vnet": name, **found(view(call, "vnets"), name, MISSING)}


@route("POST", _VNETS)
async def create_vnet(call: Call) -> None:
    """A new vnet in a zone; guests may name it before it is applied."""
    name, options = call.text("vnet"), given_options(call, "vnet", "type")
    check_quorum(call.world)
    with editing(call, "create sdn vnet object failed") as sdn:
        vnets = sdn.edited["vnets"]
        if name in vnets:
            raise ApiError.internal(f"sdn vnet object ID '{name}' already defined")
        vnet: Section = {"type": "vnet", **options}
        check_vnet(sdn.edited["zones"], {**vnets, name: vnet}, name)
        vnets[name] = vnet


@route("PUT", _VNET)
async def update_vnet(call: Call) -> None:
    """Change a vnet's options."""
    require_vnet(call, "SDN.Allocate")
    name, options, deletes = call.text("vnet"), given_options(call, "vnet"), call.items("delete")
    check_quorum(call.world)
    with editing(call, "update sdn vnet object failed") as sdn:
        vnets = sdn.edited["vnets"]
        check_digest(call, vnets)
        old = found(vnets, name, MISSING)
        check_deletes(load().methods["PUT", _VNET].parameters, ["zone"], options, deletes)
        vnet = {key: value for key, value in old.items() if key not in deletes} | options
        check_vnet(sdn.edited["zones"], {**vnets, name: vnet}, name)
        vnets[name] = vnet


@route("DELETE", _VNET)
async def delete_vnet(call: Call) -> None:
    """Take a vnet away that has no subnet."""
    require_vnet(call, "SDN.Allocate")
    name = call.text("vnet")
    check_quorum(call.world)
    with editing(call, "delete sdn vnet object failed") as sdn:
        found(sdn.edited["vnets"], name, MISSING)
        if any(subnet["vnet"] == name for subnet in sdn.edited["subnets"].values()):
            raise ApiError.parameters({"vnet": "Can't delete vnet if subnets exists"})
        del sdn.edited["vnets"][name]
