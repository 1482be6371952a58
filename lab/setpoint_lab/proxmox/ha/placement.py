"""Where a resource may run and where it should, by the rules; neighbour: `manager`, which moves it there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.proxmox.call import split_list
from setpoint_lab.proxmox.ha.model import guest_of, members

if TYPE_CHECKING:
    from setpoint_lab.proxmox.ha.model import Ha, Section
    from setpoint_lab.proxmox.world import World


def should_move(world: World, ha: Ha, sid: str, node: str) -> str | None:
    """The node that a resource belongs on more than on the one where it is; None when it is well there."""
    best = best_nodes(world, ha, sid)
    failback = bool(int(str(ha.resources[sid].get("failback", 1))))
    if not best or node in best or (not failback and node in _named_nodes(ha, sid)):
        return None
    return _quietest(world, best)


def another_node(world: World, ha: Ha, sid: str, node: str) -> str | None:
    """Where a resource goes that cannot be where it is."""
    return _quietest(world, best_nodes(world, ha, sid, without=node))


def best_nodes(world: World, ha: Ha, sid: str, without: str = "") -> set[str]:
    """The nodes that are on and that the rules prefer; empty when a strict rule leaves none."""
    found = {node.name for node in world.nodes.values() if node.online and node.name != without}
    for rule in _rules(ha, sid, "node-affinity"):
        found = _preferred(rule, found)
    for rule in _rules(ha, sid, "resource-affinity"):
        others = _places(world, ha, [other for other in members(rule) if other != sid])
        if rule["affinity"] == "negative":
            found -= others
        elif found & others:
            found &= others
    return found


def _places(world: World, ha: Ha, sids: list[str]) -> set[str]:
    """Where resources are, or are going."""
    targets = {sid: service.target for sid, service in ha.services.items()}
    return {targets.get(sid) or guest.node for sid in sids if (guest := guest_of(world, sid)) is not None}


def _preferred(rule: Section, online: set[str]) -> set[str]:
    priorities = _priorities(rule)
    there = online & priorities.keys()
    if there:
        most = max(priorities[node] for node in there)
        return {node for node in there if priorities[node] == most}
    return set() if str(rule.get("strict", 0)) == "1" else online


def _priorities(rule: Section) -> dict[str, int]:
    pairs = [item.partition(":") for item in split_list(str(rule.get("nodes", "")))]
    return {node: int(priority or 0) for node, _, priority in pairs}


def _named_nodes(ha: Ha, sid: str) -> set[str]:
    return {node for rule in _rules(ha, sid, "node-affinity") for node in _priorities(rule)}


def _rules(ha: Ha, sid: str, kind: str) -> list[Section]:
    return [
        rule
        for rule in ha.rules.values()
        if rule["type"] == kind and str(rule.get("disable", 0)) != "1" and sid in members(rule)
    ]


def _quietest(world: World, nodes: set[str]) -> str | None:
    load = {node: sum(guest.node == node for guest in world.guests.values()) for node in nodes}
    return min(sorted(nodes), key=lambda node: load[node], default=None)
