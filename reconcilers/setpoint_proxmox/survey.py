"""The shared look at a cluster: one list of everything, who is online, what we may do, and whose guests are whose."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from setpoint.model.errors import TargetError
from setpoint.model.identity import Identity, Mark
from setpoint.model.survey import Survey
from setpoint.model.tree import Json
from setpoint_proxmox.access import Permissions, forgone, grant_command, missing, sees_all_guests
from setpoint_proxmox.answer import figure, record, records, text, whole
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Capacity, Facts, Guest, Unclear
from setpoint_proxmox.failures import GoneError
from setpoint_proxmox.mark import TAG, parse_mark, split_tags
from setpoint_proxmox.unfinished import LOCKS, look

READING = 10.0
"""Seconds for reading marks in one survey; it must not be old when it is done."""
BATCH = 200
"""Guests whose marks are asked for at once."""


async def survey(cluster: Cluster, now: float) -> Survey[Facts]:
    """Look at everything.

    Raises:
        TargetError: the cluster could not be read, or not be told from another.
    """
    version, status, listed, granted = await asyncio.gather(
        cluster.api.get("version"),
        cluster.api.get("cluster", "status"),
        cluster.api.get("cluster", "resources"),
        cluster.api.get("access", "permissions"),
    )
    facts = _facts(cluster, record(version), records(status), records(listed), _permissions(granted))
    unread = await read_marks(cluster, facts)
    facts = replace(facts, unclear=(*unread, *await _being_made(cluster, facts, unread)))
    errors = {f"guest/{guest.vmid}": guest.why for guest in facts.unclear}
    if facts.blind:
        errors["permissions"] = facts.blind
    return Survey(
        facts=facts,
        target_id=target_id(facts),
        begun=now,
        found=tuple(_found(cluster)),
        errors={**errors, **_offline(facts)},
        complete=not errors,
    )


def target_id(facts: Facts) -> str:
    """Who the cluster is: its name, or `node:pve1` for a node that never joined one."""
    return facts.cluster or f"node:{next(iter(facts.nodes), '')}"


def _facts(
    cluster: Cluster,
    version: dict[str, Json],
    status: list[dict[str, Json]],
    listed: list[dict[str, Json]],
    granted: Permissions,
) -> Facts:
    whole = next((row for row in status if row.get("type") == "cluster"), dict[str, Json]())
    guests = [_guest(row) for row in listed if row.get("type") in ("qemu", "lxc")]
    return Facts(
        version=str(version.get("version", "")),
        cluster=str(whole.get("name", "")),
        quorate=whole.get("quorate", 1) == 1,
        nodes={text(row, "name"): row.get("online") == 1 for row in status if row.get("type") == "node"},
        guests={guest.vmid: guest for guest in guests},
        storages={
            text(row, "storage"): row.get("shared") == 1 for row in listed if row.get("type") == "storage"
        },
        missing=missing(granted),
        forgone=forgone(granted),
        unclear=(),
        blind=_blind(cluster, granted),
        vmids=cluster.vmids,
        endpoint=cluster.api.endpoint,
        token=cluster.api.token,
        capacity=_capacity(listed),
        active=_active(listed),
    )


def _capacity(listed: list[dict[str, Json]]) -> dict[str, Capacity]:
    nodes = [row for row in listed if row.get("type") == "node"]
    return {
        text(row, "node"): Capacity(int(figure(row["maxcpu"])), int(figure(row["maxmem"])))
        for row in nodes
        if row.get("maxcpu") and row.get("maxmem")
    }


def _active(listed: list[dict[str, Json]]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for row in listed:
        if row.get("type") == "storage":
            nodes = found.setdefault(text(row, "storage"), set())
            if row.get("status") == "available":
                nodes.add(text(row, "node"))
    return {storage: frozenset(nodes) for storage, nodes in found.items()}


def _guest(row: dict[str, Json]) -> Guest:
    return Guest(
        vmid=whole(text(row, "vmid")),
        kind=str(row["type"]),
        node=text(row, "node"),
        tags=split_tags(row.get("tags")),
        lock=str(row.get("lock") or ""),
        name=str(row.get("name") or ""),
        template=row.get("template") == 1,
        pool=str(row.get("pool") or ""),
        status=str(row.get("status") or ""),
        memory=int(figure(row["maxmem"])) if row.get("maxmem") else None,
        cpus=figure(row["maxcpu"]) if row.get("maxcpu") else None,
        ha=str(row.get("hastate") or ""),
    )


def _permissions(granted: Json) -> Permissions:
    return {
        path: {name: whole(flag) for name, flag in record(names).items()}
        for path, names in record(granted).items()
    }


def _blind(cluster: Cluster, granted: Permissions) -> str:
    if sees_all_guests(granted):
        return ""
    command = grant_command("/vms", "VM.Audit", cluster.api.token)
    return f"guests may be hidden, for {cluster.api.token} lacks VM.Audit on /vms; run on a node: {command}"


async def read_marks(cluster: Cluster, facts: Facts) -> tuple[Unclear, ...]:
    """Read the mark of every guest that may be ours and whose listing is new; gives those that could not be read."""
    candidates = {vmid: guest for vmid, guest in facts.guests.items() if _may_be_ours(guest, facts)}
    for vmid in cluster.marks.keys() - candidates.keys():
        del cluster.marks[vmid]
    stale = [
        guest for vmid, guest in candidates.items() if cluster.marks.get(vmid, (None,))[0] != _live(guest)
    ]
    end = asyncio.get_running_loop().time() + READING
    unclear: list[Unclear] = []
    for begun in range(0, len(stale), BATCH):
        if begun and asyncio.get_running_loop().time() > end:
            return (*unclear, *_unread(stale[begun:]))
        batch = stale[begun : begun + BATCH]
        found = await asyncio.gather(*(_read_mark(cluster, facts, guest) for guest in batch))
        unclear += (one for one in found if one is not None)
    return tuple(unclear)


def _unread(guests: list[Guest]) -> list[Unclear]:
    """So many at first contact that a survey would be old before the last is read; the next one goes on."""
    why = f"the marks of {len(guests)} guests are still being read"
    return [Unclear(guest.vmid, guest.node, why, passing=True) for guest in guests]


def _live(guest: Guest) -> Guest:
    """What of the list comes with a change of the guest itself; the rest its node and the HA manager tell when they can."""
    return replace(guest, name="", template=False, pool="", status="", memory=None, cpus=None, ha="")


def _may_be_ours(guest: Guest, facts: Facts) -> bool:
    """Tagged, or in our range: somebody may have removed the tag. What is out of sight and untagged is not waited for."""
    low, high = facts.vmids
    return TAG in guest.tags or (low <= guest.vmid <= high and facts.nodes.get(guest.node, False))


async def _read_mark(cluster: Cluster, facts: Facts, guest: Guest) -> Unclear | None:
    if not facts.nodes.get(guest.node, False):
        why = f"{guest.vmid} is on {guest.node}, which is offline, so its mark cannot be read"
        return Unclear(guest.vmid, guest.node, why, passing=False)
    try:
        config = record(await cluster.api.get("nodes", guest.node, guest.kind, guest.vmid, "config"))
    except TargetError as error:
        cluster.marks.pop(guest.vmid, None)
        return Unclear(guest.vmid, guest.node, str(error), passing=isinstance(error, GoneError))
    cluster.marks[guest.vmid] = _live(guest), parse_mark(str(config.get("description") or ""))
    return None


def _found(cluster: Cluster) -> list[tuple[Mark, Identity]]:
    return [(mark, {"vmid": vmid}) for vmid, (_, mark) in sorted(cluster.marks.items()) if mark is not None]


async def _being_made(cluster: Cluster, facts: Facts, unread: tuple[Unclear, ...]) -> list[Unclear]:
    """Guests in our range that are just being made: what they will be cannot be seen yet, and they may be ours.

    Those that we make ourselves are known, and hold up nobody else.
    """
    low, high = facts.vmids
    known = cluster.making | {guest.vmid for guest in unread}
    locked = [guest for guest in facts.guests.values() if guest.lock in LOCKS]
    cluster.making.difference_update(facts.guests.keys() - {guest.vmid for guest in locked})
    doubtful = [
        guest
        for guest in locked
        if low <= guest.vmid <= high
        and TAG not in guest.tags
        and guest.vmid not in known
        and facts.nodes.get(guest.node, False)
    ]
    return await asyncio.gather(*(_unfinished(cluster, guest) for guest in doubtful))


async def _unfinished(cluster: Cluster, guest: Guest) -> Unclear:
    try:
        found = await look(cluster, guest, guest.lock)
    except TargetError as error:
        return Unclear(guest.vmid, guest.node, str(error), passing=False)
    return Unclear(guest.vmid, guest.node, found.why, found.passing)


def _offline(facts: Facts) -> dict[str, str]:
    return {f"node/{name}": f"{name} is offline" for name, online in facts.nodes.items() if not online}
