"""The scarce parts of a cluster that a step uses until its task has ended."""

from __future__ import annotations

from setpoint_proxmox.facts import Facts


def scopes(facts: Facts, node: str, *storages: str) -> tuple[str, ...]:
    """The node, and each storage on which something is made: one of the node's own, or one that all share."""
    found = sorted(set(storages))
    return (
        f"node/{node}",
        *(f"storage/{name}" if facts.storages.get(name) else f"storage/{node}/{name}" for name in found),
    )
