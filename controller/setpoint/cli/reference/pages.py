"""Which pages the reference has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from setpoint.cli.reference.commands import commands_page
from setpoint.cli.reference.fields import field_table
from setpoint.cli.reference.kinds import kind_links, kind_page, manifest_page
from setpoint.cli.reference.logs import events_page
from setpoint.cli.reference.markdown import code, fenced, page, section, table
from setpoint.cli.reference.selectors import selectors_page
from setpoint.cli.reference.verdicts import exit_codes_page, holds_page, outcomes_page
from setpoint.desired.draft7 import TEMPLATE, tidy
from setpoint.desired.lessons import Book
from setpoint.model.inventory import InventoryType
from setpoint.model.kind import Kind
from setpoint.settings import Settings
from setpoint.settings_place import PLACES, VARIABLE
from setpoint.surface.metrics.measures import metrics_of
from setpoint.surface.metrics.names import METRICS, RESOURCE, Metric
from setpoint.systems import installed_systems

_EXAMPLE = """\
estate: home
source:
  git: {url: "https://forge.example.org/estate.git", branch: main, poll: 1m}
state: /var/lib/setpoint
log: {format: json}
"""


def reference_pages(kinds: Mapping[str, Kind[Any, Any]]) -> dict[str, str]:
    """Every page by its path within the reference."""
    return {
        "README.md": _list(kinds),
        "manifest.md": manifest_page(),
        **{f"kinds/{name}.md": kind_page(kinds[name]) for name in sorted(kinds)},
        "settings.md": _settings(),
        "commands.md": commands_page(),
        "selectors.md": selectors_page(),
        "outcomes.md": outcomes_page(),
        "holds.md": holds_page(),
        "exit-codes.md": exit_codes_page(),
        "metrics.md": _metrics(kinds),
        "events.md": events_page(),
    }


def _list(kinds: Mapping[str, Kind[Any, Any]]) -> str:
    rows = (
        *kind_links(kinds),
        ("[Manifests](manifest.md)", "`metadata`, `policy` and `defaults.yaml`, the same for all kinds."),
        ("[Settings](settings.md)", "What the daemon itself is told."),
        ("[The command line](commands.md)", "Every verb and option."),
        ("[Selectors](selectors.md)", "How resources are named on the command line."),
        ("[Outcomes and conditions](outcomes.md)", "How a reconcile ends, and what follows."),
        ("[Hold rules](holds.md)", "What stops a step, and how that ends."),
        ("[Exit codes](exit-codes.md)", "What the shell sees."),
        ("[Metrics](metrics.md)", "What `/metrics` serves."),
        ("[Events](events.md)", "The names of log lines, and of what the history tells."),
    )
    return page(
        "Reference",
        "For whoever looks something up: every name, default and unit.",
        table(("page", "what"), rows),
    )


def _settings() -> str:
    schema = tidy(Settings.model_json_schema(by_alias=True, ref_template=TEMPLATE))
    places = " or ".join(code(str(place)) for place in PLACES)
    return page(
        "Settings",
        f"For whoever runs the daemon. One YAML file: what `--config` names, else `${VARIABLE}`, else {places}. Relative "
        "paths begin at its folder.",
        section("Example", fenced("yaml settings", _EXAMPLE)),
        section("Fields", field_table(Book(schema))),
        *(_inventory(one.name, one.inventory) for one in installed_systems() if one.inventory is not None),
    )


def _inventory(name: str, kind: InventoryType) -> list[str]:
    schema = tidy(kind.settings.model_json_schema(by_alias=True, ref_template=TEMPLATE))
    return section(f"inventories.{name}", [str(schema["description"])], field_table(Book(schema)))


def _metrics(kinds: Mapping[str, Kind[Any, Any]]) -> str:
    return page(
        "Metrics",
        "For whoever writes a rule or a dashboard. Served as `/metrics` at the address of `metrics.listen` in the "
        "[settings](settings.md); those of the process (`process_*`, `python_*`) stand beside them.",
        table(("metric", "type", "labels", "meaning"), map(_metric, METRICS)),
        *(_of_kind(kind, metrics.values()) for kind, metrics in metrics_of(kinds).items()),
    )


def _of_kind(kind: str, metrics: Iterable[Metric]) -> list[str]:
    """What a kind measures, with its own labels."""
    rows = ((code(one.name), ", ".join(map(code, one.labels[len(RESOURCE) :])), one.help) for one in metrics)
    labels = ", ".join(map(code, RESOURCE))
    told = (
        f"What is seen of every {code(kind)}: gauges with {labels} and labels of their own. What is not seen again within "
        "three of its `policy.interval`, at least ten minutes, is shown no more."
    )
    return section(
        kind,
        [told],
        table(("metric", "own labels", "meaning"), rows),
    )


def _metric(metric: Metric) -> tuple[str, ...]:
    return code(metric.name), str(metric.type), ", ".join(map(code, metric.labels)), metric.help
