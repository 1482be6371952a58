"""What a node has made of the networks: /nodes/{node}/sdn. This is what tells whether an apply was carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.network.interfaces import Networks
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.sdn.editing import may_see, sdn_of
from setpoint_lab.proxmox.sdn.model import Sdn, zones_on
from setpoint_lab.proxmox.sdn.zone_calls import found

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.sdn.sections import Section
    from setpoint_lab.proxmox.world import World

_ZONES = "/nodes/{node}/sdn/zones"
_ZONE = "/nodes/{node}/sdn/zones/{zone}"


def zone_status(world: World, node: str, zone: Section) -> tuple[str, str | None]:
    """`available`, `pending` or `error` of a zone on a node, and why."""
    complaint = world.part(Sdn).complaint(node)
    if complaint is not None:
        return "pending", complaint
    bridge = zone.get("bridge")
    if bridge is not None and not world.part(Networks).has_interface(node, str(bridge)):
        return "error", f"missing {bridge}"
    return "available", None


@route("GET", "/nodes/{node}/sdn")
async def list_kinds(_call: Call) -> object:
    """What there is below."""
    return [{"name": name} for name in ("fabrics", "vnets", "zones")]


@route("GET", _ZONES)
async def list_zones(call: Call) -> object:
    """The zones that run, with what this node has made of them."""
    world, node = call.world, call.text("node")
    return world.shuffled(
        {"zone": name, "status": zone_status(world, node, zone)[0]}
        for name, zone in zones_on(sdn_of(call).running, node).items()
        if may_see(call, f"/sdn/zones/{name}")
    )


@route("GET", _ZONE)
async def list_views(_call: Call) -> object:
    """What can be looked at."""
    return [{"subdir": name} for name in ("content", "bridges", "ip-vrf")]


@route("GET", f"{_ZONE}/content")
async def list_content(call: Call) -> object:
    """The vnets of a zone, with what this node has made of them."""
    world, node, name = call.world, call.text("node"), call.text("zone")
    sdn = sdn_of(call)
    zone = found(sdn.running["zones"], name)
    status, reason = zone_status(world, node, zone)
    return world.shuffled(
        {"vnet": vnet, "status": status, "statusmsg": reason}
        for vnet, each in sdn.running["vnets"].items()
        if each.get("zone") == name and may_see(call, f"/sdn/zones/{name}/{vnet}")
    )


@route("GET", f"{_ZONE}/bridges")
async def list_bridges(call: Call) -> object:
    """The bridges of a zone on this node, from the schema alone; the ports of guests are not among them."""
    node, name = call.text("node"), call.text("zone")
    if name == "localnetwork":
        bridges = [
            each for each, row in call.world.part(Networks).of(node).items() if row["type"] == "bridge"
        ]
    else:
        bridges = [each for each, row in sdn_of(call).vnets_on(node).items() if row.get("zone") == name]
    ports: list[object] = []
    return [{"name": bridge, "vlan_filtering": "0", "ports": ports} for bridge in bridges]
