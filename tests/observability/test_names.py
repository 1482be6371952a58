"""Every metric that is named anywhere exists, and every metric that exists is documented and looked at."""

from __future__ import annotations

import re
from pathlib import Path

import promql_parser
import pytest

from setpoint.surface.metrics.measures import metrics_of
from setpoint.surface.metrics.names import METRICS, Type
from setpoint.systems import installed_kinds
from setpoint_netbox.report.settings import FieldNames
from tests.observability.expressions import ALL, ROOT, Expression, metrics, of_dashboards, of_rules, rules

NAMES = {metric.name for metric in METRICS}
MEASURED = [metric for metrics in metrics_of(installed_kinds()).values() for metric in metrics.values()]
LABELS = {metric.name: set(metric.labels) for metric in (*METRICS, *MEASURED)}
PACKAGES = {path.name for path in ROOT.glob("*/setpoint_*")}
READ = {
    name
    for path in ROOT.glob("reconcilers/*/inventory/*.yaml")
    for name in re.findall(r"\bcustom_fields\.(setpoint_\w+)", path.read_text("utf-8"))
}
FIELDS = READ | set(FieldNames().named().values())
"""Custom fields of NetBox, which are called like that, too."""
RECORDED = {rule["record"] for rule in rules() if "record" in rule}
TEXTS = sorted(
    path
    for pattern in ("docs/**/*.md", "deploy/**/*.yml", "deploy/**/*.json", "README.md", "lab/**/*.md")
    for path in ROOT.glob(pattern)
)
SCRAPER = {"instance", "job"}
"""Labels that Prometheus adds."""
_SELECTOR = re.compile(r"\b(setpoint_\w+)\{([^}]*)\}")


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", TEXTS, ids=named)
def test_every_metric_that_a_text_names_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    assert metrics(text) - LABELS.keys() - PACKAGES - FIELDS == set()
    assert set(re.findall(r"\bsetpoint:[a-z_]+:\w+", text)) <= RECORDED


def test_there_are_texts_that_name_metrics() -> None:
    assert sum(bool(metrics(path.read_text("utf-8"))) for path in TEXTS) >= 5


@pytest.mark.parametrize("one", [*of_rules(), *of_dashboards()], ids=lambda one: one.place)
def test_an_expression_picks_labels_that_the_metric_has(one: Expression) -> None:
    text = one.put(ALL)
    promql_parser.parse(text)
    for name, matchers in _SELECTOR.findall(text):
        (metric,) = metrics(name)
        assert set(re.findall(r"(\w+)(?:=~|!~|!=|=)", matchers)) <= LABELS[metric] | SCRAPER


def test_every_metric_is_in_the_reference() -> None:
    page = (ROOT / "docs/reference/metrics.md").read_text("utf-8")
    assert metrics(page) == LABELS.keys()


def test_every_metric_is_on_a_dashboard_or_in_a_rule() -> None:
    used = {name for one in (*of_rules(), *of_dashboards()) for name in metrics(one.text)}
    assert NAMES - used == set()


def test_a_histogram_is_never_read_as_a_gauge_and_a_counter_is_never_read_bare() -> None:
    kinds = {metric.name: metric.type for metric in (*METRICS, *MEASURED)}
    for one in (*of_rules(), *of_dashboards()):
        for name in re.findall(r"\bsetpoint_[a-z_]+[a-z]\b", one.text):
            (metric,) = metrics(name)
            assert name.endswith("_bucket") == (kinds[metric] is Type.HISTOGRAM), one.place
            counted = re.search(rf"(rate|increase)\({name}\b", one.text)
            assert (kinds[metric] is Type.GAUGE) == (counted is None), one.place
