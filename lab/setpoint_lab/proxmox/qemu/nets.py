"""Network cards of a VM: their property string, generated MAC addresses, and what a change can do while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.properties import split_properties
from setpoint_lab.proxmox.propstring import Format, render
from setpoint_lab.proxmox.qemu import options

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping

DEFAULT_PREFIX = "BC:24:11"
_NEEDS_REPLUG = ("model", "macaddr", "queues", "mtu", "host-tunnel")


def parse(text: str) -> dict[str, str]:
    """The properties of a card."""
    return split_properties(_format(), text)


def with_mac(text: str, chance: random.Random, prefix: str = DEFAULT_PREFIX) -> str:
    """The card in its canonical order; one that names no MAC address gets a new one."""
    net = parse(text)
    net.setdefault("macaddr", generate_mac(chance, prefix))
    return render(_format(), net)


def with_new_mac(text: str, chance: random.Random, prefix: str = DEFAULT_PREFIX) -> str:
    """The card in its canonical order with another MAC address."""
    return render(_format(), parse(text) | {"macaddr": generate_mac(chance, prefix)})


def generate_mac(chance: random.Random, prefix: str = DEFAULT_PREFIX) -> str:
    """A MAC address that begins with `prefix`, in upper case."""
    given = [part for part in prefix.upper().split(":") if part]
    return ":".join(given + [f"{chance.randrange(256):02X}" for _ in range(6 - len(given))])


def needs_replug(old: Mapping[str, str], new: Mapping[str, str]) -> bool:
    """Whether a running VM must lose the card and get it again; other changes happen on the host's side."""
    return any(old.get(name) != new.get(name) for name in _NEEDS_REPLUG) or not (
        "bridge" in old and "bridge" in new
    )


def _format() -> Format:
    shape = options.shape("net0") or {}
    found: Format = shape["format"]
    return found
