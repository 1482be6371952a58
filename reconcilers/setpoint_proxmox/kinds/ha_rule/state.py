"""What is seen of a rule of high availability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint.model.identity import Mark
from setpoint.model.tree import Json
from setpoint_proxmox.answer import whole
from setpoint_proxmox.mark import parse_inline


@dataclass(frozen=True)
class RuleState:
    """A rule as the cluster tells of it.

    Attributes:
        row: everything that is told; what Proxmox takes by itself is not.
        names: the resources that the declaration names, by their ids.
        unread: whether the declaration names one that nobody can tell at the moment.
    """

    rule: str
    row: Mapping[str, Json]
    names: Mapping[str, str]
    unread: bool = False

    @property
    def type(self) -> str:
        """`node-affinity` or `resource-affinity`."""
        return str(self.row.get("type") or "")

    @property
    def comment(self) -> str:
        """With our mark, where it bears one."""
        return str(self.row.get("comment") or "")

    @property
    def mark(self) -> Mark | None:
        """The mark in its comment."""
        return parse_inline(self.comment, "rule")

    @property
    def sids(self) -> tuple[str, ...]:
        """The resources, by their ids."""
        return tuple(
            sorted(
                {*str(self.row.get("resources") or "").replace(";", ",").replace(" ", ",").split(",")} - {""}
            )
        )

    @property
    def nodes(self) -> dict[str, int]:
        """The nodes with their priorities."""
        pairs = (
            one.strip().partition(":") for one in str(self.row.get("nodes") or "").split(",") if one.strip()
        )
        return {name: whole(priority) for name, _, priority in pairs}

    @property
    def digest(self) -> str:
        """Of the file with all rules."""
        return str(self.row.get("digest") or "")


def status(state: RuleState) -> dict[str, Json]:
    """What `status` shows."""
    return {"rule": state.rule, "type": state.type, "resources": list[Json](state.sids)}
