"""What is looked at before a write, because Proxmox itself takes it and fails only later, half-way or at the start."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Scalar
from setpoint_proxmox.answer import records
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.virtual_machine.project import is_nic_slot
from setpoint_proxmox.kinds.virtual_machine.strings import NicText

_DRIVE = re.compile(r"(scsi|virtio|sata|ide|efidisk|tpmstate)\d+")
_NEW = re.compile(r"(?P<storage>[^:/,]+):(\d+(\.\d+)?|cloudinit)(,.*)?")
"""The text of a drive that Proxmox allocates."""


async def check_bridges(cluster: Cluster, node: str, config: Mapping[str, Scalar]) -> None:
    """Let only bridges and vnets pass that the node has and we may use.

    Raises:
        RefusalError: it lacks one.
    """
    nics = [NicText.parse(str(text)) for option, text in config.items() if is_nic_slot(option)]
    wanted = {nic.bridge for nic in nics if nic.bridge is not None}
    if not wanted:
        return
    rows = records(await cluster.api.get("nodes", node, "network", type="any_bridge"))
    known = {str(row["iface"]) for row in rows}
    lacking = ", ".join(sorted(wanted - known))
    if lacking:
        raise RefusalError(
            f"node {node} has no bridge {lacking} that {cluster.api.token} may use",
            remedy=f"it has {', '.join(sorted(known)) or 'none'}",
        )


async def check_volumes(cluster: Cluster, node: str, config: Mapping[str, Scalar]) -> None:
    """Let no new drive pass whose storage is on other nodes only.

    Raises:
        RefusalError: one is.
    """
    drives = [str(text) for option, text in config.items() if _DRIVE.fullmatch(option)]
    matches = [_NEW.fullmatch(text) for text in drives]
    await check_storages(cluster, node, {match["storage"] for match in matches if match is not None})


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
