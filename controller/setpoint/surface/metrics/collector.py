"""Everything that is read from the estate at a scrape, per resource and per lane: what left has no series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

from prometheus_client.metrics_core import GaugeMetricFamily
from prometheus_client.registry import Collector

from setpoint.model.condition import ConditionType, Truth
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.model.tree import parts
from setpoint.store.records import Status
from setpoint.surface.metrics import names
from setpoint.surface.metrics.meters import ALL, CLASSES, OUTCOMES
from setpoint.surface.metrics.names import Metric
from setpoint.surface.metrics.snapshot import Snapshot

UNSEEN: Final = "none"
"""The outcome of what was not looked at under its present declaration."""
OBJECT: Final = "object"
"""The group of a difference that concerns the object as a whole."""
_ALWAYS: Final = frozenset({ConditionType.READY, ConditionType.SYNCED})
_ABNORMAL: Final = {
    **dict.fromkeys(ConditionType, Truth.TRUE),
    ConditionType.HEALTHY: Truth.FALSE,
}
"""The status of each condition that calls for attention."""
_VERSION: Final = version("setpoint")
_VALUES: Final = {Truth.TRUE: 1, Truth.FALSE: 0, Truth.UNKNOWN: -1}


@dataclass(frozen=True)
class EstateCollector(Collector):
    """The series of one snapshot."""

    snapshot: Snapshot

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Every family, in the order of the table."""
        yield from self._resources()
        yield from self._lanes()
        yield from self._source()
        yield _family(names.BUILD_INFO, [((_VERSION,), 1)])

    def _resources(self) -> Iterator[GaugeMetricFamily]:
        statuses = self.snapshot.statuses
        condition, fields = _empty(names.CONDITION), _empty(names.DRIFTED_FIELDS)
        since, success = _empty(names.DRIFT_SINCE), _empty(names.LAST_SUCCESS)
        held, count = _empty(names.HELD_CHANGES), Counter[tuple[str, str, str]]()
        for key, resource in self.snapshot.resources.items():
            status = statuses[key]
            labels = _labels(key, resource)
            count[key.kind, labels[-1], _outcome(resource, status)] += 1
            for name, value in _conditions(resource, status):
                condition.add_metric((*labels, name), value)
            if status is None:
                continue
            for group, number in Counter(_group(change.path) for change in status.changes).items():
                fields.add_metric((*labels, group), number)
            if status.drift_since:
                since.add_metric(labels, status.drift_since)
            if status.in_sync_at:
                success.add_metric(labels, status.in_sync_at)
            for rule, number in Counter(hold.rule for hold in status.holds).items():
                held.add_metric((*labels, rule), number)
        yield from (condition, fields, since, success, held)
        yield from (self._operations(), _counted(count))

    def _operations(self) -> GaugeMetricFamily:
        resources = self.snapshot.resources
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
        status = self.snapshot.statuses[target]
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


def _empty(metric: Metric) -> GaugeMetricFamily:
    return GaugeMetricFamily(metric.name, metric.help, labels=metric.labels)


def _family(metric: Metric, rows: Iterable[tuple[tuple[str, ...], float]]) -> GaugeMetricFamily:
    family = _empty(metric)
    for labels, value in rows:
        family.add_metric(labels, value)
    return family


def _labels(key: Key, resource: Resource) -> tuple[str, ...]:
    return key.namespace, key.kind, key.name, str(resource.target or key)


def _conditions(resource: Resource, status: Status | None) -> Iterator[tuple[str, int]]:
    """What was seen under another declaration says nothing of this one."""
    if status is None or status.spec_hash != resource.spec_hash or not status.conditions:
        yield from ((str(name), _VALUES[Truth.UNKNOWN]) for name in sorted(_ALWAYS))
        return
    for condition in status.conditions:
        if condition.type in _ALWAYS or condition.status is _ABNORMAL[condition.type]:
            yield str(condition.type), _VALUES[condition.status]


def _outcome(resource: Resource, status: Status | None) -> str:
    return UNSEEN if status is None or status.spec_hash != resource.spec_hash else status.outcome


def _group(path: str) -> str:
    return next(iter(parts(path)), OBJECT)


def _counted(count: Counter[tuple[str, str, str]]) -> GaugeMetricFamily:
    """Zero where there is none, so that a graph falls to zero and does not end."""
    places = sorted({(kind, target) for kind, target, _ in count})
    return _family(
        names.RESOURCES,
        (((*place, name), count[(*place, name)]) for place in places for name in (*OUTCOMES, UNSEEN)),
    )
