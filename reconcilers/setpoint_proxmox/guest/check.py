"""What Proxmox does not check before it makes a guest, or only in the task: bridges and storages of the node."""

from __future__ import annotations

from collections.abc import Collection

from setpoint.model.errors import RefusalError
from setpoint_proxmox.answer import records
from setpoint_proxmox.cluster import Cluster


async def check_bridges(cluster: Cluster, node: str, wanted: Collection[str]) -> None:
    """Let only bridges and vnets pass that the node has and we may use.

    Raises:
        RefusalError: it lacks one.
    """
    if not wanted:
        return
    known = await bridges_of(cluster, node)
    lacking = ", ".join(sorted({*wanted} - known))
    if lacking:
        raise RefusalError(
            f"node {node} has no bridge {lacking} that {cluster.api.token} may use",
            remedy=f"it has {', '.join(sorted(known)) or 'none'}",
        )


async def bridges_of(cluster: Cluster, node: str) -> frozenset[str]:
    """The bridges and vnets that a node has and we may use."""
    rows = records(await cluster.api.get("nodes", node, "network", type="any_bridge"))
    return frozenset(str(row["iface"]) for row in rows)


async def check_storages(cluster: Cluster, node: str, wanted: Collection[str]) -> None:
    """Let no storage pass that is on other nodes only; one that is nowhere Proxmox refuses at once by itself.

    The cluster's list tells, so that no storage is touched. It shows only what we may look at.

    Raises:
        RefusalError: one is.
    """
    if not wanted:
        return
    rows = records(await cluster.api.get("cluster", "resources", type="storage"))
    for storage in sorted(wanted):
        nodes = {str(row["node"]) for row in rows if row["storage"] == storage}
        if nodes and node not in nodes:
            raise RefusalError(
                f"storage {storage} is not on node {node}", remedy=f"it is on {', '.join(sorted(nodes))}"
            )
