"""The relative sizes of a container, by the node that it is on or will be made on."""

from __future__ import annotations

from setpoint.model.plan import Obstacle
from setpoint.model.tree import Pointer
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.clone import found_on
from setpoint_proxmox.guest.compute import Rules, computer, made_on
from setpoint_proxmox.guest.words import CONTAINER
from setpoint_proxmox.kinds.container.project import project
from setpoint_proxmox.kinds.container.spec import ContainerSpec


def _where(spec: ContainerSpec, facts: Facts) -> str | Obstacle:
    if spec.clone is None or spec.node is not None:
        return made_on(spec.node, facts)
    return found_on(spec.clone, facts, CONTAINER)


def _no_conflict(_: ContainerSpec) -> dict[Pointer, Obstacle]:
    return {}


compute = computer(project, Rules(_where, _no_conflict))
