"""How many resources of a kind may be disturbed in a day, and what Setpoint itself needs: the settings' part in holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setpoint.model.key import Key
from setpoint.model.spec import Spec, described

DAY = 86_400.0
"""Seconds of the rolling day in which disruptions are counted."""


class Limit(Spec):
    """The greater of a number and a share of the resources that a target holds of a kind."""

    number: int = described("At least so many.", 3, ge=0)
    percent: float = described(
        "At least so many of a hundred of those that the target holds.", 10, ge=0, le=100
    )

    def of(self, population: int) -> int:
        """How many of `population` that is."""
        return max(self.number, int(population * self.percent / 100))


@dataclass(frozen=True)
class Radius:
    """What was disturbed of a kind on a target within the last day, one resource left aside.

    Attributes:
        others: when each other resource was disturbed last, seconds since the epoch, oldest first.
        limit: how many resources may be.
        population: how many there are.
    """

    others: tuple[float, ...]
    limit: int
    population: int


@dataclass(frozen=True)
class Caution:
    """What the settings say of how carefully to go about.

    Attributes:
        limits: how many of a kind may be disturbed in a day; of those that are not named, as many as `Limit` says.
        needed: what Setpoint cannot do without.
        machines: ids of the machine on which it runs.
    """

    limits: Mapping[str, Limit] = field(default_factory=dict[str, Limit])
    needed: frozenset[Key] = frozenset()
    machines: frozenset[str] = frozenset()

    def limit(self, kind: str, population: int) -> int:
        """How many of `population` resources of a kind may be disturbed in a day."""
        return self.limits.get(kind, Limit()).of(population)
