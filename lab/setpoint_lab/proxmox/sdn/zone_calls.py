"""Zones: /cluster/sdn/zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.guests import check_quorum
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import load
from setpoint_lab.proxmox.sdn.editing import check_digest, editing, given_options, listed, view
from setpoint_lab.proxmox.sdn.rules import check_deletes, check_references, check_zone, required_of

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.sdn.sections import Section, Sections

_ZONES = "/cluster/sdn/zones"
_ZONE = "/cluster/sdn/zones/{zone}"
_USED_AT = "at /usr/share/perl5/PVE/Network/SDN/Zones/Plugin.pm line 149."


def found(sections: Sections, name: str, what: str = "sdn") -> Section:
    """The section of that name; 500 when there is none."""
    if name not in sections:
        raise ApiError.internal(f"{what} '{name}' does not exist")
    return sections[name]


@route("GET", _ZONES)
async def list_zones(call: Call) -> object:
    """The zones that the user may see, of one type when it is asked for."""
    return listed(call, "zone", view(call, "zones"))


@route("GET", _ZONE)
async def read_zone(call: Call) -> object:
    """One zone."""
    name = call.text("zone")
    return {"zone": name, **found(view(call, "zones"), name)}


@route("POST", _ZONES)
async def create_zone(call: Call) -> None:
    """A new zone, which runs once it is applied."""
    name, options = call.text("zone"), given_options(call, "zone", "type")
    check_quorum(call.world)
    check_zone(call.text("type"), options, create=True)
    with editing(call, "create sdn zone object failed") as sdn:
        zones = sdn.edited["zones"]
        if name in zones:
            raise ApiError.internal(f"sdn zone object ID '{name}' already defined")
        zone: Section = {"type": call.text("type"), **options}
        check_references(sdn, zone)
        zones[name] = zone


@route("PUT", _ZONE)
async def update_zone(call: Call) -> None:
    """Change a zone's options; its type stays."""
    name, options, deletes = call.text("zone"), given_options(call, "zone"), call.items("delete")
    check_quorum(call.world)
    with editing(call, "update sdn zone object failed") as sdn:
        zones = sdn.edited["zones"]
        check_digest(call, zones)
        old = found(zones, name)
        kind = str(old["type"])
        check_zone(kind, options, create=False)
        known = load().methods["PUT", _ZONE].parameters
        check_deletes(known, required_of(kind), options, deletes)
        zone = {key: value for key, value in old.items() if key not in deletes} | options
        check_references(sdn, zone)
        zones[name] = zone


@route("DELETE", _ZONE)
async def delete_zone(call: Call) -> None:
    """Take a zone away that has no vnet; it runs on until that is applied."""
    name = call.text("zone")
    check_quorum(call.world)
    with editing(call, "delete sdn zone object failed") as sdn:
        found(sdn.edited["zones"], name)
        user = next((vnet for vnet, each in sdn.edited["vnets"].items() if each.get("zone") == name), None)
        if user is not None:
            raise ApiError.internal(f"zone {name} is used by vnet {user} {_USED_AT}")
        del sdn.edited["zones"][name]
