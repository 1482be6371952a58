"""Subnets of a vnet: /cluster/sdn/vnets/{vnet}/subnets; their id is the zone with the network, `zone-10.0.0.0-24`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import load
from setpoint_lab.proxmox.sdn.editing import check_digest, editing, given_options, view
from setpoint_lab.proxmox.sdn.rules import check_deletes, check_gateway
from setpoint_lab.proxmox.sdn.vnet_calls import MISSING as VNET
from setpoint_lab.proxmox.sdn.vnet_calls import require_vnet
from setpoint_lab.proxmox.sdn.zone_calls import found
from setpoint_lab.untyped import is_list

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.sdn.sections import Section

_SUBNETS = "/cluster/sdn/vnets/{vnet}/subnets"
_SUBNET = "/cluster/sdn/vnets/{vnet}/subnets/{subnet}"
MISSING = "sdn subnet"
RANGES = "dhcp-range"


def subnet_id(zone: str, cidr: str) -> str:
    """The id of a network in a zone."""
    return f"{zone}-{cidr.replace('/', '-')}"


def _cidr(text: str) -> str:
    """The network of a request, which may be told by the form of an id too."""
    return text if "/" in text else "/".join(text.rsplit("-", 2)[1:])


def _shown(name: str, subnet: Section) -> Section:
    """A subnet with what its id says, and its ranges taken apart."""
    zone, network, mask = name.rsplit("-", 2)
    ranges = subnet.get(RANGES)
    return {
        **subnet,
        "id": name,
        "subnet": name,
        "zone": zone,
        "network": network,
        "mask": mask,
        "cidr": f"{network}/{mask}",
        RANGES: [split_properties({}, str(each)) for each in ranges] if is_list(ranges) else [],
    }


@route("GET", _SUBNETS)
async def list_subnets(call: Call) -> object:
    """The subnets of a vnet."""
    require_vnet(call, "SDN.Audit", "SDN.Allocate")
    vnet = call.text("vnet")
    return call.world.shuffled(
        _shown(name, subnet) for name, subnet in view(call, "subnets").items() if subnet["vnet"] == vnet
    )


@route("GET", _SUBNET)
async def read_subnet(call: Call) -> object:
    """One subnet."""
    require_vnet(call, "SDN.Audit", "SDN.Allocate")
    name = call.text("subnet")
    return _shown(name, found(view(call, "subnets"), name, MISSING))


@route("POST", _SUBNETS)
async def create_subnet(call: Call) -> None:
    """A new subnet."""
    require_vnet(call, "SDN.Allocate")
    cidr, options = _cidr(call.text("subnet")), given_options(call, "subnet", "type")
    check_quorum(call.world)
    with editing(call, "create sdn subnet object failed") as sdn:
        vnet = found(sdn.edited["vnets"], call.text("vnet"), VNET)
        name = subnet_id(str(vnet["zone"]), cidr)
        if name in sdn.edited["subnets"]:
            raise ApiError.internal(f"sdn subnet object ID '{name}' already defined")
        subnet: Section = {"type": "subnet", **options}
        check_gateway(cidr, subnet)
        sdn.edited["subnets"][name] = subnet


@route("PUT", _SUBNET)
async def update_subnet(call: Call) -> None:
    """Change a subnet's options."""
    require_vnet(call, "SDN.Allocate")
    name, deletes = call.text("subnet"), call.items("delete")
    options = given_options(call, "subnet", "vnet")
    check_quorum(call.world)
    with editing(call, "update sdn subnet object failed") as sdn:
        subnets = sdn.edited["subnets"]
        check_digest(call, subnets)
        old = found(subnets, name, MISSING)
        check_deletes(load().methods["PUT", _SUBNET].parameters, ["vnet"], options, deletes)
        subnet = {key: value for key, value in old.items() if key not in deletes} | options
        check_gateway(str(_shown(name, subnet)["cidr"]), subnet)
        subnets[name] = subnet


@route("DELETE", _SUBNET)
async def delete_subnet(call: Call) -> None:
    """Take a subnet away."""
    require_vnet(call, "SDN.Allocate")
    name = call.text("subnet")
    check_quorum(call.world)
    with editing(call, "delete sdn subnet object failed") as sdn:
        found(sdn.edited["subnets"], name, MISSING)
        del sdn.edited["subnets"][name]
