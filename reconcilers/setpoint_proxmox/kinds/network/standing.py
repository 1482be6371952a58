"""What each node has made of a zone: the task that applies ends well whatever the nodes say, so they are asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from setpoint.model.errors import TargetError
from setpoint_proxmox.answer import records, text
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.network.state import AVAILABLE, Standing

APPLY = "reloadnetworkall"
"""The type of the task that applies what is staged."""


async def standings(cluster: Cluster, nodes: Mapping[str, bool], zone: str) -> dict[str, Standing]:
    """What every node says of a zone that runs; `nodes` tells which of them are online."""
    found = await asyncio.gather(
        *(_standing(cluster, name, zone, online=nodes[name]) for name in sorted(nodes))
    )
    return dict(zip(sorted(nodes), found, strict=True))


async def applying(cluster: Cluster) -> bool:
    """Whether somebody applies right now, so that a node may be about to follow."""
    rows = records(await cluster.api.get("cluster", "tasks"))
    return any(row.get("type") == APPLY and "endtime" not in row for row in rows)


async def _standing(cluster: Cluster, node: str, zone: str, *, online: bool) -> Standing:
    if not online:
        return Standing("", f"{node} is offline")
    try:
        rows = records(await cluster.api.get("nodes", node, "sdn", "zones"))
        status = next((text(row, "status") for row in rows if row.get("zone") == zone), None)
        if status is None:
            return Standing("error", "it does not list the zone")
        if status == AVAILABLE:
            return Standing(AVAILABLE)
        content = records(await cluster.api.get("nodes", node, "sdn", "zones", zone, "content"))
    except TargetError as error:
        return Standing("", str(error))
    vnets = {text(row, "vnet"): _why(row) for row in content if row.get("status") != AVAILABLE}
    return Standing(status, "; ".join(dict.fromkeys(vnets.values())), vnets)


def _why(row: Mapping[str, object]) -> str:
    message = str(row.get("statusmsg") or "").strip()
    return f"{row.get('status')}: {message}" if message else str(row.get("status"))
