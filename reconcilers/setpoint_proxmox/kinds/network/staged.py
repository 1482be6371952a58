"""Whose what is staged is: ours are parts of our zone that bear our mark, and no more of them than we would write."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping

from setpoint.model.kind import Acting
from setpoint.model.tree import Json
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.network.alias import parse_alias
from setpoint_proxmox.kinds.network.options import SUBNET, VNET, ZONE, Option
from setpoint_proxmox.sdn import Sdn, Section, read_others, read_sdn, read_subnets


async def not_ours(cluster: Cluster, acting: Acting) -> tuple[str, ...]:
    """Everything staged that is neither ours nor left by us, each with what the next apply does to it."""
    sdn, others = await asyncio.gather(read_sdn(cluster), read_others(cluster))
    subnets = await asyncio.gather(*(read_subnets(cluster, name) for name in sdn.vnets))
    told = foreign(
        acting,
        sdn,
        dict(zip(sdn.vnets, subnets, strict=True)),
        cut_off=str(acting.identity["zone"]) in cluster.cut_off,
    )
    return (*told, *others)


def foreign(
    acting: Acting, sdn: Sdn, subnets: Mapping[str, Mapping[str, Section]], *, cut_off: bool
) -> Iterator[str]:
    """What of zones, vnets and subnets is staged and not ours.

    Args:
        acting: whose zone it is, and what it is to be.
        sdn: all zones and vnets.
        subnets: of every vnet, by CIDR.
        cut_off: the journal says that a change of ours to the zone was cut off.
    """
    ours = _Ours(acting, str(acting.identity["zone"]), cut_off)
    mine = {name for name, vnet in sdn.vnets_of(ours.zone).items() if ours.marked(vnet)}
    for name, section in sorted(sdn.zones.items()):
        if section.state and not (name == ours.zone and ours.zone_is(section, marked=bool(mine))):
            yield f"zone {name} ({section.state})"
    for name, section in sorted(sdn.vnets.items()):
        if section.state and not (name in mine and ours.vnet_is(name, section)):
            yield f"vnet {name} ({section.state})"
    for vnet, members in sorted(subnets.items()):
        for cidr, section in sorted(members.items()):
            if section.state and not (vnet in mine and ours.subnet_is(vnet, cidr, section)):
                yield f"subnet {cidr} of vnet {vnet} ({section.state})"


class _Ours:
    """What of a zone an act may take back.

    Args:
        cut_off: the journal says that a change of ours to the zone was cut off, so whatever bears our mark was it.
    """

    def __init__(self, acting: Acting, zone: str, cut_off: bool) -> None:  # noqa: FBT001  # two-valued by nature
        self.zone = zone
        self._owner = acting.owner
        self._cut_off = cut_off
        self._zone = _mapping(acting.arguments.get("zone"))
        self._vnets = _mapping(acting.arguments.get("vnets"))

    def marked(self, vnet: Section) -> bool:
        """Whether a vnet bears our mark for the zone."""
        return self._owner.owns(parse_alias(vnet.option("alias")), self.zone)

    def zone_is(self, section: Section, *, marked: bool) -> bool:
        """Whether a change to the zone itself is ours."""
        return self._cut_off or (marked and section.changed <= _names(self._zone, ZONE))

    def vnet_is(self, name: str, section: Section) -> bool:
        """Whether a change to a vnet that bears our mark is ours."""
        return self._cut_off or section.changed <= {"alias", *_names(_mapping(self._vnets.get(name)), VNET)}

    def subnet_is(self, vnet: str, cidr: str, section: Section) -> bool:
        """Whether a change to a subnet of such a vnet is ours."""
        subnets = _mapping(_mapping(self._vnets.get(vnet)).get("subnets"))
        return self._cut_off or (
            cidr in subnets and section.changed <= _names(_mapping(subnets[cidr]), SUBNET)
        )


def _names(options: Mapping[str, Json], table: Iterable[Option]) -> set[str]:
    return {one.name for one in table if one.field in options}


def _mapping(value: Json | None) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
