"""What the kinds share about high availability: who is looked after, and what is wanted of him."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.tree import Json
from setpoint_proxmox.answer import records, text
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.guest_names import vmid_of
from setpoint_proxmox.mark import parse_inline

_TYPES = {"VirtualMachine": "vm", "Container": "ct"}


def wanted(row: Mapping[str, Json]) -> str:
    """The state that a resource shall be in; Proxmox does not tell what it takes by itself."""
    state = str(row.get("state") or "started")
    return "started" if state == "enabled" else state


def sid_of(cluster: Cluster, owner: Owner, guest: str) -> str | None:
    """The resource's id of `VirtualMachine/web01`, or of one that is an id already; None while there is no such guest."""
    kind, slash, name = guest.partition("/")
    if not slash:
        return guest
    vmid = vmid_of(cluster, owner, kind, name)
    return None if vmid is None else f"{_TYPES[kind]}:{vmid}"


async def resources(cluster: Cluster) -> dict[str, dict[str, Json]]:
    """What is wanted of every guest that is looked after, by its id; the list is whole for whoever may see it."""
    return {text(row, "sid"): row for row in records(await cluster.api.get("cluster", "ha", "resources"))}


def sid_named(rows: Mapping[str, Mapping[str, Json]], owner: Owner, name: str) -> str | None:
    """The resource that bears the mark of `name` or `namespace/name` of our estate, seen from a resource of ours."""
    namespace, slash, plain = name.rpartition("/")
    for space in (namespace,) if slash else (owner.key.namespace, "default"):
        wanted_key = Key(space, "HaResource", plain)
        for sid, row in sorted(rows.items()):
            if parse_inline(str(row.get("comment") or ""), "sid") == Mark(owner.estate, wanted_key, sid):
                return sid
    return None
