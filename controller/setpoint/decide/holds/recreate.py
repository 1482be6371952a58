"""Something that holds data was there and is gone: making an empty one in its place needs a person."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.observation import Absent
from setpoint.model.plan import Step


def recreate(looked: Looked, _step: Step) -> Hold | None:
    """Hold the creation of a stateful object that was seen present before, until approved; its own wipe was declared."""
    if not looked.stateful or not looked.seen_at or not isinstance(looked.observation, Absent):
        return None
    if looked.wiped:
        return None
    token = recreate_token(looked)
    if looked.approved(token):
        return None
    when = datetime.fromtimestamp(looked.seen_at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    return Hold(
        Rule.RECREATE,
        f"{looked.owner.key} was there at {when} and is gone",
        f"restore it, or let an empty one be made: setpoint approve {token}",
        token=token,
    )


def recreate_token(looked: Looked) -> str:
    """Names exactly this loss of exactly this object."""
    lost = json.dumps(
        [str(looked.owner.key), dict(looked.remembered or {}), int(looked.seen_at)], sort_keys=True
    )
    return hashlib.sha256(lost.encode()).hexdigest()[:12]
