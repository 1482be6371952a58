"""Every PromQL expression that is shipped, with where it stands, and the names of metrics in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.grafana.build import dashboards

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/setpoint.rules.yml"
_METRIC = re.compile(r"\bsetpoint_[a-z_]+[a-z]\b")
_HISTOGRAM = re.compile(r"_(bucket|count|sum)$")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Expression:
    """One expression.

    Attributes:
        place: the dashboard or rule group, and the panel or rule.
    """

    place: str
    text: str

    def put(self, values: Mapping[str, str]) -> str:
        """With Grafana's variables replaced; one without a value is a mistake."""
        return _VARIABLE.sub(
            lambda found: found[0] if found[2] == "1" else values[found[1] or found[2]], self.text
        )


ALL = {
    "namespace": ".*",
    "kind": ".*",
    "name": ".*",
    "target": ".*",
    "__rate_interval": "30s",
    "__range": "1h",
}
"""What Grafana puts for `All`, and for its own variables."""


def rules() -> list[dict[str, Any]]:
    groups: list[dict[str, Any]] = yaml.safe_load(RULES.read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every panel that asks something, with the name of its dashboard's file."""
    for name, dashboard in dashboards().items():
        yield from ((name, panel) for panel in dashboard["panels"] if panel["type"] != "row")


def of_dashboards() -> list[Expression]:
    return [
        Expression(f"{name} {panel['title']} {target['refId']}", target["expr"])
        for name, panel in panels()
        for target in panel["targets"]
    ]


def of_rules() -> list[Expression]:
    return [Expression(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules()]


def metrics(text: str) -> set[str]:
    """The metrics named in a text, by the names of the table: a histogram's series are its own."""
    return {_HISTOGRAM.sub("", name) for name in _METRIC.findall(text)}
