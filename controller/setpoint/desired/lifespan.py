"""Whether what a policy has wiped by schedule is of a kind, and under a word, that lets it be destroyed."""

from __future__ import annotations

from typing import Any

from setpoint.model.kind import Kind
from setpoint.model.policy import Deletion, Policy


def fault(policy: Policy, kind: Kind[Any, Any]) -> tuple[str, str] | None:
    """What is wrong with the policy's lifecycle for that kind, and the remedy; None when nothing is."""
    if policy.lifecycle is None:
        return None
    if kind.remove is None:
        return f"a {kind.name} is never destroyed, so it cannot be made anew by schedule", "remove lifecycle"
    usual = Deletion.ORPHAN if kind.stateful else Deletion.DELETE
    if (policy.deletion or usual) is Deletion.DELETE:
        return None
    what = f"lifecycle destroys what is on it, and policy.deletion does not say that a {kind.name} may be destroyed"
    return what, "write deletion: delete as well, or remove lifecycle"
