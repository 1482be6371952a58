"""The effects on security groups of the cluster; neighbours: `act`, `rules`."""

from __future__ import annotations

import asyncio

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Tree
from setpoint_proxmox.answer import records, text
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.firewall.observe import path_of
from setpoint_proxmox.kinds.firewall.rules import bring
from setpoint_proxmox.kinds.firewall.state import FirewallState


async def make_group(cluster: Cluster, state: FirewallState, name: str, wanted: Tree) -> None:
    """Make a group or change it; `wanted` has `rules`, and `comment` when one is declared."""
    comment = str(wanted["comment"]) if "comment" in wanted else None
    path = (*state.path, "groups")
    if name not in state.groups:
        await cluster.api.post(*path, group=name, comment=comment)
    elif comment is not None and comment != str(state.groups[name].get("comment") or ""):
        await cluster.api.post(*path, group=name, rename=name, comment=comment)
    rules = wanted["rules"]
    assert isinstance(rules, list)  # noqa: S101  # the plan made it
    await bring(cluster, (*path, name), [one for one in rules if isinstance(one, dict)])


async def remove_group(cluster: Cluster, state: FirewallState, name: str) -> None:
    """Empty a group and take it away.

    Raises:
        RefusalError: a rule of some firewall names it; nothing was done, for without its rules that one would open.
    """
    users = await _users(cluster, name)
    if users:
        why = f"the security group {name} stays as it is while rules name it, those of {', '.join(users)}"
        raise RefusalError(why)
    await bring(cluster, (*state.path, "groups", name), [])
    await cluster.api.delete(*state.path, "groups", name)


async def _users(cluster: Cluster, name: str) -> list[str]:
    """The cluster, nodes and guests whose rules name the group, on or off."""
    rows = records(await cluster.api.get("cluster", "resources"))
    found: dict[str, tuple[str, ...]] = {"the cluster": ("cluster", "firewall")}
    for row in rows:
        kind = text(row, "type")
        if kind == "node":
            found[f"node {text(row, 'node')}"] = ("nodes", text(row, "node"), "firewall")
        elif kind in ("qemu", "lxc"):
            vmid = int(text(row, "vmid"))
            found[f"guest {vmid}"] = path_of(text(row, "node"), kind, vmid)
    lists = await asyncio.gather(*(cluster.api.get(*path, "rules") for path in found.values()))
    return [user for user, rules in zip(found, lists, strict=True) if _names(records(rules), name)]


def _names(rules: list[Tree], name: str) -> bool:
    return any(rule.get("type") == "group" and rule.get("action") == name for rule in rules)
