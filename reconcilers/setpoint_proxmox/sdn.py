"""The software-defined networks of a cluster as Proxmox keeps them: what runs, and what is staged for the next apply."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from setpoint.model.tree import Json
from setpoint_proxmox.answer import record, records, text
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.failures import GoneError, UnknownCallError

SCOPE: Final = "sdn"
"""What every change uses: the networks of a cluster are applied as one."""

MARK: Final = "zone"
"""How the id in the mark of a vnet is called: that of the zone that it is in."""

_SHOWN = frozenset({"state", "pending", "digest", "zone", "vnet", "id", "subnet", "cidr", "network", "mask"})
"""What the API adds to the options of a zone or a subnet."""
_DELETED = "deleted"


@dataclass(frozen=True)
class Section:
    """A zone, a vnet or a subnet, in the configuration that runs and in the one that is staged.

    Attributes:
        running: its options as they were last applied; None when it does not run.
        staged: its options as the next apply will have them; None when that will take it away.
    """

    running: Mapping[str, Json] | None
    staged: Mapping[str, Json] | None

    @property
    def settled(self) -> bool:
        """Whether the next apply changes nothing of it."""
        return self.running == self.staged

    @property
    def state(self) -> str:
        """What the next apply does to it, as Proxmox says it; empty for nothing."""
        if self.running is None:
            return "new"
        if self.staged is None:
            return _DELETED
        return "" if self.settled else "changed"

    @property
    def changed(self) -> frozenset[str]:
        """The options that the next apply changes; none of what it makes or takes away as a whole."""
        if self.running is None or self.staged is None:
            return frozenset()
        return frozenset(
            key
            for key in self.running.keys() | self.staged.keys()
            if self.running.get(key) != self.staged.get(key)
        )

    def option(self, name: str) -> str:
        """An option as it runs, or as it is staged where nothing runs; empty without it."""
        options = self.staged if self.running is None else self.running
        return str((options or {}).get(name) or "")


@dataclass(frozen=True)
class Sdn:
    """All zones and vnets by their ids; a vnet's options name its `zone`."""

    zones: Mapping[str, Section]
    vnets: Mapping[str, Section]

    def vnets_of(self, zone: str) -> dict[str, Section]:
        """The vnets that are in a zone, or will be."""
        return {
            name: vnet
            for name, vnet in self.vnets.items()
            if zone in ((vnet.running or {}).get("zone"), (vnet.staged or {}).get("zone"))
        }


async def read_sdn(cluster: Cluster) -> Sdn:
    """Every zone and vnet that we may see."""
    zones, vnets = await asyncio.gather(
        cluster.api.get("cluster", "sdn", "zones", pending=True),
        cluster.api.get("cluster", "sdn", "vnets", pending=True),
    )
    return Sdn(
        {text(row, "zone"): _section(row, _SHOWN) for row in records(zones)},
        {text(row, "vnet"): _section(row, _SHOWN - {"zone"}) for row in records(vnets)},
    )


async def read_subnets(cluster: Cluster, vnet: str) -> dict[str, Section]:
    """The subnets of a vnet by their CIDR; of a vnet that is staged to go nothing is told."""
    try:
        rows = records(await cluster.api.get("cluster", "sdn", "vnets", vnet, "subnets", pending=True))
    except GoneError:
        return {}
    return {text(row, "cidr"): _section(row, _SHOWN) for row in rows}


async def proves_absent(cluster: Cluster, zone: str) -> bool:
    """Whether the cluster itself says that there is no such zone: a list leaves out what we may not see."""
    try:
        await cluster.api.get("cluster", "sdn", "zones", zone)
    except GoneError:
        return True
    return False


async def read_others(cluster: Cluster) -> tuple[str, ...]:
    """What is staged beside zones, vnets and subnets, each with what the next apply does to it."""
    controllers = records(await cluster.api.get("cluster", "sdn", "controllers", pending=True))
    found = [
        f"controller {text(row, 'controller')} ({row['state']})" for row in controllers if row.get("state")
    ]
    try:
        fabrics = record(await cluster.api.get("cluster", "sdn", "fabrics", "all", pending=True))
    except UnknownCallError:
        return tuple(found)
    rows = (*records(fabrics.get("fabrics") or []), *records(fabrics.get("nodes") or []))
    found += (
        f"fabric {row.get('fabric_id') or row.get('id')} ({row['state']})" for row in rows if row.get("state")
    )
    return tuple(dict.fromkeys(found))


async def anything_staged(cluster: Cluster) -> bool:
    """Whether the next apply would change anything of what we may see."""
    sdn, others = await asyncio.gather(read_sdn(cluster), read_others(cluster))
    subnets = await asyncio.gather(*(read_subnets(cluster, name) for name in sdn.vnets))
    sections = (
        *sdn.zones.values(),
        *sdn.vnets.values(),
        *(one for found in subnets for one in found.values()),
    )
    return bool(others) or any(section.state for section in sections)


def _section(row: Mapping[str, Json], shown: frozenset[str]) -> Section:
    base = {key: value for key, value in row.items() if key not in shown}
    coming = record(row.get("pending") or {})
    match row.get("state"):
        case "new":
            return Section(None, {**base, **coming})
        case "deleted":
            return Section(base, None)
        case "changed":
            staged = {key: value for key, value in {**base, **coming}.items() if coming.get(key) != _DELETED}
            return Section(base, staged)
        case _:
            return Section(base, base)
