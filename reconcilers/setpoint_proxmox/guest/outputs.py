"""What a guest publishes for others to use: its id, where it is, and its addresses."""

from __future__ import annotations

from setpoint.model.kind import Outputs
from setpoint.model.spec import described
from setpoint_proxmox.guest.addresses import Addresses, reachable
from setpoint_proxmox.guest.state import GuestState


class GuestOutputs(Outputs):
    """What a guest publishes; addresses only while it runs and tells them."""

    vmid: int | None = described("Id of the guest in its cluster.", None)
    node: str | None = described("Node that it is on.", None)
    name: str | None = described("Name in Proxmox, of a container its host name.", None)
    macs: dict[str, str] = described("MAC addresses by the NIC's slot.", default_factory=dict)
    addresses: Addresses | None = described("All addresses, neither loopback nor link-local ones.", None)
    ipv4: str | None = described("The first IPv4 address.", None)
    ipv6: str | None = described("The first IPv6 address.", None)


def publish(state: GuestState) -> GuestOutputs:
    """The outputs of what is seen; nothing of a guest of the other type in the way."""
    if state.foreign:
        return GuestOutputs()
    found = None if state.addresses is None else reachable(state.addresses.values())
    return GuestOutputs(
        vmid=state.vmid,
        node=state.node,
        name=state.name or None,
        macs=state.macs,
        addresses=found,
        ipv4=next(iter(found.v4), None) if found else None,
        ipv6=next(iter(found.v6), None) if found else None,
    )
