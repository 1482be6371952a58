"""Network cards of a VM: their property string, generated MAC addresses, and what a change can do while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.macs import generate_mac
from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.propstring import Format, render
from setpoint_lab.proxmox.qemu import options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from setpoint_lab.proxmox.world import World

_NEEDS_REPLUG = ("model", "macaddr", "queues", "mtu", "host-tunnel")


def parse(text: str) -> dict[str, str]:
    """The properties of a card."""
    return split_properties(_format(), text)


def with_mac(text: str, world: World) -> str:
    """The card in its canonical order; one that names no MAC address gets a new one."""
    net = parse(text)
    if "macaddr" not in net:
        net["macaddr"] = generate_mac(world)
    return render(_format(), net)


def with_new_mac(text: str, world: World) -> str:
    """The card in its canonical order with another MAC address."""
    return render(_format(), parse(text) | {"macaddr": generate_mac(world)})


def addresses(values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The cards among the options, each with its MAC address."""
    for key in sorted(filter(options.is_net, values)):
        yield key, parse(values[key]).get("macaddr", "")


def needs_replug(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether a running VM must lose the card and get it again; other changes happen on the host's side."""
    return any(old.get(name) != new.get(name) for name in _NEEDS_REPLUG) or not (
        "bridge" in old and "bridge" in new
    )


def _format() -> Format:
    shape = options.shape("net0") or {}
    found: Format = shape["format"]
    return found
