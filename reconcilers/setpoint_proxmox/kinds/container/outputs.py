"""What a container publishes for others to use."""

from __future__ import annotations

from setpoint.model.kind import Outputs
from setpoint.model.spec import described
from setpoint_proxmox.guest.addresses import Addresses, reachable
from setpoint_proxmox.kinds.container.state import CtState, macs


class CtOutputs(Outputs):
    """What a container publishes; addresses only while it runs."""

    vmid: int | None = described("Id of the container in its cluster.", None)
    node: str | None = described("Node that it is on.", None)
    name: str | None = described("Host name.", None)
    macs: dict[str, str] = described("MAC addresses by the NIC's slot.", default_factory=dict)
    addresses: Addresses | None = described("All addresses, neither loopback nor link-local ones.", None)
    ipv4: str | None = described("The first IPv4 address.", None)
    ipv6: str | None = described("The first IPv6 address.", None)


def publish(state: CtState) -> CtOutputs:
    """The outputs of what is seen; nothing of a virtual machine in the way."""
    if state.foreign:
        return CtOutputs()
    found = None if state.addresses is None else reachable(state.addresses.values())
    return CtOutputs(
        vmid=state.vmid,
        node=state.node,
        name=state.name or None,
        macs=macs(state.current),
        addresses=found,
        ipv4=next(iter(found.v4), None) if found else None,
        ipv6=next(iter(found.v6), None) if found else None,
    )
