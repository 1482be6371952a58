"""Guests that are just being made: whether somebody still works on them, and what to do when nobody does."""

from __future__ import annotations

from dataclasses import dataclass

from setpoint_proxmox.answer import record
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Guest
from setpoint_proxmox.failures import GoneError
from setpoint_proxmox.tasks import is_making

LOCKS = ("create", "clone")
"""Locks under which a guest's configuration is not what it will be."""


@dataclass(frozen=True)
class Unfinished:
    """What keeps a guest from being known; `passing` when that ends by itself."""

    why: str
    passing: bool


async def look(cluster: Cluster, guest: Guest, lock: str) -> Unfinished:
    """Tell a guest that is being made from one that was left behind.

    The lock is there a moment before its task is listed, and goes a moment before that ends: nobody works on the
    guest only when it is locked still and no task was listed before and after.
    """
    making = f"{guest.vmid} is just being made on {guest.node} (lock: {lock})"
    if await is_making(cluster, guest.node, guest.vmid, lock):
        return Unfinished(making, passing=True)
    if not await _is_locked(cluster, guest, lock) or await is_making(cluster, guest.node, guest.vmid, lock):
        return Unfinished(making, passing=True)
    tool = "pct" if guest.kind == "lxc" else "qm"
    return Unfinished(
        f"{guest.vmid} was never finished: it is locked ({lock}) on {guest.node} and no task works on it; look at it "
        f"there with `{tool} config {guest.vmid}`, and if it holds nothing of value run: "
        f"{tool} unlock {guest.vmid} && {tool} destroy {guest.vmid}",
        passing=False,
    )


async def _is_locked(cluster: Cluster, guest: Guest, lock: str) -> bool:
    try:
        config = record(await cluster.api.get("nodes", guest.node, guest.kind, guest.vmid, "config"))
    except GoneError:
        return False
    return config.get("lock") == lock
