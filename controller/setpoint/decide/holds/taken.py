"""What another resource hands out must not be borne twice, nor be given where it cannot be kept."""

from __future__ import annotations

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Step
from setpoint.model.tree import covers


def taken(looked: Looked, step: Step) -> Hold | None:
    """Hold a step that would bring such a value into force."""
    for conflict in looked.conflicts:
        places = (change.path for change in step.changes)
        if any(covers(place, conflict.field) or covers(conflict.field, place) for place in places):
            return Hold(Rule.TAKEN, conflict.why, conflict.release)
    return None
