"""What the rules judge by: the policy, what was seen, and what is remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from setpoint.model.freeze import Freeze
from setpoint.model.handed import Conflict
from setpoint.model.identity import Identity, Owner
from setpoint.model.key import Key
from setpoint.model.limit import Radius
from setpoint.model.observation import Absent, Present
from setpoint.model.plan import Restarts
from setpoint.model.policy import Policy
from setpoint.model.rollout import Group
from setpoint.model.tombstone import Tombstone


@dataclass(frozen=True)
class Looked:
    """One key, observed.

    Attributes:
        target: what holds the object; itself when it is a target.
        known_again: the object is present and the very one that was seen before, mark or no mark.
        remembered: the identity that the inventory holds for the key; None when it holds none.
        wiped: its destruction was begun by schedule, so that it is made anew.
        seen_at: when it was last seen present, seconds since the epoch.
        object_id: the text of the observed object's identity; empty when absent.
        needed: why Setpoint itself cannot do without it, after its name; empty when it can.
        stateful: losing it loses data.
        restarts: those for changes that still wait.
        freezes: every one there is, of whatever it speaks.
        left: what is to be deleted and looks like something that is declared.
        radius: what else was disturbed lately; None where nothing is to be.
        approved: whether a hold's token was approved.
        now: seconds since the epoch.
        conflicts: why fields must not be given the values that belong to them.
        group: with whom it takes turns; None when with nobody.
        at_once: a person ordered that it waits for no window and no turn.
    """

    owner: Owner
    target: Key
    policy: Policy
    observation: Present[object] | Absent
    object_id: str
    needed: str
    stateful: bool
    known_again: bool
    remembered: Identity | None
    wiped: bool
    seen_at: float
    restarts: Restarts
    freezes: tuple[Freeze, ...]
    left: tuple[Tombstone, ...]
    radius: Radius | None
    approved: Callable[[str], bool]
    now: float
    conflicts: tuple[Conflict, ...] = ()
    group: Group | None = None
    at_once: bool = False
