"""What disturbs waits for its hours where they are declared; a restart is judged by `reboot`, which asks for more."""

from __future__ import annotations

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Disruption, Step
from setpoint.model.window import moment_text


def window(looked: Looked, step: Step) -> Hold | None:
    """Hold every step of a class whose window is closed, until it opens; an order at once is none to destroy."""
    if step.disruption is Disruption.RESTART:
        return None
    if looked.at_once and step.disruption < Disruption.RECREATE:
        return None
    hours = looked.policy.window_for(step.disruption)
    if hours is None or hours.is_open(looked.now):
        return None
    opens = hours.next_opening(looked.now)
    why = f"{step.summary} disturbs what runs ({step.disruption.name.lower()}), and its window is closed"
    release = f"it is done when the window opens, {moment_text(opens, hours.zone)}"
    return Hold(Rule.WINDOW, why, release, passing=True, until=opens)
