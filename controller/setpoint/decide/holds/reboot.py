"""Nothing that runs is restarted unless its policy allows it."""

from __future__ import annotations

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Reboot


def reboot(looked: Looked, step: Step) -> Hold | None:
    """Hold every step that restarts, while `policy.reboot` is `never`."""
    if step.disruption is not Disruption.RESTART or looked.policy.reboot is not Reboot.NEVER:
        return None
    fields = ", ".join(change.path.lstrip("/") for change in step.changes) or step.summary
    return Hold(Rule.REBOOT_PENDING, f"{fields} takes effect after a restart", "restart it when it suits you")
