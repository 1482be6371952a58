"""What the HA manager makes of being asked to move a guest: it obeys later, or not at all. Neighbour: `placing`."""

from __future__ import annotations

from dataclasses import replace

from setpoint.model.plan import Obstacle
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.guest.state import GuestState

PATIENCE = 180.0
"""Seconds that the manager may take to begin."""
AGAIN = 3600.0
"""Seconds after which it is asked once more."""


def asked(cluster: Cluster, guest: GuestState, now: float) -> Obstacle | None:
    """Why the manager is not asked to move a guest now: it was, and may still do it, or has its reasons not to."""
    before = cluster.asked.get(guest.vmid)
    if before is None:
        return None
    if before.since is None:
        before = cluster.asked[guest.vmid] = replace(before, since=now)
    waited = now - (before.since or now)
    if waited > AGAIN:
        del cluster.asked[guest.vmid]
        return None
    if waited <= PATIENCE:
        why = f"the HA manager was asked to move {guest} to {before.node}, and has not done so yet"
        return Obstacle(why, "wait for it", passing=True)
    why = f"the HA manager was asked to move {guest} to {before.node}, and left it on {guest.node}"
    remedy = f"see its reasons on a node: ha-manager status, and ha-manager rules list; {before.node} must be allowed there"
    return Obstacle(why, remedy)
