"""A person's word that nothing is to be done for now: to everything, a target, a kind, or one resource."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import assert_never

from setpoint.model.key import Key


class Scope(StrEnum):
    """How far a freeze goes, widest first."""

    ALL = "all"
    TARGET = "target"
    KIND = "kind"
    KEY = "key"


@dataclass(frozen=True)
class Freeze:
    """No step begins where it holds; what is under way goes on.

    Attributes:
        name: the target or the resource as `Kind/name`, or the kind; empty for everything.
        by: who said so.
        at: when, seconds since the epoch.
        until: when it ends by itself, seconds since the epoch; 0 for when somebody ends it.
    """

    scope: Scope
    name: str
    by: str
    why: str
    at: float
    until: float = 0.0

    def in_force(self, now: float) -> bool:
        """Whether it holds at that moment."""
        return now < self.end

    @property
    def end(self) -> float:
        """When it ends by itself, seconds since the epoch; infinite when it does not."""
        return self.until or math.inf

    def covers(self, keys: Collection[Key], target: Key) -> bool:
        """Whether it speaks of a resource, known by these names, that `target` holds."""
        match self.scope:
            case Scope.ALL:
                return True
            case Scope.TARGET:
                return str(target) == self.name
            case Scope.KIND:
                return any(key.kind == self.name for key in keys)
            case Scope.KEY:
                return any(str(key) == self.name for key in keys)
            case _:
                assert_never(self.scope)

    @property
    def release(self) -> str:
        """The command that ends it."""
        match self.scope:
            case Scope.ALL:
                return "setpoint unfreeze"
            case Scope.TARGET | Scope.KIND:
                return f"setpoint unfreeze --{self.scope} {self.name}"
            case Scope.KEY:
                return f"setpoint resume {self.name}"
            case _:
                assert_never(self.scope)

    @property
    def what(self) -> str:
        """What is stopped, e.g. `everything is frozen`."""
        match self.scope:
            case Scope.ALL:
                return "everything is frozen"
            case Scope.TARGET:
                return f"all of {self.name} is frozen"
            case Scope.KIND:
                return f"every {self.name} is frozen"
            case Scope.KEY:
                return f"{self.name} is paused"
            case _:
                assert_never(self.scope)

    def __str__(self) -> str:
        ends = datetime.fromtimestamp(self.until, UTC).strftime("%Y-%m-%d %H:%M UTC") if self.until else ""
        return f"{self.what}{f' until {ends}' if ends else ''} by {self.by}: {self.why}"
