"""Long operations of every kind of a cluster: tasks of guests, and applies of its networks, whose tasks cannot be trusted."""

from __future__ import annotations

from setpoint.model.plan import Intent, OperationState
from setpoint_proxmox import tasks
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.network.applied import find_apply, is_apply, poll_apply


async def poll(cluster: Cluster, operation: str) -> OperationState:
    """How an operation stands."""
    if is_apply(operation):
        return await poll_apply(cluster, operation)
    return await tasks.poll(cluster, operation)


async def find(cluster: Cluster, intent: Intent) -> str | None:
    """The operation that a step with this intent left running, if any."""
    if "zone" in intent.identity:
        return await find_apply(cluster, intent)
    return await tasks.find(cluster, intent)
