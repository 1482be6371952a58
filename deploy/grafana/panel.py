"""What a panel is, and Grafana's JSON for it. What stands on which dashboard: `overview` and `resource`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

Json = dict[str, Any]
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
COLUMNS: Final = 24
"""The width of Grafana's grid."""
_GREEN, _YELLOW, _RED, _GREY = "green", "yellow", "red", "text"


class View(StrEnum):
    """How a panel shows its queries."""

    STAT = "stat"
    GRAPH = "timeseries"
    TABLE = "table"
    STATES = "state-timeline"


@dataclass(frozen=True)
class Query:
    """A PromQL expression, and how its series are called in the legend."""

    expr: str
    legend: str = ""


@dataclass(frozen=True)
class Scale:
    """How a value becomes words and colours.

    Attributes:
        words: value -> (text, colour).
        steps: (from this value on, colour), ascending; the first has no bound below.
    """

    words: Mapping[int, tuple[str, str]]
    steps: Sequence[tuple[float | None, str]]


PLAIN: Final = Scale({}, ((None, _GREY),))
NONE_IS_GOOD: Final = Scale({}, ((None, _GREEN), (1, _YELLOW)))
NONE_MUST_BE: Final = Scale({}, ((None, _GREEN), (1, _RED)))
ALL_IS_GOOD: Final = Scale({}, ((None, _RED), (0.9, _YELLOW), (1, _GREEN)))
TRUTH: Final = Scale({1: ("true", _GREEN), 0: ("false", _RED), -1: ("unknown", _YELLOW)}, ((None, _GREY),))
UP: Final = Scale({1: ("up", _GREEN), 0: ("down", _RED)}, ((None, _GREY),))
OPEN: Final = Scale({0: ("calls pass", _GREEN), 1: ("calls stopped", _RED)}, ((None, _GREY),))


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes:
        description: what it shows and what to do about it, for the tooltip.
        unit: as Grafana calls it, e.g. `s`, `percentunit`, `ops`.
        width: in columns of the grid, of which there are 24.
        height: in rows of the grid.
        stacked: whether the series of a graph add up.
        columns: of a table, label or `Value` -> heading, in order; all else is hidden. The parts of a key keep their
            names, for links are made of them.
    """

    title: str
    description: str
    view: View
    unit: str
    queries: tuple[Query, ...]
    width: int = 8
    height: int = 7
    scale: Scale = PLAIN
    stacked: bool = False
    columns: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Row:
    """A heading and the panels below it, laid from left to right."""

    title: str
    panels: tuple[Panel, ...]


def lay(rows: Sequence[Row]) -> list[Json]:
    """The panels of all rows with ids and places, none over another."""
    laid: list[Json] = []
    top = 0
    for row in rows:
        laid.append(_heading(row.title, len(laid) + 1, top))
        top += 1
        left = deepest = 0
        for panel in row.panels:
            if left + panel.width > COLUMNS:
                top, left, deepest = top + deepest, 0, 0
            place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
            laid.append({"id": len(laid) + 1, "gridPos": place, **_panel(panel)})
            left, deepest = left + panel.width, max(deepest, panel.height)
        top += deepest
    return laid


def _heading(title: str, number: int, top: int) -> Json:
    place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
    return {
        "id": number,
        "gridPos": place,
        "type": "row",
        "title": title,
        "collapsed": False,
        "panels": [],
    }


def _panel(panel: Panel) -> Json:
    return {
        "type": panel.view.value,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "targets": [_target(panel, query, index) for index, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": _overrides(panel)},
        "options": _options(panel),
        "transformations": _transformations(panel),
    }


def _target(panel: Panel, query: Query, index: int) -> Json:
    now = panel.view in (View.STAT, View.TABLE)
    return {
        "refId": chr(ord("A") + index),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": now,
        "range": not now,
        "format": "table" if panel.view is View.TABLE else "time_series",
    }


def _defaults(panel: Panel) -> Json:
    defaults: Json = {
        "unit": panel.unit,
        "mappings": [
            {
                "type": "value",
                "options": {
                    str(value): {"text": text, "color": colour, "index": index}
                    for index, (value, (text, colour)) in enumerate(panel.scale.words.items())
                },
            }
        ]
        if panel.scale.words
        else [],
        "thresholds": {
            "mode": "absolute",
            "steps": [{"value": bound, "color": colour} for bound, colour in panel.scale.steps],
        },
    }
    if panel.view is View.GRAPH:
        defaults["min"] = 0
        stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
        fill = 30 if panel.stacked else 5
        defaults["custom"] = {
            "lineWidth": 1,
            "fillOpacity": fill,
            "showPoints": "never",
            "stacking": stacking,
        }
    return defaults


def _options(panel: Panel) -> Json:
    match panel.view:
        case View.STAT:
            reduce = {"calcs": ["lastNotNull"], "fields": "", "values": False}
            by_name = any(query.legend.startswith("{{") for query in panel.queries)
            text = "value_and_name" if by_name else "value"
            return {"reduceOptions": reduce, "textMode": text, "colorMode": "value", "graphMode": "none"}
        case View.GRAPH:
            legend = {"displayMode": "list", "placement": "bottom", "showLegend": True}
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}
        case View.TABLE:
            return {"showHeader": True, "cellHeight": "sm", "sortBy": [{"displayName": "for", "desc": True}]}
        case View.STATES:
            legend = {"displayMode": "list", "placement": "bottom", "showLegend": False}
            return {"mergeValues": True, "showValue": "auto", "rowHeight": 0.8, "legend": legend}


def _transformations(panel: Panel) -> list[Json]:
    """Only the named columns of a table, in their order."""
    if panel.columns is None:
        return []
    keep = {"include": {"names": list(panel.columns)}}
    order = {name: index for index, name in enumerate(panel.columns)}
    return [
        {"id": "filterFieldsByName", "options": keep},
        {
            "id": "organize",
            "options": {"excludeByName": {}, "indexByName": order, "renameByName": dict(panel.columns)},
        },
    ]


def _overrides(panel: Panel) -> list[Json]:
    """A resource's name leads to its own dashboard."""
    if "name" not in (panel.columns or {}):
        return []
    variables = "&".join(f"var-{label}=${{__data.fields.{label}}}" for label in ("namespace", "kind", "name"))
    link = {"title": "its own dashboard", "url": f"/d/setpoint-resource?{variables}"}
    return [
        {
            "matcher": {"id": "byName", "options": "name"},
            "properties": [{"id": "links", "value": [link]}],
        }
    ]
