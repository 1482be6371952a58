"""An object that does not bear our mark is in our way: it is never touched."""

from __future__ import annotations

from setpoint.decide.holds.looked import Looked
from setpoint.model.hold import Hold, Rule
from setpoint.model.identity import Mark
from setpoint.model.observation import Present
from setpoint.model.policy import Manage


def exists(looked: Looked) -> Hold | None:
    """Hold an object whose mark is missing, names another owner, or was copied; what is only observed may be anybody's."""
    if not isinstance(looked.observation, Present) or looked.policy.manage is Manage.OBSERVE:
        return None
    mark = looked.observation.mark
    if looked.owner.owns(mark, looked.object_id) or (mark is None and looked.known_again):
        return None
    if mark is None and looked.policy.adopt and not looked.seen_at:
        return None
    if mark is not None:
        return _marked(looked, mark)
    if looked.seen_at:
        why = f"{looked.object_id} does not bear our mark any more and may be another object by now"
        return Hold(Rule.EXISTS, why, _elsewhere(looked, "remove what is in its way"))
    why = f"{looked.object_id} exists and does not bear our mark"
    release = f"set policy.adopt to take it over as {looked.owner.key}, or give that another id or name"
    return Hold(Rule.EXISTS, why, release)


def _marked(looked: Looked, mark: Mark) -> Hold:
    """It says itself whose it is, or of whom it is a copy."""
    whose = f"{mark.key} of estate {mark.estate}"
    if mark.object_id != looked.object_id:
        why = f"{looked.object_id} is a copy of {mark.object_id}, for it bears the mark of that: {whose}"
        return Hold(Rule.EXISTS, why, _elsewhere(looked, "remove our line from the notes of the copy"))
    why = f"{looked.object_id} belongs to {whose}"
    if mark.estate != looked.owner.estate:
        return Hold(Rule.EXISTS, why, _elsewhere(looked, f"let estate {mark.estate} let go of it first"))
    return Hold(
        Rule.EXISTS,
        why,
        _elsewhere(looked, f"if that is its former name, write metadata.formerly: {mark.key.name}"),
    )


def _elsewhere(looked: Looked, otherwise: str) -> str:
    return f"give {looked.owner.key} another id or name, or {otherwise}"
