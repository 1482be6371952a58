"""The distance between declared and observed, as values. Made by `decide.diff` and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from setpoint.model.tree import Json, Pointer, Tree


class Treatment(StrEnum):
    """How a field is compared; without one, leaf by leaf."""

    SET = "set"
    """A list without order or repetition."""
    ATOMIC = "atomic"
    """The whole subtree is one value."""
    CREATE_ONLY = "createOnly"
    """Takes effect at creation; a later difference is shown and never corrected in place."""
    MEMBER = "member"
    """An entry of a mapping that belongs to us as a whole: once applied and declared no more, it is removed."""
    WRITE_ONLY = "writeOnly"
    """A secret: declared as its fingerprint and seen only as set or not; compared with the one last applied."""


class Cause(StrEnum):
    """Why declared and observed differ."""

    DECLARED = "declared"
    """The declaration is new or changed since it was last in force."""
    DRIFT = "drift"
    """The declaration was in force and the world moved."""
    COMPUTED = "computed"
    """The declaration is relative, and what it comes to was not in force yet."""


class Missing(StrEnum):
    """A leaf that is not there."""

    MISSING = "missing"


class Unseen(StrEnum):
    """A leaf that could not be read; it is never a difference."""

    UNSEEN = "unseen"


MISSING: Final = Missing.MISSING
UNSEEN: Final = Unseen.UNSEEN

SECRET: Final = "(secret)"  # noqa: S105  # it stands for one
"""What stands for a secret in a difference; a projection shows it where one is set."""


@dataclass(frozen=True)
class Projection:
    """What is seen, as a comparable tree.

    Attributes:
        tree: what is in force now.
        accepted: what is in force after the next restart; None when the same.
        unseen: pointers that could not be read.
    """

    tree: Tree
    accepted: Tree | None = None
    unseen: tuple[Pointer, ...] = ()


@dataclass(frozen=True)
class Change:
    """One field that is not as declared.

    Attributes:
        desired: the declared value; MISSING for a member that is declared no more and is to be removed.
        accepted: the target has taken the declared value and waits for a restart.
        later: the declared value is in force, and the observed one will be after a restart.
        note: the arithmetic behind a desired value that was computed.
        fixed: a createOnly field; no step can correct it.
    """

    path: Pointer
    desired: Json | Missing
    observed: Json | Missing
    cause: Cause = Cause.DECLARED
    accepted: bool = False
    fixed: bool = False
    later: bool = False
    note: str = ""


@dataclass(frozen=True)
class Diff:
    """Every difference; `unseen` are declared fields that could not be read."""

    changes: tuple[Change, ...] = ()
    unseen: tuple[Pointer, ...] = ()
