"""Only what the inventory lists, bears our mark and is there as we left it may be deleted."""

from __future__ import annotations

import hashlib
import json

from setpoint.model.hold import Hold, Rule
from setpoint.model.identity import Mark, Owner
from setpoint.model.tombstone import Tombstone


def owned(owner: Owner, object_id: str, mark: Mark | None, listed: str | None) -> Hold | None:
    """Hold an object that is not surely the one that left.

    Args:
        owner: who it would have to belong to.
        object_id: of what is there.
        mark: what it bears.
        listed: the object's id in the inventory; None when it is not listed there, or on another target.
    """
    if listed is None:
        why = f"the inventory does not list {object_id} as {owner.key}"
    elif listed != object_id:
        why = f"the inventory lists {owner.key} as {listed}, and {object_id} is there"
    elif mark is None:
        why = f"{object_id} does not bear our mark any more, so it may be somebody else's by now"
    elif mark != owner.mark(object_id):
        why = f"{object_id} bears the mark of {mark.key} of estate {mark.estate}"
        why += "" if mark.object_id == object_id else f" for {mark.object_id}, so it is a copy"
    else:
        return None
    return Hold(Rule.DELETION, f"{why}; it is not deleted", f"to leave it alone: setpoint forget {owner.key}")


def taken_up(tombstone: Tombstone, *, ahead: int) -> Hold | None:
    """Hold what was stopped and runs again: whoever started it wants it still.

    Args:
        tombstone: of the object.
        ahead: how many steps there are before its destruction.
    """
    if not tombstone.stopped_at or not ahead:
        return None
    token = again_token(tombstone)
    return Hold(
        Rule.DELETION,
        f"{tombstone.key} was stopped and somebody started it again",
        f"to keep it: setpoint undelete {tombstone.key}; to have it deleted all the same: setpoint approve {token}",
        token=token,
    )


def again_token(tombstone: Tombstone) -> str:
    """Names exactly this start after that stop."""
    told = json.dumps([str(tombstone.key), tombstone.version, tombstone.stopped_at])
    return hashlib.sha256(told.encode()).hexdigest()[:12]
