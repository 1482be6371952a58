"""Nothing that runs is restarted unless its policy allows it, and then only when it does."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Reboot


def reboot(looked: Looked, step: Step) -> Hold | None:
    """Hold every step that restarts, unless `policy.reboot` lets it happen now."""
    policy = looked.policy
    if step.disruption is not Disruption.RESTART or policy.reboot is Reboot.WHEN_NEEDED:
        return None
    fields = ", ".join(change.path.lstrip("/") for change in step.changes) or step.summary
    why = f"{fields} takes effect after a restart"
    if policy.reboot is Reboot.NEVER or policy.window is None:
        return Hold(Rule.REBOOT_PENDING, why, "restart it when it suits you")
    if policy.window.is_open(looked.now):
        return None
    opens = datetime.fromtimestamp(policy.window.next_opening(looked.now), ZoneInfo(policy.window.zone))
    when = opens.strftime("%a %Y-%m-%d %H:%M %Z")
    return Hold(Rule.REBOOT_PENDING, why, f"it is restarted when the window opens, {when}", passing=True)
