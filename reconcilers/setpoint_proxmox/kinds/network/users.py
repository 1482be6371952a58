"""The guests that use a vnet: Proxmox takes a bridge away under them, so we look before."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable

from setpoint.model.errors import BusyError, RefusalError
from setpoint_proxmox.answer import records, text
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.failures import GoneError

_BATCH = 50
"""Guests whose configurations are asked for at once."""
_CARD = re.compile(r"net\d+")
_BRIDGE = re.compile(r"(?:^|,)bridge=([^,]+)")


async def refuse_users(cluster: Cluster, vnets: Iterable[str]) -> None:
    """Go on only when no guest has, or is about to have, a card on one of the vnets.

    Raises:
        RefusalError: some have.
        TargetError: one could not be read.
    """
    wanted = {*vnets}
    if not wanted:
        return
    guests = records(await cluster.api.get("cluster", "resources", type="vm"))
    found: dict[str, list[str]] = {}
    for begun in range(0, len(guests), _BATCH):
        batch = [
            (text(row, "node"), text(row, "type"), text(row, "vmid"))
            for row in guests[begun : begun + _BATCH]
        ]
        bridges = await asyncio.gather(*(_bridges(cluster, *guest) for guest in batch))
        for (_, _, vmid), names in zip(batch, bridges, strict=True):
            for name in sorted(names & wanted):
                found.setdefault(name, []).append(vmid)
    if found:
        told = "; ".join(f"vnet {name} by {', '.join(vmids)}" for name, vmids in sorted(found.items()))
        raise RefusalError(
            f"guests still use what is to be removed: {told}", remedy="give them another bridge first"
        )


async def _bridges(cluster: Cluster, node: str, kind: str, vmid: str) -> set[str]:
    """Every bridge of a guest, those that wait for a restart too."""
    try:
        rows = records(await cluster.api.get("nodes", node, kind, vmid, "pending"))
    except GoneError:
        # The list that told of it is some seconds old.
        why = f"guest {vmid} was just moved or removed, so which bridges it uses is not known"
        raise BusyError(why) from None
    texts = [
        str(row.get(name) or "")
        for row in rows
        if _CARD.fullmatch(str(row.get("key")))
        for name in ("value", "pending")
    ]
    return {bridge for one in texts for bridge in _BRIDGE.findall(one)}
