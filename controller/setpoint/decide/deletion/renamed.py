"""A new name for the same thing looks like a removal and an addition; without `formerly` the removal is not believed."""

from __future__ import annotations

from setpoint.decide.deletion.weighed import Weighed, listed
from setpoint.decide.likeness import rename_token
from setpoint.model.hold import Hold, Rule


def renamed(weighed: Weighed) -> Hold | None:
    """Hold while something new looks the same, until a person says that it is another thing."""
    alike = [key for key in weighed.tombstone.alike if key in weighed.declared]
    token = rename_token(weighed.tombstone)
    if not alike or weighed.approved(token):
        return None
    return Hold(
        Rule.RENAMED,
        f"{weighed.key} left, and {listed(alike)} came and looks the same, so it may be the same under a new name",
        f"write metadata.formerly: {weighed.key.name} there if it is, or let it go: setpoint approve {token}",
        token=token,
    )
