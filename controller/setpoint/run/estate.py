"""The estate as the daemon holds it: what is declared now, and a lane for each target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from setpoint.decide.deletion.weighed import Declarations
from setpoint.desired.compile import Cache
from setpoint.desired.gather import Memory
from setpoint.model.condition import ConditionType, Truth
from setpoint.model.conflict import Conflict
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.limit import Caution
from setpoint.model.resource import Resource
from setpoint.run.lane import Lane
from setpoint.run.orders import Orders
from setpoint.run.ports import Ports
from setpoint.run.readings import Readings
from setpoint.run.sighted import Sighted
from setpoint.run.turns import Turns
from setpoint.sources.snapshot import Share
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreCalls


@dataclass(frozen=True)
class SourceState:
    """How the last look at the source went; `good` stays False until one went well.

    Attributes:
        fetched: when it was last read with success, seconds since the epoch; 0 when never.
    """

    good: bool
    sentence: str
    at: float
    token: str = ""
    fetched: float = 0.0


@dataclass(frozen=True)
class Telling:
    """How it goes to tell an inventory what came of what it declares.

    Attributes:
        left: resources of which it was not told yet how they stand.
        problem: why the last call failed; empty when it did not.
    """

    left: int = 0
    problem: str = ""


@dataclass
class Estate:
    """What the supervisor, its workers and the socket share. One loop, so no locks.

    Attributes:
        resources: what is declared and in force.
        dormant: what is declared, too, but of a kind that is not installed.
        notes: what the source left out and why.
        suspended: keys whose declaration is valid and needs one that is not.
        retained: keys kept as they were because their manifest is broken now.
        lingering: keys that are declared no more and stay until what they hold is deleted.
        outdated: whether something is gone, or was let go of, that contributed to others until then.
        expires: when something that is in force expires next, seconds since the epoch.
        waiting: a resource -> the keys that are blocked on it.
        cache: what the compiler read before.
        gathered: what was put together of it.
        asked: when each key was last asked for by a person.
        polled: keys whose polls have begun, each at its own place in its interval.
        here: the lane of what no target holds; None while there is nothing of that.
        readings: what was read of aggregates.
        sighted: who is seen with which of the values that resources hand out.
        turns: the groups whose members take turns.
        orders: what people want done now.
        only: the keys that are looked at at all; None for every one.
        declared: when each key came to be declared while this process runs; gone once it was ready.
        versions: what is in force of the source and of each inventory, by what they are called in the store.
        inventories: how the last reading of each inventory went.
        shares: what each of them has in what is in force.
        conflicts: what they say otherwise than the manifests above them.
        telling: how it goes to tell each of them what came of that.
    """

    name: str
    kinds: Mapping[str, Kind[Any, Any]]
    store: Store
    calls: StoreCalls
    ports: Ports
    resources: dict[Key, Resource] = field(default_factory=dict[Key, Resource])
    caution: Caution = field(default_factory=Caution)
    dormant: dict[Key, Resource] = field(default_factory=dict[Key, Resource])
    version: str = ""
    problems: tuple[DeclarationProblem, ...] = ()
    notes: tuple[str, ...] = ()
    suspended: Mapping[Key, DeclarationProblem] = field(default_factory=dict[Key, DeclarationProblem])
    retained: frozenset[Key] = frozenset()
    lingering: frozenset[Key] = frozenset()
    expires: float | None = None
    outdated: bool = False
    source: SourceState = SourceState(good=False, sentence="not looked at yet", at=0.0)
    lanes: dict[Key, Lane] = field(default_factory=dict[Key, Lane])
    waiting: dict[Key, set[Key]] = field(default_factory=dict[Key, set[Key]])
    here: Lane | None = None
    readings: Readings = field(default_factory=Readings)
    sighted: Sighted = field(default_factory=Sighted)
    asked: dict[Key, float] = field(default_factory=dict[Key, float])
    cache: Cache = field(default_factory=Cache)
    gathered: Memory = field(default_factory=Memory)
    streaks: dict[Key, int] = field(default_factory=dict[Key, int])
    polled: set[Key] = field(default_factory=set[Key])
    turns: Turns = field(default_factory=Turns)
    orders: Orders = field(default_factory=Orders)
    only: frozenset[Key] | None = None
    declared: dict[Key, float] = field(default_factory=dict[Key, float])
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    inventories: dict[str, SourceState] = field(default_factory=dict[str, SourceState])
    shares: Mapping[str, Share] = field(default_factory=dict[str, Share])
    conflicts: Mapping[Key, tuple[Conflict, ...]] = field(default_factory=dict[Key, tuple[Conflict, ...]])
    telling: dict[str, Telling] = field(default_factory=dict[str, Telling])
    _needy: tuple[Mapping[Key, Resource], Mapping[Key, tuple[Key, ...]]] = ({}, {})

    def needy(self, key: Key) -> tuple[Key, ...]:
        """What needs `key` or takes from it, but for what is on it as its target."""
        resources, needy = self._needy
        if resources is not self.resources:
            # Thousands ask when they are met for the first time, so who needs whom is found once for a set in force.
            needy = _needy_of(self.resources)
            self._needy = self.resources, needy
        return needy.get(key, ())

    def lane_of(self, resource: Resource) -> Lane | None:
        """The lane that serves `resource`: its target's, or its own when it is a target; else the one of what has none."""
        return self.here if self.is_nowhere(resource) else self.lanes.get(resource.target or resource.key)

    def is_nowhere(self, resource: Resource) -> bool:
        """Whether no target holds it, and it is none itself."""
        kind = self.kinds.get(resource.key.kind)
        return resource.target is None and kind is not None and kind.port is None

    def every_lane(self) -> list[Lane]:
        """The lane of each target, and the one of what has none."""
        return [*self.lanes.values(), *([self.here] if self.here is not None else [])]

    def declared_on(self, target: Key) -> list[Resource]:
        """Everything that is declared on `target`."""
        return [resource for resource in self.resources.values() if resource.target == target]

    def declarations(self) -> Declarations:
        """How far what is declared can be believed now."""
        away = next((name for name, state in self.inventories.items() if not state.good), None)
        if not self.source.good or away is None:
            return Declarations(self.source.good, self.source.sentence, len(self.problems), self.notes)
        sentence = f"{away}: {self.inventories[away].sentence}"
        return Declarations(good=False, sentence=sentence, problems=len(self.problems), notes=self.notes)

    def served(self, key: Key) -> Resource | None:
        """What is reconciled under `key`: what is declared, or what left the declarations and is to be deleted."""
        declared = self.resources.get(key)
        if declared is not None:
            return declared
        tombstone = self.store.tombstone(key)
        if tombstone is None or not tombstone.active or key.kind not in self.kinds:
            return None
        return tombstone.resource

    def everything(self) -> list[Key]:
        """Every key that is served."""
        left = (key for key in self.store.tombstones() if key not in self.resources)
        return [*self.resources, *(key for key in left if self.served(key) is not None)]

    def is_due(self) -> bool:
        """Whether something in force has expired since it was looked at, or has to be put together anew."""
        return self.outdated or (self.expires is not None and self.expires <= self.ports.now())

    def part_from(self, key: Key) -> None:
        """Have what others got of a key that is gone taken from them at the next look."""
        kind = self.kinds.get(key.kind)
        self.outdated = self.outdated or (kind is not None and kind.asks is not None)

    def ready(self, key: Key) -> bool:
        """Whether `key` is in sync with what is declared for it now, and healthy."""
        resource = self.resources.get(key)
        status = self.store.status(key) if resource is not None else None
        return (
            resource is not None
            and status is not None
            and status.spec_hash == resource.spec_hash
            and is_ready(status)
        )


def _needy_of(resources: Mapping[Key, Resource]) -> Mapping[Key, tuple[Key, ...]]:
    found: dict[Key, list[Key]] = {}
    for key, resource in resources.items():
        for need in resource.references:
            if need != resource.target:
                found.setdefault(need, []).append(key)
    return {need: tuple(keys) for need, keys in found.items()}


def is_ready(status: Status) -> bool:
    """Whether the resource was in sync and healthy when it was last looked at."""
    return any(c.type is ConditionType.READY and c.status is Truth.TRUE for c in status.conditions)
