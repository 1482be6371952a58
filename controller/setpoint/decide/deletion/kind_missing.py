"""Without the package of its kind nothing can be known or done about an object, and nothing of it is forgotten."""

from __future__ import annotations

from setpoint.decide.deletion.weighed import Weighed
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key


def kind_missing(weighed: Weighed) -> Hold | None:
    """Hold while the kind is not installed."""
    return None if weighed.installed else missing(weighed.key)


def missing(key: Key) -> Hold:
    """The hold on whatever is of a kind that is not installed."""
    why = f"no installed package knows the kind {key.kind}"
    return Hold(Rule.KIND_MISSING, why, "install the package that provides it, and start the daemon again")
