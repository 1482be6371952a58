"""Reads a page of metrics as Prometheus does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import Metric
from prometheus_client.parser import text_string_to_metric_families


def families(text: str) -> dict[str, Metric]:
    """By name; the parser leaves `_total` out of a counter's."""
    return {family.name: family for family in text_string_to_metric_families(text)}


def series(text: str, name: str) -> Iterator[tuple[dict[str, str], float]]:
    """The samples of that name, with their labels."""
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name == name:
                yield dict(sample.labels), sample.value


def value(text: str, metric: str, /, **labels: str) -> float | None:
    """Of the one series with these labels, whatever others it has; None when there is none."""
    found = [value for have, value in series(text, metric) if _within(labels, have)]
    assert len(found) < 2, f"{len(found)} series of {metric} with {labels}"
    return found[0] if found else None


def _within(wanted: Mapping[str, str], have: Mapping[str, str]) -> bool:
    return all(have.get(name) == value for name, value in wanted.items())
