"""Generated MAC addresses of guests."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setpoint_lab.proxmox.world import World

DEFAULT_PREFIX = "BC:24:11"


def generate_mac(world: World) -> str:
    """A MAC address that begins as the data centre says, in upper case."""
    prefix = str(world.datacenter.get("mac_prefix", DEFAULT_PREFIX))
    given = [part for part in prefix.upper().split(":") if part]
    mac = ":".join(given + [f"{world.random.randrange(256):02X}" for _ in range(6 - len(given))])
    world.fresh_macs.add(mac)
    return mac
