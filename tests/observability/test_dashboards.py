"""The dashboards are whole: nothing over another, every panel explained, every variable and datasource known, nothing stale."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pytest
import yaml

from deploy.grafana.build import FOLDER, dashboards, main, stale
from deploy.grafana.panel import COLUMNS, SOURCE
from tests.observability.expressions import ROOT, panels

BOARDS = dashboards()
BUILT_IN = {"__rate_interval", "__range", "__data", "1"}
UNITS = {"short", "none", "s", "ops", "reqps", "bytes", "percentunit"}
PROVISIONING = ROOT / "deploy/grafana/provisioning"


def named(value: object) -> str:
    return value if isinstance(value, str) else str(value["title"]) if isinstance(value, dict) else ""


def test_the_files_are_what_the_code_writes() -> None:
    assert stale() == []
    assert main(["--check"]) == 0
    assert {path.name for path in FOLDER.iterdir()} == set(BOARDS)


@pytest.mark.parametrize("name", BOARDS)
def test_ids_are_unique_and_no_panel_lies_over_another(name: str) -> None:
    laid = BOARDS[name]["panels"]
    assert [panel["id"] for panel in laid] == list(range(1, len(laid) + 1))
    taken: set[tuple[int, int]] = set()
    for panel in laid:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= COLUMNS
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells
    tops = [panel["gridPos"]["y"] for panel in laid if panel["type"] == "row"]
    assert all(above < below for above, below in pairwise(tops))


@pytest.mark.parametrize(("board", "panel"), list(panels()), ids=named)
def test_a_panel_is_explained_has_a_unit_and_asks_the_chosen_source(
    board: str, panel: dict[str, Any]
) -> None:
    assert panel["description"].endswith(".")
    assert panel["fieldConfig"]["defaults"]["unit"] in UNITS
    assert panel["datasource"] == SOURCE
    references = [target["refId"] for target in panel["targets"]]
    assert references
    assert len(set(references)) == len(references)
    assert all(target["datasource"] == SOURCE for target in panel["targets"])
    assert all(target["instant"] != target["range"] for target in panel["targets"])
    assert all((target["format"] == "table") == (panel["type"] == "table") for target in panel["targets"])


def test_titles_are_told_apart() -> None:
    for board in BOARDS.values():
        titles = [panel["title"] for panel in board["panels"]]
        assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", BOARDS)
def test_every_variable_that_is_used_is_defined_and_the_other_way_round(name: str) -> None:
    board = BOARDS[name]
    defined = [variable["name"] for variable in board["templating"]["list"]]
    assert defined[0] == "datasource"
    assert set(defined[1:]) == {"namespace", "kind", "target", "name"}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(board["panels"])))
    assert used - BUILT_IN == set(defined)


def test_dashboards_are_found_by_the_links_that_lead_to_them() -> None:
    ids = {board["uid"] for board in BOARDS.values()}
    linked = set(re.findall(r"/d/([\w-]+)", json.dumps(list(BOARDS.values()))))
    assert linked == {"setpoint-resource"}
    assert linked <= ids
    link = next(text for text in re.findall(r'"url": "([^"]+)"', json.dumps(BOARDS["overview.json"])))
    variables = {variable["name"] for variable in BOARDS["resource.json"]["templating"]["list"]}
    assert set(re.findall(r"var-(\w+)=", link)) <= variables


def test_a_table_of_drift_names_the_command_that_shows_both_values() -> None:
    table = next(panel for _, panel in panels() if panel["title"] == "What has drifted, and since when")
    assert '"setpoint drift $1"' in table["targets"][0]["expr"]
    shown = table["transformations"][1]["options"]["renameByName"]
    assert shown == {
        **{label: label for label in ("namespace", "kind", "name", "target", "look")},
        "Value": "for",
    }


def test_grafana_finds_them_by_file() -> None:
    source = yaml.safe_load((PROVISIONING / "datasources/setpoint.yml").read_text("utf-8"))
    assert [one["type"] for one in source["datasources"]] == ["prometheus"]
    provider = yaml.safe_load((PROVISIONING / "dashboards/setpoint.yml").read_text("utf-8"))["providers"][0]
    assert (provider["type"], provider["allowUiUpdates"]) == ("file", False)
