"""What a VM publishes for others to use: its id, where it is, and its addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from setpoint.model.kind import Outputs
from setpoint.model.spec import Spec, described
from setpoint_proxmox.kinds.virtual_machine.state import VmState, macs


class Addresses(Spec):
    """The addresses that others can reach, without prefix, those of the whole internet first."""

    v4: tuple[str, ...] = described("IPv4 addresses.", ())
    v6: tuple[str, ...] = described("IPv6 addresses.", ())


class VmOutputs(Outputs):
    """What a VM publishes; addresses only while its guest agent tells them."""

    vmid: int | None = described("Id of the VM in its cluster.", None)
    node: str | None = described("Node that it is on.", None)
    name: str | None = described("Name in Proxmox.", None)
    macs: dict[str, str] = described("MAC addresses by the NIC's slot.", default_factory=dict)
    addresses: Addresses | None = described("All addresses, neither loopback nor link-local ones.", None)
    ipv4: str | None = described("The first IPv4 address.", None)
    ipv6: str | None = described("The first IPv6 address.", None)


def publish(state: VmState) -> VmOutputs:
    """The outputs of what is seen; nothing of a container in the way."""
    if state.kind != "qemu":
        return VmOutputs()
    found = None if state.addresses is None else _reachable(state.addresses.values())
    return VmOutputs(
        vmid=state.vmid,
        node=state.node,
        name=state.name or None,
        macs=macs(state.current),
        addresses=found,
        ipv4=next(iter(found.v4), None) if found else None,
        ipv6=next(iter(found.v6), None) if found else None,
    )


def _reachable(slots: Iterable[tuple[str, ...]]) -> Addresses:
    """The addresses in the order of slots, the global ones before the others."""
    interfaces = [ipaddress.ip_interface(text) for texts in slots for text in texts]
    usable = [each.ip for each in interfaces if not (each.ip.is_loopback or each.ip.is_link_local)]
    ordered = sorted(dict.fromkeys(usable), key=lambda address: not address.is_global)
    return Addresses(
        v4=tuple(str(address) for address in ordered if address.version == 4),  # noqa: PLR2004  # IPv4
        v6=tuple(str(address) for address in ordered if address.version == 6),  # noqa: PLR2004  # IPv6
    )
