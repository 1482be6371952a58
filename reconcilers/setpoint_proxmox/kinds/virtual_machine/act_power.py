"""The effects on the power of a VM; neighbour: `act`, which holds all the others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.virtual_machine.act_common import path_of, started

SHUTDOWN_SECONDS = 180
"""How long a guest may take to shut down."""


async def start(cluster: Cluster, acting: Acting) -> ActResult:
    """Switch on; what waited for a restart takes effect."""
    return started(await cluster.api.post(*path_of(acting), "status", "start"))


async def resume(cluster: Cluster, acting: Acting) -> ActResult:
    """Let a paused VM go on."""
    return started(await cluster.api.post(*path_of(acting), "status", "resume"))


async def shutdown(cluster: Cluster, acting: Acting) -> ActResult:
    """Ask the guest to shut down; switch it off afterwards only when that was declared."""
    force = acting.arguments["force"] is True
    path = (*path_of(acting), "status", "shutdown")
    return started(await cluster.api.post(*path, timeout=SHUTDOWN_SECONDS, forceStop=force))


async def restart(cluster: Cluster, acting: Acting) -> ActResult:
    """Shut down and start again in one task; a reset from inside would not apply what waits."""
    path = (*path_of(acting), "status", "reboot")
    return started(await cluster.api.post(*path, timeout=SHUTDOWN_SECONDS))


POWER: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "start": start,
    "resume": resume,
    "shutdown": shutdown,
    "restart": restart,
}
