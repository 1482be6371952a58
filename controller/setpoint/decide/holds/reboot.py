"""Nothing that runs is restarted unless its policy allows it, then only when it does, and in vain only once."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Final

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.plan import Disruption, Step, waiting
from setpoint.model.policy import Reboot
from setpoint.model.window import moment_text

TRIES: Final = 3
"""Restarts after which no more are tried by themselves, even if none of them is known to have ended well."""


def reboot(looked: Looked, step: Step) -> Hold | None:
    """Hold every step that restarts, unless `policy.reboot` lets it happen now and it was not tried in vain."""
    if step.disruption is not Disruption.RESTART:
        return None
    fields = ", ".join(change.path.lstrip("/") for change in step.changes) or step.summary
    return _in_vain(looked, step, fields) or _untimely(looked, fields)


def restart_token(looked: Looked, step: Step) -> str:
    """Names exactly one more restart for exactly these changes."""
    once_more = json.dumps([str(looked.owner.key), waiting(step), looked.restarts.begun, looked.restarts.at])
    return hashlib.sha256(once_more.encode()).hexdigest()[:12]


def _in_vain(looked: Looked, step: Step, fields: str) -> Hold | None:
    """One restart takes several changes along; whatever still waits after that is no matter of restarting."""
    before = looked.restarts
    helpless = before.begun > 0 and waiting(step).items() <= before.ended.items()
    token = restart_token(looked, step)
    if not (helpless or before.begun >= TRIES) or looked.approved(token):
        return None
    when = datetime.fromtimestamp(before.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    why = f"{fields} still waits for a restart although there was one at {when}"
    release = f"see why it does not take effect, or let it be restarted once more: setpoint approve {token}"
    return Hold(Rule.REBOOT_PENDING, why, release, token=token)


def _untimely(looked: Looked, fields: str) -> Hold | None:
    policy = looked.policy
    if policy.reboot is Reboot.WHEN_NEEDED:
        return None
    why = f"{fields} takes effect after a restart"
    window = policy.window_for(Disruption.RESTART)
    if policy.reboot is Reboot.NEVER or window is None:
        return Hold(Rule.REBOOT_PENDING, why, "restart it when it suits you")
    if looked.at_once or window.is_open(looked.now):
        return None
    opens = window.next_opening(looked.now)
    release = f"it is restarted when the window opens, {moment_text(opens, window.zone)}"
    return Hold(Rule.REBOOT_PENDING, why, release, passing=True, until=opens)
