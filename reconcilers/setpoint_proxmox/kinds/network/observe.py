"""Reads a network: the zone as it runs and as it is staged, and from every node what it has made of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.network.options import split_names
from setpoint_proxmox.kinds.network.spec import NetworkSpec
from setpoint_proxmox.kinds.network.standing import applying, standings
from setpoint_proxmox.kinds.network.state import NetworkState, Standing
from setpoint_proxmox.mark import parse_inline
from setpoint_proxmox.sdn import MARK, Sdn, Section, proves_absent, read_sdn, read_subnets


async def observe(cluster: Cluster, looking: Looking[NetworkSpec]) -> Observation[NetworkState]:
    """Look at the zone by its id."""
    survey: Survey[Facts] = looking.survey
    if not survey.facts.quorate:
        why = f"{survey.target_id} has no quorum, so what it tells may be old and nothing can be changed"
        return Unknown(why, of_target=True)
    assert looking.identity is not None  # noqa: S101  # a network has its name at least
    zone = str(looking.identity["zone"])
    sdn = await read_sdn(cluster)
    settings = sdn.zones.get(zone)
    if settings is None:
        if await proves_absent(cluster, zone):
            return Absent(f"the cluster knows no zone {zone}")
        return Unknown(f"zone {zone} came to be while it was looked at", passing=True)
    if settings.running is None and not any(_mark(vnet) for vnet in sdn.vnets_of(zone).values()):
        return Absent(f"zone {zone} runs nowhere: it is staged only, and bears no mark")
    state = await read_zone(cluster, survey.facts.nodes, sdn, zone)
    if any(standing.status == "pending" for standing in state.nodes.values()) and await applying(cluster):
        return Unknown(f"the networks of {survey.target_id} are just being applied", passing=True)
    return Present(state, {"zone": zone}, state.mark)


async def read_zone(cluster: Cluster, nodes: Mapping[str, bool], sdn: Sdn, zone: str) -> NetworkState:
    """A zone that is there, with its subnets and what its nodes say; `nodes` tells which of them are online."""
    settings, vnets = sdn.zones[zone], sdn.vnets_of(zone)
    names = split_names((settings.running or {}).get("nodes"))
    wanted = {name: online for name, online in nodes.items() if not names or name in names}
    subnets, found = await asyncio.gather(
        asyncio.gather(*(read_subnets(cluster, name) for name in vnets)),
        standings(cluster, wanted, zone) if settings.running is not None else _none(),
    )
    return NetworkState(
        zone=zone,
        settings=settings,
        vnets=vnets,
        subnets=dict(zip(vnets, subnets, strict=True)),
        nodes=found,
        foreign=foreign(sdn, zone),
        elsewhere={name: vnet.option("zone") for name, vnet in sdn.vnets.items() if name not in vnets},
    )


def foreign(sdn: Sdn, zone: str) -> tuple[str, ...]:
    """What is staged outside of a zone, or in it without anybody's mark."""
    inside = {name for name, vnet in sdn.vnets_of(zone).items() if _mark(vnet)}
    zones = (f"zone {name} ({one.state})" for name, one in sdn.zones.items() if name != zone and one.state)
    vnets = (
        f"vnet {name} ({one.state})" for name, one in sdn.vnets.items() if name not in inside and one.state
    )
    return (*sorted(zones), *sorted(vnets))


def _mark(vnet: Section) -> bool:
    return parse_inline(vnet.option("alias"), MARK) is not None


async def _none() -> dict[str, Standing]:
    return {}
