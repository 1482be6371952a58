"""Moves a guest from a node that its placement does not allow. Pure; neighbour: `placing`, which found out where to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from setpoint.model.diff import Change
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Pointer
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.placement_spec import Placed, Placement
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.guest.state import GuestState
from setpoint_proxmox.guest.words import CONTAINER

PLACE: Final[Pointer] = "/placement/nodes"


def migrations(
    changes: Iterable[Change], guest: GuestState, placement: Placement | None, facts: Facts
) -> Iterator[Step]:
    """The move, or what stands against it; a container that runs is restarted by it."""
    change = next((change for change in changes if change.path == PLACE), None)
    if change is None or not isinstance(placement, Placed):
        return
    if placement.obstacle is not None:
        one = placement.obstacle
        yield obstructed(one.why, one.remedy, (change,), passing=one.passing)
        return
    listed = facts.guests.get(guest.vmid)
    asks = "ask the HA manager to migrate" if listed is not None and listed.ha else "migrate"
    way = "" if not guest.is_on else " by a restart" if guest.words is CONTAINER else " while it runs"
    disruption = Disruption.RESTART if guest.words is CONTAINER else Disruption.HOT
    yield Step(
        "migrate",
        f"{asks} {guest} from {guest.node} to {placement.to}{way}: {placement.why}",
        (change,),
        disruption if guest.is_on else Disruption.NONE,
        {"node": guest.node, "to": placement.to, "running": guest.is_on},
        scopes=tuple(dict.fromkeys((*scopes(facts, guest.node), *scopes(facts, placement.to)))),
    )
