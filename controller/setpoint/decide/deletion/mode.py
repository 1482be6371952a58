"""What becomes of an object whose declaration is removed: deleted, or left alone; and after how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from setpoint.model.policy import Deletion, Manage, Policy

GRACE: Final = timedelta(hours=24)
"""How long what holds data stays stopped before it is destroyed, unless its policy says otherwise."""


def deletes(policy: Policy, *, removable: bool, stateful: bool) -> bool:
    """Whether the policy that was last in force has the object deleted.

    Args:
        policy: as it was in force before the removal.
        removable: whether its kind can delete at all.
        stateful: whether losing the object loses data.
    """
    if not removable or policy.manage is not Manage.FULL:
        return False
    if policy.deletion is None:
        return not stateful
    return policy.deletion is Deletion.DELETE


def grace_of(policy: Policy, *, stateful: bool) -> timedelta:
    """The time between stopping and destroying."""
    if policy.grace is not None:
        return policy.grace
    return GRACE if stateful else timedelta(0)
