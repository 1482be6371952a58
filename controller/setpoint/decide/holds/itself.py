"""What Setpoint runs on or cannot do without is never stopped or restarted unattended: nobody would be there to bring it back."""

from __future__ import annotations

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Disruption, Step


def itself(looked: Looked, step: Step) -> Hold | None:
    """Hold every step that stops, restarts, or worse, what Setpoint itself needs."""
    if step.disruption < Disruption.STOP or not looked.needed:
        return None
    why = f"{looked.owner.key} {looked.needed}, and is never disturbed unattended"
    return Hold(Rule.SELF, why, "do it by hand while somebody watches, or plan it without Setpoint")
