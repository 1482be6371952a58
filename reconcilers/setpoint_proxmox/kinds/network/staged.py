"""Whose what is staged is: ours is what bears our mark, and no more of it than we would write, or what we left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from setpoint.model.kind import Acting
from setpoint.model.tree import Json
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.network.options import SUBNET, VNET, ZONE, Option
from setpoint_proxmox.mark import parse_inline
from setpoint_proxmox.sdn import MARK, Sdn, Section, read_others, read_sdn, read_subnets


@dataclass(frozen=True)
class Staged:
    """What is staged.

    Attributes:
        foreign: what is neither ours nor left by us, each with what the next apply does to it.
        left: something of our estate is among it that does not run. We do one thing at a time, so nobody is at it any more.
    """

    foreign: tuple[str, ...]
    left: bool


async def look(cluster: Cluster, acting: Acting) -> Staged:
    """Look at everything that is staged."""
    sdn, others = await asyncio.gather(read_sdn(cluster), read_others(cluster))
    subnets = await asyncio.gather(*(read_subnets(cluster, name) for name in sdn.vnets))
    ours = _Ours(acting, sdn, cluster.cut_off)
    told = ours.foreign(dict(zip(sdn.vnets, subnets, strict=True)))
    return Staged((*told, *others), ours.left)


def foreign(
    acting: Acting, sdn: Sdn, subnets: Mapping[str, Mapping[str, Section]], cut_off: Collection[str]
) -> tuple[str, ...]:
    """What of zones, vnets and subnets is staged and not ours.

    Args:
        acting: whose zone it is, and what it is to be.
        sdn: all zones and vnets.
        subnets: of every vnet, by CIDR.
        cut_off: the zones of which the journal says that a change of ours was cut off, so whatever bears a mark of our
            estate was it.
    """
    return tuple(_Ours(acting, sdn, cut_off).foreign(subnets))


class _Ours:
    """What of all that is staged an act may take back; parameters as of `foreign`."""

    def __init__(self, acting: Acting, sdn: Sdn, cut_off: Collection[str]) -> None:
        self._sdn = sdn
        self._cut_off = cut_off
        self._owner, self._own = acting.owner, str(acting.identity["zone"])
        self._zone = _mapping(acting.arguments.get("zone"))
        self._vnets = _mapping(acting.arguments.get("vnets"))
        self._marks = {
            name: mark
            for name, vnet in sdn.vnets.items()
            if (mark := parse_inline(vnet.option("alias"), MARK)) is not None
            and (mark.estate, mark.object_id) == (self._owner.estate, vnet.option("zone"))
        }
        """The vnets of our estate."""

    @property
    def left(self) -> bool:
        """Whether a vnet of our estate is staged that does not run."""
        return any(self._sdn.vnets[name].running is None for name in self._marks)

    def foreign(self, subnets: Mapping[str, Mapping[str, Section]]) -> Iterator[str]:
        """What is not."""
        for name, zone in sorted(self._sdn.zones.items()):
            if zone.state and not self._owns_zone(name, zone):
                yield f"zone {name} ({zone.state})"
        for name, vnet in sorted(self._sdn.vnets.items()):
            if vnet.state and not self._owns_vnet(name, vnet):
                yield f"vnet {name} ({vnet.state})"
        for name, members in sorted(subnets.items()):
            for cidr, subnet in sorted(members.items()):
                if subnet.state and not self._owns_subnet(name, cidr, subnet):
                    yield f"subnet {cidr} of vnet {name} ({subnet.state})"

    def _owns_zone(self, name: str, zone: Section) -> bool:
        inside = self._sdn.vnets_of(name)
        if name in self._cut_off or (zone.state == "new" and inside.keys() & self._marks.keys()):
            return True
        mine = name == self._own and any(self._is_mine(vnet) for vnet in inside)
        return mine and zone.changed <= _names(self._zone, ZONE)

    def _owns_vnet(self, name: str, vnet: Section) -> bool:
        if self._is_left(name):
            return True
        options = _mapping(self._vnets.get(name))
        return self._is_mine(name) and vnet.changed <= {"alias", *_names(options, VNET)}

    def _owns_subnet(self, vnet: str, cidr: str, subnet: Section) -> bool:
        if self._is_left(vnet):
            return True
        subnets = _mapping(_mapping(self._vnets.get(vnet)).get("subnets"))
        declared = cidr in subnets and subnet.changed <= _names(_mapping(subnets[cidr]), SUBNET)
        return self._is_mine(vnet) and declared

    def _is_left(self, vnet: str) -> bool:
        """Whether whatever is staged of a vnet was left by us."""
        one = self._sdn.vnets[vnet]
        return vnet in self._marks and (one.option("zone") in self._cut_off or one.running is None)

    def _is_mine(self, vnet: str) -> bool:
        """Whether a vnet bears the mark of this network."""
        return self._owner.owns(self._marks.get(vnet), self._own)


def _names(options: Mapping[str, Json], table: Iterable[Option]) -> set[str]:
    return {one.name for one in table if one.field in options}


def _mapping(value: Json | None) -> Mapping[str, Json]:
    return value if isinstance(value, dict) else {}
