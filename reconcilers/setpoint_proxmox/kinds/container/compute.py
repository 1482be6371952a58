"""The relative sizes of a container, by the node that it is on or will be made on."""

from __future__ import annotations

from setpoint.model.plan import Obstacle
from setpoint.model.tree import Pointer
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.compute import Rules, computer, made_on
from setpoint_proxmox.kinds.container.project import project
from setpoint_proxmox.kinds.container.spec import ContainerSpec


def _where(spec: ContainerSpec, facts: Facts) -> str | Obstacle:
    return made_on(spec.node, facts)


def _no_conflict(_: ContainerSpec) -> dict[Pointer, Obstacle]:
    return {}


compute = computer(project, Rules(_where, _no_conflict))
