"""What looks the same as something that left may be that under a new name; made, it would be there twice."""

from __future__ import annotations

from setpoint.decide.holds.looked import Looked
from setpoint.decide.likeness import rename_token
from setpoint.model.hold import Hold, Rule
from setpoint.model.observation import Absent
from setpoint.model.plan import Step


def renamed(looked: Looked, _step: Step) -> Hold | None:
    """Hold the making of something until a person says that it is not what left and is to be deleted."""
    key = looked.owner.key
    if not isinstance(looked.observation, Absent) or looked.seen_at:
        return None
    for tombstone in looked.left:
        token = rename_token(tombstone)
        if key in tombstone.alike and not looked.approved(token):
            why = f"{key} looks the same as {tombstone.key}, which left the declarations and is to be deleted"
            release = (
                f"write metadata.formerly: {tombstone.key.name} if it is the same under a new name; "
                f"if not: setpoint approve {token}"
            )
            return Hold(Rule.RENAMED, why, release, token=token)
    return None
