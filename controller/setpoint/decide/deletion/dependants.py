"""What others need goes after them: the reverse of the order in which things are made."""

from __future__ import annotations

from setpoint.decide.deletion.weighed import Weighed, listed
from setpoint.model.hold import Hold, Rule


def dependants(weighed: Weighed) -> Hold | None:
    """Hold while something that is declared, or is to be deleted itself, refers to it."""
    if weighed.staying:
        why = f"{listed(weighed.staying)} needs {weighed.key}"
        return Hold(Rule.DEPENDANTS, why, f"declare {weighed.key} again, or remove what needs it too")
    if weighed.leaving:
        why = f"{weighed.key} is deleted after {listed(weighed.leaving)}, which needs it"
        return Hold(Rule.DEPENDANTS, why, "it goes on when that is gone", passing=True)
    return None
