"""New vmids: our own allocator, for Proxmox's `nextid` gives the same number to everybody who asks."""

from __future__ import annotations

from setpoint.model.identity import Reserve
from setpoint_proxmox.facts import Facts

SPACE = "vmid"
"""The numbered space, and the name of the number in an identity."""


def free_vmid(facts: Facts) -> Reserve:
    """A wish for the lowest free vmid of the cluster's range; VMs and containers share their numbers."""
    low, high = facts.vmids
    return Reserve(SPACE, low, high, frozenset(facts.guests))
