"""What is read from the estate at a scrape, per lane and as a whole; `series` has what there is per resource."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from setpoint.model.condition import ConditionType, Truth
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.surface.metrics import names
from setpoint.surface.metrics.meters import ALL, CLASSES, OUTCOMES
from setpoint.surface.metrics.names import Metric
from setpoint.surface.metrics.series import UNSEEN, Place
from setpoint.surface.metrics.snapshot import Snapshot

_VERSION: Final = version("setpoint")


@dataclass(frozen=True)
class EstateCollector(Collector):
    """The series of one snapshot.

    Attributes:
        count: the resources by kind, target and outcome.
    """

    snapshot: Snapshot
    count: Counter[Place]

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every family, in the order of the table."""
        yield self._deletions()
        yield _counted(self.count)
        yield self._operations()
        yield from self._lanes()
        yield from self._source()
        yield from self._inventories()
        yield _family(names.BUILD_INFO, [((_VERSION,), 1)])

    def _deletions(self) -> GaugeMetricFamily:
        active = [one for one in self.snapshot.tombstones.values() if one.active]
        count = Counter((one.key.kind, str(one.target), str(one.phase)) for one in active)
        return _family(names.DELETIONS, sorted(count.items()))

    def _operations(self) -> GaugeMetricFamily:
        left = {key: one.resource for key, one in self.snapshot.tombstones.items() if one.active}
        resources = {**left, **self.snapshot.resources}
        return _family(
            names.OPERATION_STARTED,
            (
                ((*_labels(key, resources[key]), intent.verb), intent.began)
                for lane in self.snapshot.lanes.values()
                for key, intent in lane.intents
                if key in resources
            ),
        )

    def _lanes(self) -> Iterator[GaugeMetricFamily]:
        lanes = {str(target): lane for target, lane in self.snapshot.lanes.items()}
        rows = [(name, label, cls, lane) for name, lane in lanes.items() for cls, label in CLASSES.items()]
        yield _family(
            names.QUEUE_DEPTH, (((name, label), lane.depth[cls]) for name, label, cls, lane in rows)
        )
        yield _family(
            names.QUEUE_OLDEST, (((name, label), lane.oldest[cls]) for name, label, cls, lane in rows)
        )
        yield _family(names.LANE_RUNNING, (((name,), lane.running) for name, lane in lanes.items()))
        yield _family(
            names.LANE_PLACES,
            (
                ((name, scope or ALL), used)
                for name, lane in lanes.items()
                for scope, used in lane.places.items()
            ),
        )
        yield _family(names.TARGET_UP, (((str(key),), self._is_up(key)) for key in self.snapshot.lanes))
        yield _family(
            names.BREAKER_STATE,
            (
                ((name, scope or ALL), is_open)
                for name, lane in lanes.items()
                for scope, is_open in lane.breakers.items()
            ),
        )
        yield _family(
            names.OPERATIONS_RUNNING, (((name,), len(lane.intents)) for name, lane in lanes.items())
        )

    def _is_up(self, target: Key) -> bool:
        """Whether the last look at it got through, and calls do."""
        status = self.snapshot.statuses.get(target)
        synced = (
            next((c for c in status.conditions if c.type is ConditionType.SYNCED), None) if status else None
        )
        looked_at = synced is not None and synced.status is not Truth.UNKNOWN
        return looked_at and self.snapshot.lanes[target].passes

    def _source(self) -> Iterator[GaugeMetricFamily]:
        shot, source = self.snapshot, (self.snapshot.source,)
        state = shot.state
        yield _family(names.SOURCE_GOOD, [(source, state.good)])
        yield _family(names.COMMIT_INFO, [((*source, shot.version), 1)] if shot.version else [])
        yield _family(names.LAST_FETCH, [(source, state.fetched)] if state.fetched else [])
        yield _family(names.SOURCE_PROBLEMS, [(source, shot.problems)])
        yield _family(names.SOURCE_HELD, [(source, bool(state.token))])

    def _inventories(self) -> Iterator[GaugeMetricFamily]:
        shots = self.snapshot.inventories
        read = {name: shot.state.fetched for name, shot in shots.items() if shot.state.fetched}
        held = {name: bool(shot.state.token) for name, shot in shots.items()}
        yield _by_inventory(names.INVENTORY_UP, {name: shot.state.good for name, shot in shots.items()})
        yield _by_inventory(names.INVENTORY_READ, read)
        yield _by_inventory(names.INVENTORY_HELD, held)
        yield _by_inventory(names.INVENTORY_SHEETS, {name: shot.sheets for name, shot in shots.items()})
        yield _by_inventory(names.INVENTORY_CONFLICTS, {name: shot.conflicts for name, shot in shots.items()})


def _by_inventory(metric: Metric, values: Mapping[str, float]) -> GaugeMetricFamily:
    return _family(metric, (((name,), value) for name, value in values.items()))


def _empty(metric: Metric) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)


def _family(metric: Metric, rows: Iterable[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    family = _empty(metric)
    for labels, value in rows:
        family.add_metric(labels, value)
    return family


def _labels(key: Key, resource: Resource) -> tuple[str, ...]:
    return key.namespace, key.kind, key.name, str(resource.target or key)


def _counted(count: Counter[Place]) -> GaugeMetricFamily:
    """Zero where there is none, so that a graph falls to zero and does not end."""
    places = sorted({(kind, target) for kind, target, _ in count})
    return _family(
        names.RESOURCES,
        (((*place, name), count[(*place, name)]) for place in places for name in (*OUTCOMES, UNSEEN)),
    )
