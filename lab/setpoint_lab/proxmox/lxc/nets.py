"""Network cards of a container: their property string and the addresses that are made for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.lxc import options
from setpoint_lab.proxmox.macs import generate_mac
from setpoint_lab.proxmox.option_table import is_net
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.propstring import render

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from setpoint_lab.proxmox.world import World


def parse(text: str) -> dict[str, str]:
    """The properties of a card."""
    return split_properties(options.TABLE.format("net0"), text)


def with_mac(text: str, world: World) -> str:
    """The card in its canonical order; one that names no MAC address gets a new one."""
    net = parse(text)
    if "hwaddr" not in net:
        net["hwaddr"] = generate_mac(world)
    return _printed(net)


def with_new_mac(text: str, world: World) -> str:
    """The card in its canonical order with another MAC address."""
    return _printed(parse(text) | {"hwaddr": generate_mac(world)})


def addresses(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The cards among the options, each with its MAC address."""
    for key in sorted(filter(is_net, values)):
        yield key, parse(values[key]).get("hwaddr", "")


def _printed(net: dict[str, str]) -> str:
    """The name first, the rest in the order of the alphabet, which lets the bridge come next."""
    return render(options.TABLE.format("net0"), {"type": "veth"} | net)
