"""How a resource stands that an inventory has a part in: what is written back to where it was declared."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from setpoint.model.errors import SourceError
from setpoint.model.key import Key
from setpoint.model.tree import Json, Pointer

LONGEST: Final = 200
"""Characters of the sentence of a standing, and of each of what happened."""


class Stand(StrEnum):
    """Where a resource is between being declared and being so, in one word for people."""

    PENDING = "pending"
    """It is declared and was not looked at since."""
    CHANGING = "changing"
    """Something is being done about it."""
    IN_SYNC = "inSync"
    """It is as declared."""
    UNHEALTHY = "unhealthy"
    """It is as declared, and something is wrong with it."""
    DRIFTED = "drifted"
    """Somebody changed it, and its policy leaves that to people."""
    HELD = "held"
    """A rule stops a step."""
    BLOCKED = "blocked"
    """Something else has to be ready, or to answer, first."""
    FAILED = "failed"
    """It went wrong and is tried again."""
    STALLED = "stalled"
    """It stays wrong until somebody changes something."""
    INVALID = "invalid"
    """Its declaration has a mistake; what was in force stays."""
    DELETING = "deleting"
    """It is declared no more and is to be deleted."""
    DELETED = "deleted"
    """It was deleted, by us."""
    RELEASED = "released"
    """It is declared no more and left alone."""


class Weight(StrEnum):
    """How much something that happened concerns people."""

    DECISION = "decision"
    """Somebody has to decide."""
    LOSS = "loss"
    """Something was destroyed, as it was declared."""
    BAD = "bad"
    """It went wrong."""


@dataclass(frozen=True, order=True)
class Happening:
    """Something that happened and is worth a note beside the object.

    Attributes:
        at: when, seconds since the epoch.
        reason: a CamelCase word.
        sentence: for people; short.
        token: what tells it from others of the same object: with the same one it is more of the same.
    """

    at: float
    reason: str
    sentence: str
    weight: Weight
    token: str


@dataclass(frozen=True)
class Standing:
    """One resource as an inventory may tell it.

    Attributes:
        key: None as long as nobody knows whose the sheet is, for it cannot be read.
        path: of its sheet, without the name of the inventory before it.
        phase: in a word.
        sentence: what happened, for people; short.
        spec_hash: of the declaration that was last looked at; empty before that.
        identity: the ids of its object, by their names.
        outputs: what it publishes.
        drift: where it differs although nobody declared that, as pointers.
        happened: what is worth a note, oldest first.
    """

    key: Key | None
    path: str
    phase: Stand
    sentence: str
    spec_hash: str
    identity: Mapping[str, Json]
    outputs: Mapping[str, Json]
    drift: tuple[Pointer, ...] = ()
    happened: tuple[Happening, ...] = ()


class NotToldError(SourceError):
    """Some of what was to be told could not be, and is told again later; everything else was.

    Args:
        paths: those of the standings that were not told.
    """

    def __init__(self, message: str, paths: Collection[str], *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.paths = frozenset(paths)
