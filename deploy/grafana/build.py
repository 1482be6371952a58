"""Writes the dashboards that Grafana provisions by file; with `--check` it only says whether they are up to date."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from deploy.grafana import overview, resource
from deploy.grafana.panel import SOURCE, Json, Row, lay

FOLDER: Final = Path(__file__).parent / "dashboards"
_SERIES: Final = "setpoint_resource_condition"
_SCHEMA: Final = 39
"""The version of Grafana's dashboard schema that this is written for: Grafana 10.4 and later read it."""
_HIDDEN: Final = 2


def dashboards() -> Mapping[str, Json]:
    """Every dashboard by the name of its file."""
    many = [
        _variable("namespace"),
        _variable("kind", 'namespace=~"$namespace"'),
        _variable("target", 'namespace=~"$namespace",kind=~"$kind"'),
        _variable("name", 'namespace=~"$namespace",kind=~"$kind",target=~"$target"'),
    ]
    one = [
        _variable("namespace", many=False),
        _variable("kind", 'namespace="$namespace"', many=False),
        _variable("name", 'namespace="$namespace",kind="$kind"', many=False),
        {
            **_variable("target", 'namespace="$namespace",kind="$kind",name="$name"', many=False),
            "hide": _HIDDEN,
        },
    ]
    return {
        "overview.json": _dashboard("setpoint-overview", "Setpoint", many, overview.ROWS),
        "resource.json": _dashboard("setpoint-resource", "Setpoint resource", one, resource.ROWS),
    }


def _dashboard(uid: str, title: str, variables: Sequence[Json], rows: Sequence[Row]) -> Json:
    return {
        "uid": uid,
        "title": title,
        "tags": ["setpoint"],
        "schemaVersion": _SCHEMA,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "links": [
            {
                "type": "dashboards",
                "title": "Setpoint",
                "tags": ["setpoint"],
                "asDropdown": False,
                "keepTime": True,
            }
        ],
        "templating": {"list": [_DATASOURCE, *variables]},
        "annotations": {"list": []},
        "panels": lay(rows),
    }


_DATASOURCE: Final[Json] = {
    "name": "datasource",
    "label": "Prometheus",
    "type": "datasource",
    "query": "prometheus",
}


def _variable(label: str, matchers: str = "", *, many: bool = True) -> Json:
    """A choice among the values of a label, of those series that the choices before leave."""
    query = (
        f"label_values({_SERIES}{{{matchers}}}, {label})" if matchers else f"label_values({_SERIES}, {label})"
    )
    variable: Json = {
        "name": label,
        "label": label,
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": query, "refId": label},
        "definition": query,
        "refresh": 2,
        "sort": 1,
        "multi": many,
        "includeAll": many,
    }
    if many:
        variable |= {"allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}}
    return variable


def render(dashboard: Json) -> str:
    """The text of the file."""
    return json.dumps(dashboard, indent=2, ensure_ascii=False) + "\n"


def stale() -> list[str]:
    """The files that are not what this module would write."""
    return [
        name
        for name, dashboard in dashboards().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text("utf-8") != render(dashboard)
    ]


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with `--check` name those that are stale; the exit code."""
    if arguments == ["--check"]:
        for name in stale():
            print(f"{name} is stale: run python -m deploy.grafana.build", file=sys.stderr)  # noqa: T201
        return bool(stale())
    FOLDER.mkdir(exist_ok=True)
    for name, dashboard in dashboards().items():
        (FOLDER / name).write_text(render(dashboard), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
