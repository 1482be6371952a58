"""Counts what the engine tells, with counters and histograms of the Prometheus library."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any, Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from setpoint.model.kind import Kind
from setpoint.model.outcome import Outcome
from setpoint.run.meters import Reply
from setpoint.run.queue import Class
from setpoint.surface.metrics import names
from setpoint.surface.metrics.names import Metric

OUTCOMES: Final = tuple(outcome.__name__ for outcome in get_args(Outcome))
"""The names of the ways in which a reconcile ends."""
CLASSES: Final = {Class.CHANGED: "changed", Class.RESYNC: "resync"}
"""The classes of the queue as labels."""
ALL: Final = "all"
"""The label of the scope that is a target as a whole."""
_MODES: Final = ("read", "write")


# A second series for each counter would only tell when this process began to count.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library forgot to say None


class PrometheusMeters:
    """See `setpoint.run.meters.Meters`. Children are kept by their labels, for looking them up costs more than counting.

    Attributes:
        registry: of this daemon alone; never the library's own, which is shared by a whole process.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._reconciles = _counter(names.RECONCILES, self.registry)
        self._seconds = _histogram(names.RECONCILE_SECONDS, self.registry)
        self._crashes = _counter(names.CRASHES, self.registry)
        self._steps = _counter(names.STEPS, self.registry)
        self._first_ready = _histogram(names.FIRST_READY, self.registry)
        self._drift_found = _histogram(names.DRIFT_FOUND, self.registry)
        self._delay = _histogram(names.RECONCILE_DELAY, self.registry)
        self._calls = _counter(names.API_CALLS, self.registry)
        self._call_seconds = _histogram(names.API_CALL_SECONDS, self.registry)
        self._lag = _histogram(names.LOOP_LAG, self.registry)
        self._store_errors = _counter(names.STORE_ERRORS, self.registry)
        self._told = _counter(names.TOLD, self.registry)
        self._tell_failures = _counter(names.TELL_FAILURES, self.registry)
        self._untold = Gauge(
            names.UNTOLD.name, names.UNTOLD.help, names.UNTOLD.labels, registry=self.registry
        )
        self._ended: dict[tuple[str, str], Counter] = {}
        self._took: dict[str, Histogram] = {}
        self._replies: dict[tuple[str, str, bool, Reply], Counter] = {}
        self._answers: dict[tuple[str, bool], Histogram] = {}

    def expect(self, kinds: Mapping[str, Kind[Any, Any]]) -> None:
        """Begin all counts of these kinds at zero, so that the first of each is seen as an increase."""
        for name, kind in kinds.items():
            for outcome in OUTCOMES:
                self._reconciles.labels(name, outcome)
            for verb in kind.acts:
                self._steps.labels(name, verb)
            self._crashes.labels(name)
            for histogram in (self._seconds, self._first_ready, self._drift_found):
                histogram.labels(name)

    def reconciled(self, kind: str, outcome: str, seconds: float) -> None:
        """Count a reconcile."""
        ended = self._ended.get((kind, outcome))
        if ended is None:
            ended = self._ended[kind, outcome] = self._reconciles.labels(kind, outcome)
        took = self._took.get(kind)
        if took is None:
            took = self._took[kind] = self._seconds.labels(kind)
        ended.inc()
        took.observe(seconds)

    def crashed(self, kind: str) -> None:
        """Count a bug."""
        self._crashes.labels(kind).inc()

    def stepped(self, kind: str, verb: str) -> None:
        """Count a step."""
        self._steps.labels(kind, verb).inc()

    def delayed(self, cls: Class, seconds: float) -> None:
        """Note how late a reconcile began."""
        self._delays[cls].observe(seconds)

    def called(
        self, target: str, scopes: Iterable[str], reply: Reply, seconds: float, *, writes: bool
    ) -> None:
        """Count a call; one that was not made took no time."""
        for scope in scopes:
            counted = self._replies.get((target, scope, writes, reply))
            if counted is None:
                labels = (target, scope or ALL, _MODES[writes], reply)
                counted = self._replies[target, scope, writes, reply] = self._calls.labels(*labels)
            counted.inc()
        if reply is Reply.DOWN:
            return
        answers = self._answers.get((target, writes))
        if answers is None:
            answers = self._answers[target, writes] = self._call_seconds.labels(target, _MODES[writes])
        answers.observe(seconds)

    def drift_found(self, kind: str, after: float) -> None:
        """Note how long drift went unseen, at most."""
        self._drift_found.labels(kind).observe(after)

    def first_ready(self, kind: str, after: float) -> None:
        """Note how long something new took."""
        self._first_ready.labels(kind).observe(after)

    def lagged(self, seconds: float) -> None:
        """Note how late the loop is."""
        self._lag.observe(seconds)

    def store_failed(self) -> None:
        """Count a call of the store that the database refused."""
        self._store_errors.inc()

    def told(self, inventory: str, standings: int, *, failed: bool) -> None:
        """Count what an inventory was told, and what went wrong; the first failure is seen as an increase."""
        self._told.labels(inventory).inc(standings)
        self._tell_failures.labels(inventory).inc(int(failed))

    def untold(self, inventory: str, standings: int) -> None:
        """Note what an inventory is to be told still."""
        self._untold.labels(inventory).set(standings)

    def keep(self, targets: Iterable[str]) -> None:
        """Forget what was counted of targets that are declared no more."""
        kept = frozenset(targets)
        for place in [place for place in self._replies if place[0] not in kept]:
            del self._replies[place]
            target, scope, writes, reply = place
            self._calls.remove(target, scope or ALL, _MODES[writes], reply)
        for target, writes in [place for place in self._answers if place[0] not in kept]:
            del self._answers[target, writes]
            self._call_seconds.remove(target, _MODES[writes])

    @cached_property
    def _delays(self) -> tuple[Histogram, ...]:
        """By the number of the class."""
        return tuple(self._delay.labels(CLASSES[cls]) for cls in Class)


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.labels, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.help, metric.labels, registry=registry, buckets=metric.buckets)
