"""What a scrape shows, taken from the estate in one go on the loop, so that a thread can render it undisturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from setpoint.desired.files import inventory_of
from setpoint.model.key import Key
from setpoint.model.plan import Intent
from setpoint.model.resource import Resource
from setpoint.model.tombstone import Tombstone
from setpoint.run.estate import Estate, SourceState
from setpoint.run.gate import WHOLE
from setpoint.run.lane import Lane
from setpoint.run.queue import Class
from setpoint.run.supervisor import Supervisor
from setpoint.store.records import Status


@dataclass(frozen=True)
class LaneShot:
    """A lane at one moment.

    Attributes:
        depth: how many keys are due, per class.
        oldest: for how long the longest waiting one has been due, seconds, per class.
        running: reconciles under way.
        places: places of operations in use, by scope.
        breakers: whether the breaker of each scope is open.
        intents: the steps under way on the target.
    """

    depth: tuple[int, int]
    oldest: tuple[float, float]
    running: int
    places: Mapping[str, int]
    breakers: Mapping[str, bool]
    intents: Sequence[tuple[Key, Intent]]

    @property
    def passes(self) -> bool:
        """Whether calls to the target as a whole are let through."""
        return not self.breakers.get(WHOLE, False)


@dataclass(frozen=True)
class InventoryShot:
    """An inventory at one moment: how its last reading went, and how much of it counts."""

    state: SourceState
    sheets: int
    conflicts: int


@dataclass(frozen=True)
class Snapshot:
    """The estate at one moment: what is declared, what is known of it and of what left, and the lanes."""

    resources: Mapping[Key, Resource]
    statuses: Mapping[Key, Status]
    lanes: Mapping[Key, LaneShot]
    source: str
    state: SourceState
    version: str
    problems: int
    tombstones: Mapping[Key, Tombstone]
    now: float
    inventories: Mapping[str, InventoryShot]


def take(supervisor: Supervisor) -> Snapshot:
    """The estate now; on the loop, where nothing changes in between. Reads memory only."""
    estate = supervisor.estate
    intents = {target: estate.store.intents(target) for target in estate.lanes}
    return Snapshot(
        resources=dict(estate.resources),
        statuses=estate.store.status_rows(),
        lanes={target: _shot(lane, intents[target]) for target, lane in sorted(estate.lanes.items())},
        source=supervisor.source.name,
        state=estate.source,
        version=estate.version,
        problems=len(estate.problems),
        tombstones=dict(estate.store.tombstones()),
        now=estate.ports.now(),
        inventories=_inventories(estate),
    )


def _inventories(estate: Estate) -> Mapping[str, InventoryShot]:
    conflicts = Counter(
        inventory_of(one.sheet_origin.path) for found in estate.conflicts.values() for one in found
    )
    sheets = {name: share.sheets for name, share in estate.shares.items()}
    return {
        name: InventoryShot(state, sheets.get(name, 0), conflicts[name])
        for name, state in sorted(estate.inventories.items())
    }


def _shot(lane: Lane, intents: Sequence[tuple[Key, Intent]]) -> LaneShot:
    depth = lane.queue.depth()
    return LaneShot(
        depth=(depth[Class.CHANGED], depth[Class.RESYNC]),
        oldest=lane.queue.oldest(),
        running=len(lane.queue.running()),
        places=lane.slots.usage(),
        breakers=lane.gate.breakers(),
        intents=intents,
    )
