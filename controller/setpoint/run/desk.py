"""What a reconcile has at hand, and what it has found out so far."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from setpoint.decide.holds import RULES, StepRule
from setpoint.model.diff import Diff
from setpoint.model.handed import Conflict
from setpoint.model.hold import Hold
from setpoint.model.identity import Identity, Owner
from setpoint.model.key import Key
from setpoint.model.kind import Kind, Problem
from setpoint.model.limit import Caution
from setpoint.model.measure import Measured
from setpoint.model.observation import Absent, Present
from setpoint.model.order import Order
from setpoint.model.outcome import Outcome
from setpoint.model.plan import Intent, Obstacle, PlannedStep, Step
from setpoint.model.resource import Resource
from setpoint.model.rollout import Group
from setpoint.model.secret import Secret
from setpoint.model.spec import Spec
from setpoint.model.survey import Survey
from setpoint.model.tree import Json, Pointer, Tree
from setpoint.run.lane import Lane
from setpoint.run.ports import Ports
from setpoint.run.spaces import Spaces
from setpoint.store.records import Item, Reservation
from setpoint.store.store import Store
from setpoint.store.thread import StoreCalls


@dataclass(frozen=True)
class Desk:
    """What every stage may use.

    Attributes:
        ready: whether another resource is in sync and healthy.
        lane_at: the lane of another target; None while it is not in force.
        unmet: the other targets of this kind that nobody has seen with this database.
        peers: everything that is declared on the target.
        doubt: what speaks against destroying something because its declaration says so.
        spaces: what resources hand out to others.
        strangers: who else takes from one of them and was never looked at.
        group: with whom a resource takes turns, as they are now.
        search: note what bears our mark in the latest survey of a target and is not remembered.
        requested: number of the last resync request of the key when the reconcile began.
        not_before: a survey must have begun at this moment or later.
        began: when the reconcile began, seconds of the loop.
    """

    lane: Lane
    store: Store
    calls: StoreCalls
    ports: Ports
    caution: Caution
    estate: str
    version: str
    ready: Callable[[Key], bool]
    lane_at: Callable[[Key], Lane | None]
    unmet: Callable[[], Sequence[Lane]]
    peers: Callable[[], Sequence[Resource]]
    doubt: Callable[[Resource], Hold | None]
    spaces: Spaces
    strangers: Callable[[Key], Sequence[Key]]
    group: Callable[[Pass], Group | None]
    search: Callable[[Lane], Awaitable[None]]
    reconcile_id: str
    requested: int
    not_before: float
    began: float = field(default_factory=lambda: asyncio.get_running_loop().time())

    def age(self) -> float:
        """Seconds since the reconcile began."""
        return asyncio.get_running_loop().time() - self.began


@dataclass(frozen=True)
class Wipe:
    """What takes an object away for a moment of its lifecycle, in the order in which it happens."""

    moment: float
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Pass:
    """One reconcile, filled stage by stage.

    Attributes:
        in_full: whether the object has to be read in full, whatever else would do.
        applied: what the last pass left in force; None when nothing is remembered.
        pending: the intent whose outcome is not known yet.
        wipe: what is to be wiped now, by schedule; its steps come first in `planned`.
        standing: holds on differences that no step corrects.
        rules: those by which a step is judged once more right before it begins.
        notes: the arithmetic behind what was computed, by its place in the comparable tree; None before that.
        lacking: why something could not be computed, by that place.
        suspended: places in the comparable tree of what waits alone for what others publish.
        conflicts: why fields must not be given the values that belong to them.
        secrets: values by their place in the comparable tree.
        prints: the fingerprints of those values.
        withheld: places of secrets that could not be read.
        order: what a person wants done now; None when nobody does.
        outputs: what the kind publishes of the object; None before it was seen.
        renewed: when what is seen was last brought into force, seconds since the epoch; None where that is not told.
        measured: the numbers of what is seen; None before that, and for a kind without any.
    """

    resource: Resource
    kind: Kind[Any, Any]
    spec: Spec
    owner: Owner
    in_full: bool = True
    item: Item | None = None
    reserved: Reservation | None = None
    pending: Intent | None = None
    approvals: AbstractSet[str] = frozenset()
    survey: Survey[Any] | None = None
    identity: Identity | None = None
    observation: Present[Any] | Absent | None = None
    declared: Tree | None = None
    found: Diff | None = None
    planned: tuple[PlannedStep, ...] = ()
    wipe: Wipe | None = None
    standing: tuple[Hold, ...] = ()
    rules: tuple[StepRule, ...] = RULES
    problems: tuple[Problem, ...] = ()
    detail: Mapping[str, Json] | None = None
    outputs: Mapping[str, Json] | None = None
    renewed: float | None = None
    measured: Measured | None = None
    notes: Mapping[Pointer, str] | None = None
    lacking: Mapping[Pointer, Obstacle] = field(default_factory=dict[Pointer, Obstacle])
    conflicts: tuple[Conflict, ...] = ()
    suspended: tuple[Pointer, ...] = ()
    secrets: Mapping[Pointer, Secret] = field(default_factory=dict[Pointer, Secret])
    prints: Mapping[Pointer, str] = field(default_factory=dict[Pointer, str])
    withheld: tuple[Pointer, ...] = ()
    order: Order | None = None

    def learn(self, **news: Any) -> Pass:
        """The same pass, knowing more."""
        # Not by `replace`, which sets every field anew: it would take half the time of a pass that finds nothing to do.
        more = object.__new__(Pass)
        more.__dict__.update(self.__dict__, **news)
        return more


Stage: TypeAlias = Callable[[Desk, Pass], Awaitable["Pass | Outcome"]]


@dataclass(frozen=True)
class Report:
    """How a reconcile ended, with all it learned."""

    outcome: Outcome
    learned: Pass
