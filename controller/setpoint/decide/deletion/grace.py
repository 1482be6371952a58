"""What was stopped is destroyed only after a while, in which it can be brought back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key
from setpoint.model.quantity import format_duration


def grace(key: Key, stopped_at: float, lasting: timedelta, now: float) -> Hold | None:
    """Hold the destruction until so long after everything before it was done; a clock set back makes it later.

    Args:
        key: of what is to be destroyed.
        stopped_at: when it was found stopped, seconds since the epoch; 0 for not yet.
        lasting: the grace.
        now: seconds since the epoch.
    """
    if not lasting:
        return None
    release = f"to keep it: setpoint undelete {key}"
    if not stopped_at:
        why = f"it is destroyed {format_duration(lasting)} after it was stopped"
        return Hold(Rule.GRACE, why, release, passing=True)
    until = stopped_at + lasting.total_seconds()
    if now >= until:
        return None
    when = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Hold(Rule.GRACE, f"it is stopped, and destroyed at {when}", release, passing=True, until=until)
