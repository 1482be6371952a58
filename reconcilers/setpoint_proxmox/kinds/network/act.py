"""The effects on networks: each stages all that differs and applies it, under the cluster's lock, or leaves nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial

from setpoint.model.errors import ConflictError, RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied, Started
from setpoint.model.tree import Json
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.network.applied import operation_text
from setpoint_proxmox.kinds.network.editing import editing
from setpoint_proxmox.kinds.network.staged import look
from setpoint_proxmox.kinds.network.users import refuse_users
from setpoint_proxmox.kinds.network.wanted import Seen, calls, removal
from setpoint_proxmox.mark import parse_inline
from setpoint_proxmox.sdn import MARK, Section, read_sdn, read_subnets


async def create(cluster: Cluster, acting: Acting) -> ActResult:
    """Make the zone with our mark, and apply it."""
    return await _commit(cluster, acting, _free)


async def configure(cluster: Cluster, acting: Acting) -> ActResult:
    """Change all that differs, and apply it."""
    return await _commit(cluster, acting, _ours)


async def mark(cluster: Cluster, acting: Acting) -> ActResult:
    """Write our mark, and apply that."""
    return await _commit(cluster, acting, _nobodys if acting.arguments["adopt"] else _ours)


async def apply(cluster: Cluster, acting: Acting) -> ActResult:
    """Let every node make its interfaces anew, with nothing changed."""
    return await _commit(cluster, acting, _ours)


async def destroy(cluster: Cluster, acting: Acting) -> ActResult:
    """Take the zone away with all that is in it, when it is ours and no guest uses it."""
    zone = _zone(acting)
    async with editing(cluster, partial(look, cluster, acting), acting.note) as edit:
        seen = await _see(cluster, zone)
        if seen.settings is None:
            return Applied()
        for name, vnet in seen.vnets.items():
            if parse_inline(vnet.option("alias"), MARK) != acting.owner.mark(zone):
                why = (
                    f"vnet {name} does not bear the mark of {acting.owner.key}, so zone {zone} is not removed"
                )
                raise RefusalError(why)
        await refuse_users(cluster, seen.vnets)
        for call in removal(zone, seen):
            await edit.send(call)
        return Started(operation_text(zone, await edit.apply()))


Check = Callable[[Acting, Seen], str]
"""Why a zone as it is under the lock is not the one that was planned for; empty when it is."""


async def _commit(cluster: Cluster, acting: Acting, check: Check) -> ActResult:
    zone, wanted = _zone(acting), acting.arguments
    async with editing(cluster, partial(look, cluster, acting), acting.note) as edit:
        seen = await _see(cluster, zone)
        wrong = check(acting, seen)
        if wrong:
            raise ConflictError(wrong)
        await refuse_users(cluster, _removed(wanted, seen))
        for call in calls(zone, wanted, seen):
            await edit.send(call)
        return Started(operation_text(zone, await edit.apply()))


async def _see(cluster: Cluster, zone: str) -> Seen:
    """The zone under the lock, where nothing is staged that does not run."""
    sdn = await read_sdn(cluster)
    vnets = sdn.vnets_of(zone)
    subnets = await asyncio.gather(*(read_subnets(cluster, name) for name in vnets))
    return Seen(sdn.zones.get(zone), vnets, dict(zip(vnets, subnets, strict=True)))


def _removed(wanted: Mapping[str, Json], seen: Seen) -> Iterable[str]:
    vnets = wanted.get("vnets")
    return (
        [name for name, vnet in vnets.items() if vnet is None and name in seen.vnets]
        if isinstance(vnets, dict)
        else []
    )


def _free(acting: Acting, seen: Seen) -> str:
    return "" if seen.settings is None else f"zone {_zone(acting)} is there by now"


def _ours(acting: Acting, seen: Seen) -> str:
    zone = _zone(acting)
    if any(acting.owner.owns(parse_inline(vnet.option("alias"), MARK), zone) for vnet in seen.vnets.values()):
        return ""
    return f"zone {zone} does not bear the mark of {acting.owner.key} any more"


def _nobodys(acting: Acting, seen: Seen) -> str:
    if seen.settings is not None and not any(_marked(vnet) for vnet in seen.vnets.values()):
        return ""
    return f"zone {_zone(acting)} is gone, or somebody's by now"


def _marked(vnet: Section) -> bool:
    return parse_inline(vnet.option("alias"), MARK) is not None


def _zone(acting: Acting) -> str:
    return str(acting.identity["zone"])


ACTS: Mapping[str, Callable[[Cluster, Acting], Awaitable[ActResult]]] = {
    "create": create,
    "configure": configure,
    "mark": mark,
    "apply": apply,
    "destroy": destroy,
}
