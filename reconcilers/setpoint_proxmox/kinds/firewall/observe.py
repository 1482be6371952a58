"""Reads a firewall; that of a guest is found by the guest's mark, and goes with it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint.model.tree import Json
from setpoint_proxmox.answer import record, records, text
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest_names import vmid_of
from setpoint_proxmox.kinds.firewall.spec import FirewallSpec
from setpoint_proxmox.kinds.firewall.state import FirewallState

CLUSTER = "cluster"


async def observe(cluster: Cluster, looking: Looking[FirewallSpec]) -> Observation[FirewallState]:
    """Look at the firewall."""
    survey: Survey[Facts] = looking.survey
    facts = survey.facts
    if not facts.quorate:
        why = f"{survey.target_id} has no quorum, so what it tells may be old and nothing can be changed"
        return Unknown(why, of_target=True)
    if looking.spec.cluster:
        return _found(await read(cluster, CLUSTER, ("cluster", "firewall")))
    return await _of_guest(cluster, looking, survey)


async def _of_guest(
    cluster: Cluster, looking: Looking[FirewallSpec], survey: Survey[Facts]
) -> Observation[FirewallState]:
    facts, vmid = survey.facts, _vmid(cluster, looking)
    if vmid is None:
        name = looking.spec.virtual_machine or looking.spec.container
        return Unknown(f"no guest of {survey.target_id} bears the mark of {name}")
    guest = facts.guests.get(vmid)
    if guest is None:
        if facts.blind:
            return Unknown(facts.blind, of_target=True)
        return Absent(f"guest {vmid} is gone, and its firewall with it")
    if not facts.nodes.get(guest.node, False):
        return Unknown(f"guest {vmid} is on {guest.node}, which is offline")
    return _found(await read(cluster, f"vm/{vmid}", path_of(guest.node, guest.kind, vmid)))


def path_of(node: str, kind: str, vmid: int) -> tuple[str, ...]:
    """Where the firewall of a guest is in the API."""
    return "nodes", node, kind, str(vmid), "firewall"


def guest_of(spec: FirewallSpec) -> tuple[str, str] | None:
    """Kind and name of the guest; None for the cluster."""
    if spec.virtual_machine is not None:
        return "VirtualMachine", str(spec.virtual_machine)
    return None if spec.container is None else ("Container", str(spec.container))


def _vmid(cluster: Cluster, looking: Looking[FirewallSpec]) -> int | None:
    """The guest that bears the mark of the declared one; else the one whose firewall it was, which may be gone."""
    guest = guest_of(looking.spec)
    found = None if guest is None else vmid_of(cluster, looking.owner, *guest)
    if found is not None:
        return found
    which = str((looking.identity or {}).get("firewall") or "")
    return int(which.removeprefix("vm/")) if which.startswith("vm/") else None


def _found(state: FirewallState) -> Observation[FirewallState]:
    if state.blank:
        return Absent(f"nothing is set in the firewall {state.which}")
    return Present(state, {"firewall": state.which}, state.mark)


async def read(cluster: Cluster, which: str, path: tuple[str, ...]) -> FirewallState:
    """Everything of a firewall."""
    get = cluster.api.get
    options, rules, sets, aliases = await asyncio.gather(
        get(*path, "options"), get(*path, "rules"), get(*path, "ipset"), get(*path, "aliases")
    )
    rows = {text(row, "name"): row for row in records(sets)}
    members = await asyncio.gather(*(get(*path, "ipset", name) for name in rows))
    groups = await _groups(cluster, path) if which == CLUSTER else {}
    return FirewallState(
        which=which,
        path=path,
        options=_kept(record(options)),
        rules=tuple(_ordered(rules)),
        ipsets={
            name: {"comment": row.get("comment"), "members": [dict(_kept(one)) for one in records(found)]}
            for (name, row), found in zip(rows.items(), members, strict=True)
        },
        aliases={text(row, "name"): _kept(row) for row in records(aliases)},
        groups=groups,
    )


async def _groups(cluster: Cluster, path: tuple[str, ...]) -> dict[str, dict[str, Json]]:
    rows = {text(row, "group"): row for row in records(await cluster.api.get(*path, "groups"))}
    rules = await asyncio.gather(*(cluster.api.get(*path, "groups", name) for name in rows))
    return {
        name: {"comment": row.get("comment"), "rules": list[Json](_ordered(found))}
        for (name, row), found in zip(rows.items(), rules, strict=True)
    }


def _ordered(rules: Json) -> list[dict[str, Json]]:
    return sorted((_kept(row) for row in records(rules)), key=lambda row: int(text(row, "pos")))


def _kept(row: Mapping[str, Json]) -> dict[str, Json]:
    return {key: value for key, value in row.items() if key not in ("digest", "ipversion")}
