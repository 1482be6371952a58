"""How one reconcile ended: a sum type, not exceptions. Conditions are derived from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

from setpoint.model.hold import Hold
from setpoint.model.key import Key


@dataclass(frozen=True)
class Done:
    """Declared and observed agree."""

    sentence: str = "in sync"


@dataclass(frozen=True)
class Changed:
    """A step was taken; it is looked at again at once."""

    sentence: str


@dataclass(frozen=True)
class Wait:
    """Something goes on that will end by itself; it is looked at again after a while.

    Attributes:
        after: that while.
        idle: nothing of its own goes on; it waits for its turn.
    """

    sentence: str
    after: timedelta
    idle: bool = False


@dataclass(frozen=True)
class Blocked:
    """Something else must be ready first, and wakes it.

    Attributes:
        on: that other thing; None when nobody knows its key.
    """

    sentence: str
    on: Key | None


@dataclass(frozen=True)
class Held:
    """A rule forbids to go on; only what its holds name can release it."""

    holds: tuple[Hold, ...]

    @property
    def sentence(self) -> str:
        """Why, the first rule first."""
        return "; ".join(f"{hold.why} ({hold.release})" for hold in self.holds)


@dataclass(frozen=True)
class Failed:
    """It went wrong and is tried again with backoff.

    Attributes:
        transport: the target could not be reached.
    """

    sentence: str
    transport: bool = False


@dataclass(frozen=True)
class Stalled:
    """It will stay wrong until somebody changes something; it is looked at again only at the interval."""

    sentence: str


Outcome: TypeAlias = Done | Changed | Wait | Blocked | Held | Failed | Stalled
