"""The series of each declared resource, as text that is kept while nothing is new.

Few of thousands change between two scrapes; to have the library write all of them anew would hold up the loop.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from setpoint.model.condition import ConditionType, Truth
from setpoint.model.key import Key
from setpoint.model.measure import Number
from setpoint.model.outcome import Stalled
from setpoint.model.resource import Resource
from setpoint.model.tree import parts
from setpoint.store.records import Status
from setpoint.surface.metrics import names
from setpoint.surface.metrics.measures import lasts
from setpoint.surface.metrics.names import Metric

UNSEEN: Final = "none"
"""The outcome of what was not looked at under its present declaration."""
OBJECT: Final = "object"
"""The group of a difference that concerns the object as a whole."""

_ALWAYS: Final = (ConditionType.READY, ConditionType.SYNCED)
_VALUES: Final = {Truth.TRUE: 1.0, Truth.FALSE: 0.0, Truth.UNKNOWN: -1.0}
_SHOWN: Final[Mapping[tuple[ConditionType, Truth], float]] = {
    **{(name, truth): value for name in _ALWAYS for truth, value in _VALUES.items()},
    **{(name, Truth.TRUE): 1.0 for name in ConditionType if name not in (*_ALWAYS, ConditionType.HEALTHY)},
    (ConditionType.HEALTHY, Truth.FALSE): 0.0,
}
"""The value of each condition that is shown: two always, the others while they call for attention."""
_STALLED: Final = Stalled.__name__
_HEAD: Final = ",".join(f'{name}="{{}}"' for name in names.RESOURCE)
_SPECIAL: Final = re.compile(r'[\\\n"]')
_ESCAPES: Final = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})

Sample: TypeAlias = tuple[str, float]
"""The value of the last label, if the metric has one beside those of the resource; and the value."""
Place: TypeAlias = tuple[str, str, str]
"""Kind, target, outcome."""


@dataclass(frozen=True, slots=True)
class _Row:
    """What is kept of one resource, with that from which it was made.

    Attributes:
        until: when its numbers are too old to be shown, seconds since the epoch.
        texts: of the families of every resource, in their order.
        numbers: of those of its kind, by the name of the metric.
    """

    spec_hash: str
    target: Key | None
    status: Status | None
    until: float
    place: Place
    texts: tuple[str, ...]
    numbers: Mapping[str, str]


class ResourceSeries:
    """Renders what is declared; used by one thread at a time.

    Args:
        measured: the metrics of each kind, by the slot of their measure.
    """

    def __init__(self, measured: Mapping[str, Mapping[str, Metric]]) -> None:
        self._measured = measured
        self._rows: dict[Key, _Row] = {}

    def render(
        self, resources: Mapping[Key, Resource], statuses: Mapping[Key, Status], now: float
    ) -> tuple[str, Counter[Place]]:
        """The families of the resources, in a form that all text formats of Prometheus share; and their number by place.

        Args:
            resources: what is declared.
            statuses: what is known of it.
            now: seconds since the epoch.
        """
        before = self._rows
        self._rows = {
            key: self._fresh(before.get(key), key, resource, statuses.get(key), now)
            for key, resource in resources.items()
        }
        rows = self._rows.values()
        families = [
            _head(metric) + "".join([row.texts[number] for row in rows])
            for number, (metric, _) in enumerate(_FAMILIES)
        ]
        families += [
            _head(metric) + "".join([row.numbers.get(metric.name, "") for row in rows if row.numbers])
            for metrics in self._measured.values()
            for metric in metrics.values()
        ]
        return "".join(families), Counter(row.place for row in rows)

    def _fresh(
        self, row: _Row | None, key: Key, resource: Resource, status: Status | None, now: float
    ) -> _Row:
        """The row as it was when nothing is new. A status is replaced as a whole, never changed."""
        same = row is not None and row.spec_hash == resource.spec_hash and row.target == resource.target
        if row is not None and same and row.status is status and now < row.until:
            return row
        return _row(key, resource, status, self._measured.get(key.kind, {}), now)


def _head(metric: Metric) -> str:
    return f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.type}\n"


def _row(
    key: Key, resource: Resource, status: Status | None, metrics: Mapping[str, Metric], now: float
) -> _Row:
    spec_hash, on = resource.spec_hash, resource.target
    target = str(on or key)
    seen = status if status is not None and status.spec_hash == spec_hash else None
    place = (key.kind, target, seen.outcome if seen else UNSEEN)
    labels = _HEAD.format(*map(_escaped, (key.namespace, key.kind, key.name, target)))
    texts = tuple(_lines(metric, labels, samples(status, seen)) for metric, samples in _FAMILIES)
    until, numbers = _numbers(metrics, labels, status, lasts(resource.policy.interval), now)
    return _Row(spec_hash, on, status, until, place, texts, numbers)


def _numbers(
    metrics: Mapping[str, Metric], labels: str, status: Status | None, patience: float, now: float
) -> tuple[float, Mapping[str, str]]:
    """The numbers that were seen, and until when they are shown: what nobody has seen for long is known no more."""
    measured = status.measured if status is not None else None
    if measured is None or measured.at + patience <= now:
        return math.inf, {}
    return measured.at + patience, {
        metrics[slot].name: _rows_of(metrics[slot], labels, rows)
        for slot, rows in measured.numbers.items()
        if slot in metrics
    }


def _rows_of(metric: Metric, labels: str, rows: Collection[Number]) -> str:
    """The lines; without those that a version before this one kept, with other labels."""
    own = metric.labels[len(names.RESOURCE) :]
    start = f"{metric.name}{{{labels}"
    return "".join(
        [f"{start}{_told(own, values)}}} {value!r}\n" for values, value in rows if len(values) == len(own)]
    )


def _told(labels: Collection[str], values: Collection[str]) -> str:
    return "".join(f',{label}="{_escaped(value)}"' for label, value in zip(labels, values, strict=True))


def _escaped(value: str) -> str:
    return value.translate(_ESCAPES) if _SPECIAL.search(value) else value


def _lines(metric: Metric, labels: str, samples: Collection[Sample]) -> str:
    if not samples:
        return ""
    if len(metric.labels) == len(names.RESOURCE):
        return "".join([f"{metric.name}{{{labels}}} {value!r}\n" for _, value in samples])
    start = f"{metric.name}{{{labels},{metric.labels[-1]}"
    return "".join([f'{start}="{_escaped(last)}"}} {value!r}\n' for last, value in samples])


def _conditions(_: Status | None, seen: Status | None) -> Collection[Sample]:
    """What was seen under another declaration says nothing of this one."""
    if seen is None or not seen.conditions:
        return _UNKNOWN
    found = [(condition.type, condition.status) for condition in seen.conditions]
    return [(place[0], _SHOWN[place]) for place in found if place in _SHOWN]


def _failed(_: Status | None, seen: Status | None) -> Collection[Sample]:
    """What only waits for something else has not failed, and what is stalled is told by its condition."""
    return (("", float(seen.attempts)),) if seen and seen.attempts and seen.outcome != _STALLED else ()


def _fields(status: Status | None, _: Status | None) -> Collection[Sample]:
    changes = status.changes if status else ()
    return Counter(next(iter(parts(change.path)), OBJECT) for change in changes).items() if changes else ()


def _drift_since(status: Status | None, _: Status | None) -> Collection[Sample]:
    return (("", status.drift_since),) if status and status.drift_since else ()


def _last_success(status: Status | None, _: Status | None) -> Collection[Sample]:
    return (("", status.in_sync_at),) if status and status.in_sync_at else ()


def _left_out(status: Status | None, _: Status | None) -> Collection[Sample]:
    measured = status.measured if status else None
    return (("", float(measured.left_out)),) if measured and measured.left_out else ()


def _held(status: Status | None, _: Status | None) -> Collection[Sample]:
    return Counter(str(hold.rule) for hold in status.holds).items() if status and status.holds else ()


_UNKNOWN: Final = tuple((str(name), _VALUES[Truth.UNKNOWN]) for name in _ALWAYS)
_FAMILIES: Final[tuple[tuple[Metric, Callable[[Status | None, Status | None], Collection[Sample]]], ...]] = (
    (names.CONDITION, _conditions),
    (names.FAILED_ATTEMPTS, _failed),
    (names.DRIFTED_FIELDS, _fields),
    (names.DRIFT_SINCE, _drift_since),
    (names.LAST_SUCCESS, _last_success),
    (names.HELD_CHANGES, _held),
    (names.LEFT_OUT, _left_out),
)
"""Each metric, and how its samples follow from the last status and from the same if it speaks of this declaration."""
