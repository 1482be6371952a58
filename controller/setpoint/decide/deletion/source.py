"""Nothing is deleted unless the declarations were read, all of them, and have no mistake."""

from __future__ import annotations

from setpoint.decide.deletion.weighed import Declarations, Weighed
from setpoint.model.hold import Hold, Rule


def source(weighed: Weighed) -> Hold | None:
    """Hold while something that is missing in the declarations may be missing by mistake."""
    return unsure(weighed.declarations, "nothing is deleted")


def unsure(told: Declarations, so: str) -> Hold | None:
    """Hold while the declarations may say otherwise than it seems; `so` tells what is not done."""
    if not told.good:
        why = f"the declarations cannot be followed now, so {so}: {told.sentence}"
        return Hold(Rule.SOURCE, why, "it goes on once they can; setpoint status shows how they are")
    if told.problems:
        what = "1 mistake" if told.problems == 1 else f"{told.problems} mistakes"
        return Hold(Rule.SOURCE, f"the declarations have {what}, so {so}", "correct what they say")
    if told.notes:
        why = f"not all of the declarations is read, so {so}: {told.notes[0]}"
        return Hold(Rule.SOURCE, why, "commit it as a file, or remove it")
    return None
