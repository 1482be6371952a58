"""What people declare of where guests that are kept available may be."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field, StringConstraints, field_validator, model_validator

from setpoint.model.reference import Reference
from setpoint.model.spec import Spec, described
from setpoint_proxmox.guest.texts import NODE
from setpoint_proxmox.kinds.ha_resource.spec import SID
from setpoint_proxmox.mark import one_line

PATTERN: Final = "[A-Za-z][A-Za-z0-9_-]{1,99}"
"""How Proxmox names rules."""

Member = Annotated[
    Annotated[str, StringConstraints(pattern=SID)] | Annotated[str, Reference("HaResource")],
    Field(union_mode="left_to_right"),
]
Node = Annotated[str, StringConstraints(pattern=NODE)]
Priority = Annotated[int, Field(ge=0, le=1000)]


class Affinity(StrEnum):
    """Whether resources are to be together."""

    POSITIVE = "positive"
    NEGATIVE = "negative"


class HaRuleSpec(Spec):
    """A rule about where resources of high availability may be."""

    also_called: ClassVar[Mapping[str, str]] = {
        "id": "rule",
        "guests": "resources",
        "disable": "enabled",
        "disabled": "enabled",
    }

    rule: str | None = described(
        "The rule's id in Proxmox; the resource's name when left out.",
        None,
        pattern=f"^{PATTERN}$",
        examples=["databases-apart"],
    )
    resources: tuple[Member, ...] = described(
        "Names of HaResources; one that is not declared as Proxmox calls it, vm:100.",
        min_length=1,
        examples=[["web01", "vm:100"]],
    )
    nodes: dict[Node, Priority] | None = described(
        "Where they are to be: nodes with their priorities, the highest first; they are spread over nodes of the same one.",
        None,
        min_length=1,
        examples=[{"pve1": 2, "pve2": 1}],
    )
    strict: bool = described(
        "Whether they are rather stopped than on another node; only with `nodes`.", default=False
    )
    affinity: Affinity | None = described(
        "Whether they are kept on one node (`positive`) or on different ones (`negative`).", None
    )
    enabled: bool = described("Whether it counts.", default=True)
    comment: str | None = described(
        "What people read beside it, in one line. Our mark is kept behind it.", None, max_length=200
    )

    @field_validator("comment")
    @classmethod
    def _line(cls, value: str | None) -> str | None:
        return one_line(value)

    @model_validator(mode="after")
    def _one_type(self) -> HaRuleSpec:
        if (self.nodes is None) == (self.affinity is None):
            raise ValueError("a rule is about nodes or about affinity; write one of them")
        if self.affinity is not None and self.strict:
            raise ValueError("only a rule about nodes is strict")
        if self.affinity is not None and len(set(self.resources)) == 1:
            raise ValueError("a rule about affinity needs two resources at least")
        return self

    @property
    def type(self) -> str:
        """The type of the rule in Proxmox's words; it is fixed for life."""
        return "resource-affinity" if self.nodes is None else "node-affinity"
