"""A difference that no call can correct: its kind says why, and who can."""

from __future__ import annotations

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Step


def impossible(_looked: Looked, step: Step) -> Hold | None:
    """Hold every step that its kind has no way to take."""
    if step.obstacle is None:
        return None
    return Hold(Rule.IMPOSSIBLE, step.obstacle.why, step.obstacle.remedy, passing=step.obstacle.passing)
