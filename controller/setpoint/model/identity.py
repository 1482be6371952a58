"""Who an object is in its own system, and the mark by which we know it as ours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from setpoint.model.key import Key
from setpoint.model.tree import Scalar

Identity: TypeAlias = Mapping[str, Scalar]
"""An object's own ids in its system; flat, e.g. `{"id": 100}`. What may change under it (its place) is no part of it."""

_LINE = re.compile(r"setpoint: (?P<estate>\S+) (?P<key>\S+) (?P<name>[a-z]+)=(?P<id>\S+)")


@dataclass(frozen=True)
class Mark:
    """What we write on every object we make; a copy bears another object's id and is not ours."""

    estate: str
    key: Key
    object_id: str

    def line(self, name: str) -> str:
        """The mark as one line of text, in which the object's id is called `name`."""
        key = f"{self.key.namespace}/{self.key.kind}/{self.key.name}"
        return f"setpoint: {self.estate} {key} {name}={self.object_id}"


def read_mark(line: str, name: str) -> Mark | None:
    """The mark that a line of text is; None when it is none in which the id is called `name`."""
    match = _LINE.fullmatch(line)
    if match is None or match["name"] != name:
        return None
    try:
        return Mark(match["estate"], Key.parse(match["key"]), match["id"])
    except ValueError:
        return None


@dataclass(frozen=True)
class Owner:
    """On whose behalf an object is looked at; `formerly` is the name that its declaration had before."""

    estate: str
    key: Key
    formerly: Key | None = None

    def mark(self, object_id: str) -> Mark:
        """What the object `object_id` ought to bear."""
        return Mark(self.estate, self.key, object_id)

    def owns(self, mark: Mark | None, object_id: str) -> bool:
        """Whether `mark`, read from the object `object_id`, is ours, under this name or the former one."""
        former = None if self.formerly is None else Mark(self.estate, self.formerly, object_id)
        return mark is not None and mark in (self.mark(object_id), former)


@dataclass(frozen=True)
class Reserve:
    """A wish for an id out of a numbered space, to be recorded before it is used.

    The engine picks the lowest number of `low..high` that is neither in `taken` nor reserved already.
    """

    space: str
    low: int
    high: int
    taken: frozenset[int]
