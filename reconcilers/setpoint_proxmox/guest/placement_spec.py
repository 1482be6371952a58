"""What a person writes about where a guest may be. Neighbours: `placement`, which decides, and `placing`, which looks."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StringConstraints

from setpoint.model.plan import Obstacle
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.texts import NODE

NodeName = Annotated[str, StringConstraints(pattern=NODE)]


def _in_order(value: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(value)))


class Company(Spec):
    """Other guests of the same namespace on the same cluster, known by the labels of their resources."""

    labels: dict[str, str] = described(
        "Labels that a resource has all of to be meant.", min_length=1, examples=[{"app": "web"}]
    )
    required: bool = described(
        "Whether a node that does not fit is not taken at all; else it is only liked less.", default=False
    )


class Placement(Spec):
    """Where a guest may be. Among these nodes it is put on the one of whose memory least is promised to guests."""

    nodes: Annotated[tuple[NodeName, ...], AfterValidator(_in_order)] = described(
        "Nodes that the guest may be on, without order; any when left out. Moving it among them is no drift; from any "
        "other one it is migrated.",
        (),
        examples=[["pve1", "pve2"]],
    )
    spread: Company | None = described(
        "Guests that it is kept apart from: rather a node with few of them. Looked at when a node is chosen, never "
        "later.",
        None,
        examples=[{"labels": {"app": "web"}}],
    )
    near: Company | None = described(
        "Guests that it is put beside: rather a node with many of them. Looked at when a node is chosen, never later, and "
        "after spread.",
        None,
        examples=[{"labels": {"app": "database"}}],
    )

    def allows(self, node: str) -> bool:
        """Whether the guest may be on a node."""
        return not self.nodes or node in self.nodes


class Placed(Placement):
    """What was decided about a guest that is where it may not be.

    Attributes:
        to: the node that it goes to; empty when none will do.
        why: a clause on why that one.
        obstacle: what keeps it from going there.
    """

    to: str = ""
    why: str = ""
    obstacle: Obstacle | None = None
