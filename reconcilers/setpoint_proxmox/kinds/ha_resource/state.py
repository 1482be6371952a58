"""What is seen of a resource of high availability."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from setpoint.model.identity import Mark
from setpoint.model.kind import Problem
from setpoint.model.tree import Json
from setpoint_proxmox.ha import wanted
from setpoint_proxmox.mark import parse_inline


@dataclass(frozen=True)
class HaState:
    """A resource as the cluster tells of it.

    Attributes:
        row: everything that is told of what is wanted; what Proxmox takes by itself is not.
        now: what the manager says of it at the moment, e.g. `started`, `error`; empty when it says nothing.
        node: where the manager sees it.
    """

    sid: str
    row: Mapping[str, Json]
    now: str = ""
    node: str = ""

    @property
    def comment(self) -> str:
        """With our mark, where it bears one."""
        return str(self.row.get("comment") or "")

    @property
    def mark(self) -> Mark | None:
        """The mark in its comment."""
        return parse_inline(self.comment, "sid")

    @property
    def state(self) -> str:
        """What is wanted of it."""
        return wanted(self.row)

    @property
    def digest(self) -> str:
        """Of the file with all resources."""
        return str(self.row.get("digest") or "")


def status(state: HaState) -> dict[str, Json]:
    """What `status` shows."""
    return {"sid": state.sid, "wanted": state.state, "now": state.now or None, "node": state.node or None}


def problems(state: HaState) -> tuple[Problem, ...]:
    """What the manager could not bring about."""
    if state.now != "error":
        return ()
    why = (
        f"the manager gave {state.sid} up on {state.node}; see its tasks there, and when the reason is gone set its state to "
        f"disabled and then to {state.state} again"
    )
    return (Problem("HaError", why),)
