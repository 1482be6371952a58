"""What a rule finds, and where."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from setpoint.model.tree import Pointer


class Level(StrEnum):
    """What a finding means for the declaration."""

    ERROR = "error"
    """It is refused: servers or resolvers would not do what it says."""
    ADVICE = "advice"
    """It is accepted and shown: it works, and hardly as it was meant."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """What a rule says of a set.

    Attributes:
        what: is wrong, as a sentence without its full stop.
        remedy: what would be right.
        item: the position of the value that it is about; None for the set as a whole.
    """

    level: Level
    what: str
    remedy: str
    item: int | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A flaw with its place.

    Attributes:
        rule: the name of what found it.
        field: the place in the spec, such as `/records/www/A/0`.
        name: of the set, absolute.
        type: of the set.
        part: the position of the part that it was declared in, where several contribute to a zone.
        beside: the part and the place that it stands against, where it stands against one.
    """

    level: Level
    rule: str
    field: Pointer
    name: str
    type: str
    what: str
    remedy: str
    part: int = 0
    beside: tuple[int, Pointer] | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.type}: {self.what}; {self.remedy}"


def error(what: str, remedy: str, item: int | None = None) -> Flaw:
    """A flaw for which a declaration is refused."""
    return Flaw(Level.ERROR, what, remedy, item)


def advice(what: str, remedy: str, item: int | None = None) -> Flaw:
    """A flaw that is only shown."""
    return Flaw(Level.ADVICE, what, remedy, item)
