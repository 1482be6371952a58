"""Somebody paused this one resource: no step begins until it is resumed."""

from __future__ import annotations

from setpoint.decide.holds.frozen import hold_by
from setpoint.decide.holds.looked import Looked
from setpoint.model.freeze import Scope
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Step


def paused(looked: Looked, _step: Step) -> Hold | None:
    """Hold every step of a resource that is paused."""
    return hold_by(looked, tuple(one for one in looked.freezes if one.scope is Scope.KEY), Rule.PAUSED)
