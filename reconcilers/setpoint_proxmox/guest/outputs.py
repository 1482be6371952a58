"""What a guest publishes for others to use: its id, where it is, and its addresses."""

from __future__ import annotations

from datetime import UTC, datetime

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
    address: str | None = described(
        "Where it is reached: the first IPv4 address, else the first IPv6 address, else a fixed one of cloud-init.",
        None,
    )
    host_key: str | None = described(
        "The public key that its sshd shows, as the guest agent reads it; with `host` alone.", None
    )
    incarnation: str | None = described(
        "Which making of the guest it is; another one after it was made anew.", None
    )


def publish(state: GuestState) -> GuestOutputs:
    """The outputs of what is seen; nothing of a guest of the other type in the way."""
    if state.foreign:
        return GuestOutputs()
    found = None if state.addresses is None else reachable(state.addresses.values())
    told = (*found.v4, *found.v6) if found else ()
    return GuestOutputs(
        vmid=state.vmid,
        node=state.node,
        name=state.name or None,
        macs=state.macs,
        addresses=found,
        ipv4=next(iter(found.v4), None) if found else None,
        ipv6=next(iter(found.v6), None) if found else None,
        address=next(iter((*told, *state.configured)), None) if state.is_on else None,
        host_key=state.host_key or None,
        incarnation=_moment(state.since),
    )


def _moment(since: float) -> str:
    """A text for the moment since which the guest is known; at the first look nobody knows it."""
    return datetime.fromtimestamp(since, UTC).isoformat(timespec="milliseconds") if since else "first"
