"""What a VM publishes for others to use: its id, where it is, and its addresses."""

from __future__ import annotations

from setpoint.model.kind import Outputs
from setpoint.model.spec import described
from setpoint_proxmox.guest.addresses import Addresses, reachable
from setpoint_proxmox.kinds.virtual_machine.state import VmState, macs


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
    if state.foreign:
        return VmOutputs()
    found = None if state.addresses is None else reachable(state.addresses.values())
    return VmOutputs(
        vmid=state.vmid,
        node=state.node,
        name=state.name or None,
        macs=macs(state.current),
        addresses=found,
        ipv4=next(iter(found.v4), None) if found else None,
        ipv6=next(iter(found.v6), None) if found else None,
    )
