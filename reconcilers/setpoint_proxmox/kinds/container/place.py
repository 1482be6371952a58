"""Where a container with a placement is made or goes: what it needs of a node, and what ties it to the one that it is on."""

from __future__ import annotations

from setpoint.model.plan import Obstacle, Step
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.clone import bound, source_of
from setpoint_proxmox.guest.placing import Needs, placer
from setpoint_proxmox.guest.state import volumes
from setpoint_proxmox.guest.words import CONTAINER
from setpoint_proxmox.kinds.container.compute import compute as sized
from setpoint_proxmox.kinds.container.needs import allocating, bridges, reading
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState


def _storages(spec: ContainerSpec) -> frozenset[str]:
    return allocating(spec) | reading(spec)


def _barred(spec: ContainerSpec, node: str, facts: Facts) -> str:
    """A copy can be made only where its source can be read; one without a source is told of by the plan."""
    if spec.clone is None:
        return ""
    source = source_of(spec.clone, facts, (), CONTAINER)
    return "" if isinstance(source, Step) else bound(spec.clone, source, node, facts, CONTAINER)


async def _tied(_: Cluster, ct: CtState, to: str) -> Obstacle | None:
    """A folder or device of the node stays behind, unless every node is said to have the same."""
    found = sorted(
        f"{slot} with {source}"
        for slot, source in volumes(ct.current)
        if source.startswith("/") and ",shared=1" not in str(ct.current[slot])
    )
    if not found:
        return None
    why = f"{ct} has {', '.join(found)} of {ct.node}, so it cannot be migrated to {to}"
    return Obstacle(
        why, f"declare the bind mount shared: true where it is, or add {ct.node} to spec.placement.nodes"
    )


compute = placer(Needs(_storages, bridges, _barred, _tied), sized)
