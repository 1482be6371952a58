"""Verbs that work without a daemon know what inventories declare: read now, or as it was read last."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.served import SETTINGS, box
from tests.toy import WORLDS
from tests.unit.cli.conftest import Say
from tests.unit.cli.test_plan import Estate

DATE = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
MADE = "1 resource to change in 1 step, 2 in sync."


class Booked(Estate):
    """An estate with a ledger beside its folder."""

    def __init__(self, root: Path, say: Say) -> None:
        super().__init__(root, say)
        self.ledger = root / "ledger"
        self.ledger.mkdir()
        self.settings(f"{SETTINGS}metrics: {{listen: none}}\ninventories: {{toy: {{}}}}\n")

    def page(self, name: str, text: str) -> None:
        (self.ledger / f"{name}.yaml").write_text(text)

    def rows(self, *arguments: str) -> dict[str, str]:
        return {row["key"]: row["verdict"] for row in self.told("plan", *arguments)["resources"]}

    def notes(self, *arguments: str) -> list[str]:
        return [DATE.sub("DATE", note) for note in self.told("plan", *arguments)["notes"]]

    def away(self) -> None:
        self.ledger.rename(self.root / "away")


@pytest.fixture
def estate(
    tmp_path: Path, say: Say, toy_installed: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Booked]:
    monkeypatch.setenv("SETPOINT_CONFIG", str(tmp_path / "setpoint.yaml"))
    yield Booked(tmp_path, say)
    WORLDS.clear()


def test_a_plan_asks_inventories_now_and_apply_makes_what_they_declare(estate: Booked) -> None:
    estate.page("x", box("x", "colour: red"))
    assert estate.rows() == {"Shelf/s": "inSync", "Box/x": "change"}
    assert estate.notes() == []
    assert estate.say("apply").code == 0
    assert [thing.fields["colour"] for thing in estate.world.things.values()] == ["red"]
    estate.page("x", box("x", "colour: blue"))
    assert estate.say("apply").code == 0
    assert [thing.fields["colour"] for thing in estate.world.things.values()] == ["blue"]
    assert (estate.root / "said").read_text().splitlines().count("serving") == 0


def test_a_plan_without_inventories_takes_what_was_read_last_and_says_so(estate: Booked) -> None:
    estate.page("x", box("x", "colour: red"))
    estate.say("apply")
    estate.page("x", box("x", "colour: blue"))
    assert estate.rows() == {"Shelf/s": "inSync", "Box/x": "change"}
    assert estate.rows("--no-inventory") == {"Shelf/s": "inSync", "Box/x": "inSync"}
    assert estate.notes("--no-inventory") == ["toy was not asked; what was read at DATE counts"]


def test_an_inventory_that_is_away_stands_as_it_was_read_last_in_a_plan(estate: Booked) -> None:
    estate.page("x", box("x", "colour: red"))
    estate.say("apply")
    estate.away()
    assert estate.rows() == {"Shelf/s": "inSync", "Box/x": "inSync"}
    assert estate.notes() == [
        f"toy cannot be read now, so what was read at DATE counts: there is no ledger at {estate.ledger}; put it there"
    ]


def test_a_plan_without_memory_needs_the_inventory_or_says_what_is_missing(estate: Booked) -> None:
    estate.away()
    said = estate.say("plan")
    assert said.code == 1
    assert "the inventory toy was never read, so nothing new comes into force: there is no ledger" in said.err
    assert estate.notes("--no-inventory") == ["toy was never read here, so nothing that it declares counts"]


def test_a_review_shows_only_what_the_folder_changes_and_nothing_of_inventories(
    estate: Booked, tmp_path: Path
) -> None:
    estate.page("x", box("x", "colour: red"))
    names = ("-c", "user.name=anna", "-c", "user.email=anna@example.org", "-c", "commit.gpgsign=false")
    for words in (("init", "-q", "-b", "main"), ("add", "estate"), ("commit", "-q", "-m", "first")):
        subprocess.run(("git", *names, *words), cwd=tmp_path, check=True)
    estate.write(a=box("a", "colour: red"))
    assert estate.rows("--source", str(estate.folder), "--against", "main") == {"Box/a": "change"}


def validated(estate: Booked, say: Say) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(say("validate", estate.folder, "-o", "json").out)
    return {**told, "inventories": [DATE.sub("DATE", one) for one in told["inventories"]]}


def test_validate_lays_what_was_read_last_below_the_manifests_and_says_so(estate: Booked, say: Say) -> None:
    estate.page("x", box("x", "colour: red"))
    told = validated(estate, say)
    assert told["inventories"] == ["toy was never read here, so nothing that it declares counts"]
    assert told["valid"] == ["Shelf/s"]
    estate.say("apply")
    estate.away()
    estate.write(x=box("x", "colour: blue"))
    told = validated(estate, say)
    assert told["inventories"] == ["toy was not asked; what was read at DATE counts"]
    assert told["valid"] == ["Shelf/s", "Box/x"]
    (conflict,) = told["conflicts"]
    assert (conflict["key"], conflict["path"], conflict["value"], conflict["sheetValue"]) == (
        "Box/x", "/colour", "blue", "red"
    )  # fmt: skip
    said = say("validate", estate.folder)
    assert said.code == 0
    assert said.lines[0] == "1 field that an inventory gives otherwise than a manifest:"
    assert said.lines[-2].startswith("Note: toy was not asked")


def test_validate_needs_no_settings_and_passes_over_broken_ones_that_nobody_named(
    estate: Booked, say: Say, tmp_path: Path
) -> None:
    (tmp_path / "setpoint.yaml").write_text("estate: [")
    assert say("validate", estate.folder).code == 0
    assert say("validate", estate.folder, "--config", tmp_path / "setpoint.yaml").code == 1


def test_a_document_about_an_inventory_is_no_declaration(estate: Booked, say: Say) -> None:
    estate.write(toy="inventory: toy\nmaps: {red: 1}\n")
    assert estate.told("plan")["problems"] == []
    assert say("validate", estate.folder).code == 0


def test_a_plan_tells_conflicts_and_a_review_too(estate: Booked) -> None:
    estate.page("x", box("x", "colour: red"))
    estate.write(x=box("x", "colour: blue"))
    (conflict,) = estate.told("plan")["conflicts"]
    assert f"  {conflict['text']}" in estate.say("plan").lines
    assert f"- :warning: {conflict['text']}" in estate.say("plan", "-o", "markdown").lines


def checks(estate: Booked, name: str) -> list[tuple[str, str]]:
    told = estate.told("doctor")["checks"]
    return [(one["verdict"], one["sentence"]) for one in told if one["name"] == name]


def test_doctor_reads_each_and_says_what_it_gives(estate: Booked) -> None:
    estate.page("x", box("x", "colour: red"))
    assert checks(estate, "toy") == [("ok", "it can be read and gives 1 declaration")]
    assert checks(estate, "declarations")[-1] == ("ok", "2 resources valid")
    estate.say("apply")
    estate.away()
    assert checks(estate, "toy") == [("wrong", f"there is no ledger at {estate.ledger}; put it there")]
    assert checks(estate, "declarations")[-1] == ("ok", "2 resources valid")


def test_doctor_tells_a_mistake_in_what_the_settings_say_of_one(estate: Booked) -> None:
    estate.settings(f"{SETTINGS}metrics: {{listen: none}}\ninventories: {{tay: {{}}}}\n")
    ((verdict, sentence),) = checks(estate, "inventories")
    assert verdict == "wrong"
    assert "inventories.tay: no installed system has an inventory 'tay'; did you mean toy?" in sentence
