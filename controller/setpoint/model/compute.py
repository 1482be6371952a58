"""What a kind is given to make absolute what a spec says relative to its target, and what it makes of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from setpoint.model.identity import Owner
from setpoint.model.plan import Obstacle
from setpoint.model.resource import Resource
from setpoint.model.spec import Spec
from setpoint.model.survey import Survey
from setpoint.model.tree import Pointer, Tree

P = TypeVar("P", bound=Spec)
S = TypeVar("S")


@dataclass(frozen=True)
class Computing(Generic[P, S]):
    """What a kind is given to compute with.

    Attributes:
        observed: the present state; None when the object is proven absent.
        applied: the comparable declared tree that was last in force; None when nothing is remembered.
        peers: everything that is declared on the same target, this resource included.
        asked: somebody asked for a fresh look, to which what was read before that is no answer.
    """

    spec: P
    owner: Owner
    observed: S | None
    applied: Tree | None
    survey: Survey[Any]
    peers: Callable[[], Sequence[Resource]]
    asked: bool


@dataclass(frozen=True)
class Computed(Generic[P]):
    """A spec without anything relative in it.

    Attributes:
        spec: absolute. What is lacking has the value that is seen; of an absent object it stays as it was written.
        notes: the arithmetic behind each value that was computed, one sentence, by its place in the comparable tree.
        lacking: why a value cannot be computed, by that place; such a field alone is left as it is.
    """

    spec: P
    notes: Mapping[Pointer, str] = field(default_factory=dict[Pointer, str])
    lacking: Mapping[Pointer, Obstacle] = field(default_factory=dict[Pointer, Obstacle])
