"""What is remembered of something that was ours, left the declarations, and is to be deleted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from setpoint.model.key import Key
from setpoint.model.resource import Resource


class Phase(StrEnum):
    """How far its deletion has come."""

    HELD = "held"
    """A rule stops it, or it was not looked at yet."""
    STOPPING = "stopping"
    """It is stopped, or detached, as a preparation."""
    WAITING = "waiting"
    """It is stopped, and its grace runs."""
    DESTROYING = "destroying"
    """Its destruction has begun."""
    KEPT = "kept"
    """Somebody took the deletion back; its object is left alone."""
    GONE = "gone"
    """It is gone; for a day it counts towards the deletion limit."""


@dataclass(frozen=True)
class Tombstone:
    """One key that left. Times are seconds since the epoch, 0 for not yet.

    Attributes:
        resource: as it was last in force; its policy says how it is deleted.
        left_at: when a version came into force that does not declare it.
        version: that version.
        alike: keys that came to be declared since and look the same, so it may only have got another name.
        let_go_at: since when the deletion limit does not hold it.
        approved: the token by which a person let it go; empty for none.
        stopped_at: when everything that comes before its destruction was found done.
        absent_at: when it was first found to be gone.
    """

    resource: Resource
    left_at: float
    version: str
    phase: Phase = Phase.HELD
    alike: tuple[Key, ...] = ()
    let_go_at: float = 0.0
    approved: str = ""
    stopped_at: float = 0.0
    absent_at: float = 0.0

    @property
    def key(self) -> Key:
        """Whose it is."""
        return self.resource.key

    @property
    def target(self) -> Key:
        """What holds the object."""
        return self.resource.target or self.resource.key

    @property
    def active(self) -> bool:
        """Whether the object is there, and to be deleted."""
        return self.phase not in (Phase.KEPT, Phase.GONE)
