"""A person's word that something is to be done now, perhaps otherwise than declared: for this one time, and never for good."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setpoint.model.tree import Json, Pointer, parts


@dataclass(frozen=True)
class Order:
    """It holds for each of its resources until that has come to an end.

    Attributes:
        id: tells it from every other.
        by: who said so.
        at: when, seconds since the epoch.
        until: when it is given up, seconds since the epoch.
        at_once: it waits for no window and no turn, and what failed is tried again.
        changes: the places in the spec that are otherwise than declared, with their values.
    """

    id: str
    by: str
    at: float
    until: float
    at_once: bool = False
    changes: Mapping[Pointer, Json] = field(default_factory=dict[Pointer, Json])

    @property
    def plain(self) -> bool:
        """Whether it says no more than to look now."""
        return not (self.at_once or self.changes)

    def __str__(self) -> str:
        values = ", ".join(f"{'.'.join(parts(place))}: {value}" for place, value in self.changes.items())
        said = (
            "now",
            f"for this time with {values}" if values else "",
            "without waiting for windows and turns" if self.at_once else "",
        )
        return "ordered " + ", ".join(filter(None, said))
