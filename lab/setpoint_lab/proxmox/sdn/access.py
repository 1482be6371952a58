"""Where in the access control list a bridge lies: below its zone when it is a vnet, else below `localnetwork`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.sdn.model import Sdn

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World


def bridge_path(world: World, bridge: str, tag: str | None = None) -> str:
    """The path on which a guest's card needs SDN.Use; a vnet counts from when it is edited."""
    zone = world.part(Sdn).zone_of(bridge) or "localnetwork"
    return f"/sdn/zones/{zone}/{bridge}" + (f"/{tag}" if tag is not None else "")
