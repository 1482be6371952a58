"""Which differences may be acted on, by the policy; the rest are shown."""

from __future__ import annotations

from dataclasses import replace

from setpoint.model.diff import Cause, Change, Diff
from setpoint.model.hold import Hold, Rule
from setpoint.model.policy import Drift, Policy


def visible(found: Diff, policy: Policy) -> Diff:
    """The differences to show: with `drift: off` only those that the declaration asks for."""
    if policy.drift is not Drift.OFF:
        return found
    return replace(found, changes=tuple(c for c in found.changes if c.cause is not Cause.DRIFT))


def actionable(found: Diff, policy: Policy) -> Diff:
    """The differences that a plan may correct."""
    if not found.changes:
        return found
    return replace(found, changes=tuple(c for c in found.changes if not c.fixed and _may_correct(c, policy)))


def standing(found: Diff, policy: Policy) -> tuple[Hold, ...]:
    """Why the other differences stay, one hold per reason."""
    if not found.changes:
        return ()
    warned = [
        c.path.lstrip("/") or "its existence"
        for c in found.changes
        if not c.fixed and not _may_correct(c, policy)
    ]
    fixed = [c.path.lstrip("/") for c in found.changes if c.fixed]
    holds: list[Hold] = []
    if warned:
        holds.append(
            Hold(
                Rule.DRIFT_WARN,
                f"{', '.join(warned)} differs and policy.drift is {policy.drift}",
                "set policy.drift to enforce to correct it, or change the declaration",
            )
        )
    if fixed:
        holds.append(
            Hold(
                Rule.CREATE_ONLY,
                f"{', '.join(fixed)} can only be chosen at creation",
                "change the declaration back, or move it by hand",
            )
        )
    return tuple(holds)


def _may_correct(change: Change, policy: Policy) -> bool:
    return policy.drift is Drift.ENFORCE or change.cause is not Cause.DRIFT
