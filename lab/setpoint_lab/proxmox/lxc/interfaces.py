"""The network interfaces inside a running container."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.lxc import nets
from setpoint_lab.proxmox.lxc.container import Container, requested_container
from setpoint_lab.proxmox.option_table import is_net
from setpoint_lab.proxmox.routes import route

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call

_LOOPBACK = ("lo", "00:00:00:00:00:00", ("127.0.0.1/8", "::1/128"))


@route("GET", "/nodes/{node}/lxc/{vmid}/interfaces")
async def list_interfaces(call: Call) -> object:
    """Each interface with its addresses; nothing when the container does not run."""
    container = requested_container(call)
    if container.machine is None:
        return None
    return [
        _row(*_LOOPBACK),
        *(_card(container, key) for key in sorted(filter(is_net, container.values))),
    ]


def _card(container: Container, key: str) -> dict[str, object]:
    net = nets.parse(container.values[key])
    mac = net.get("hwaddr", "").lower()
    return _row(net["name"], mac, (*_addresses(container, key, net), _link_local(mac)))


def _addresses(container: Container, key: str, net: dict[str, str]) -> tuple[str, ...]:
    """The static addresses, and those that the system inside is said to have got."""
    static = [net[name] for name in ("ip", "ip6") if "/" in net.get(name, "")]
    return tuple(dict.fromkeys([*static, *container.behaviour.addresses.get(key, [])]))


def _row(name: str, mac: str, addresses: tuple[str, ...]) -> dict[str, object]:
    parts = [ipaddress.ip_interface(address) for address in addresses]
    kinds = {4: "inet", 6: "inet6"}
    first: dict[str, object] = {}
    for part in parts:
        first.setdefault(kinds[part.version], str(part))
    return {
        "name": name,
        "hwaddr": mac,
        "hardware-address": mac,
        "ip-addresses": [
            {
                "ip-address-type": kinds[part.version],
                "ip-address": str(part.ip),
                "prefix": str(part.network.prefixlen),
            }
            for part in parts
        ],
        **first,
    }


def _link_local(mac: str) -> str:
    """The address that follows from the MAC address."""
    parts = [int(part, 16) for part in mac.split(":")]
    identifier = [parts[0] ^ 2, *parts[1:3], 0xFF, 0xFE, *parts[3:]]
    return f"{ipaddress.IPv6Address(bytes([0xFE, 0x80, *[0] * 6, *identifier]))}/64"
