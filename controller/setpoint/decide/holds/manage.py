"""How much of an object's life its declaration leaves to Setpoint: `policy.manage`."""

from __future__ import annotations

from typing import assert_never

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.observation import Absent
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Manage


def manage(looked: Looked, step: Step) -> Hold | None:
    """Hold every step that goes further than `policy.manage` lets it."""
    mode = looked.policy.manage
    done = _done(looked, step, mode)
    if done is None:
        return None
    release = "set policy.manage to full, or do it by hand"
    return Hold(Rule.MANAGE, f"policy.manage is {mode}, so {done}", release)


def _done(looked: Looked, step: Step, mode: Manage) -> str | None:
    """What is not done in that mode, of which the step is an instance; None when the step is free."""
    destroys = step.disruption >= Disruption.RECREATE
    match mode:
        case Manage.FULL:
            return None
        case Manage.OBSERVE:
            return "it is only looked at"
        case Manage.UPDATE_ONLY if isinstance(looked.observation, Absent):
            return "none is made"
        case Manage.UPDATE_ONLY | Manage.NO_DELETE:
            return "nothing is destroyed" if destroys else None
        case _:
            assert_never(mode)
