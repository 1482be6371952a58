"""What of a plan waits for another part of it. Pure; neighbours: `plan`, and the plans of the kinds."""

from __future__ import annotations

from collections.abc import Iterable

from setpoint.model.diff import Change
from setpoint.model.plan import Step
from setpoint_proxmox.guest.layout import Layout


def unhurried(changes: Iterable[Change], larger: Iterable[Step], layout: Layout) -> tuple[Change, ...]:
    """Without what is to be written on a volume that is grown or moved first.

    Written before and pending until the next start, it would bring back the size and the place that the volume had.
    """
    busy = {str(step.arguments["disk"]) for step in larger if step.obstacle is None}
    spots = ((change, layout.spot(change.path)) for change in changes)
    return tuple(change for change, spot in spots if spot is None or spot.name not in busy)
