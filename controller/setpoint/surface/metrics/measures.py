"""The metrics that kinds bring along: their names, and for how long a number that was seen is shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from setpoint.model.errors import SetpointError
from setpoint.model.kind import Kind
from setpoint.model.measure import Measure, slot
from setpoint.surface.metrics.names import METRICS, RESOURCE, Metric, Type

LOOKS: Final = 3
"""Intervals of a resource after which a number is old: it was not seen again, although it was to be looked at."""
SHORTEST: Final = 600.0
"""Seconds for which a number is shown at least."""
_HUMP: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def metrics_of(kinds: Mapping[str, Kind[Any, Any]]) -> dict[str, dict[str, Metric]]:
    """The metrics of each kind that has any, by the slot of their measure.

    Raises:
        SetpointError: two have the same name, or one that is the engine's.
    """
    found: dict[str, dict[str, Metric]] = {}
    owners = {metric.name: "of Setpoint" for metric in METRICS}
    for name, kind in sorted(kinds.items()):
        for measure in kind.measures:
            metric = _metric(name, measure)
            if metric.name in owners:
                raise SetpointError(
                    f"the metric {metric.name} of the kind {name} is one {owners[metric.name]}, too",
                    remedy=f"give the measure '{measure.name}' of the kind {name} another name",
                )
            owners[metric.name] = f"of the kind {name}"
            found.setdefault(name, {})[slot(measure.name, measure.unit)] = metric
    return found


def lasts(interval: timedelta) -> float:
    """Seconds for which a number is shown after it was seen."""
    return max(LOOKS * interval.total_seconds(), SHORTEST)


def _metric(kind: str, measure: Measure[Any]) -> Metric:
    words = _HUMP.sub("_", kind).lower()
    name = f"setpoint_{words}_{slot(measure.name, measure.unit)}"
    return Metric(name, Type.GAUGE, (*RESOURCE, *measure.labels), measure.help)
