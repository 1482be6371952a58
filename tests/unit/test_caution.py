"""What the settings say of how carefully to go about."""

from __future__ import annotations

from pathlib import Path

import pytest

from setpoint.model.errors import SettingsError
from setpoint.model.key import Key
from setpoint.model.limit import Caution, Limit
from setpoint.settings import load_settings

LEAST = "estate: home\nsource: {directory: {path: .}}\n"


def told(folder: Path, text: str) -> Caution:
    (folder / "setpoint.yaml").write_text(LEAST + text, encoding="utf-8")
    return load_settings(folder / "setpoint.yaml", {}).caution(frozenset({"id"}))


def test_nothing_said_is_the_usual(tmp_path: Path) -> None:
    assert told(tmp_path, "") == Caution(machines=frozenset({"id"}))


def test_what_is_named_is_needed_and_each_kind_has_its_limit(tmp_path: Path) -> None:
    said = "self: [Box/one, site-a/Box/two]\nlimits: {Box: {number: 10}, Shelf: {percent: 50}}\n"
    assert told(tmp_path, said) == Caution(
        {"Box": Limit(number=10), "Shelf": Limit(percent=50)},
        frozenset({Key("default", "Box", "one"), Key("site-a", "Box", "two")}),
        frozenset({"id"}),
    )


@pytest.mark.parametrize(
    ("said", "mistake"),
    [
        ("self: [one]\n", "setpoint.yaml:3:8: self"),
        ("limits: {Box: {number: -1}}\n", "setpoint.yaml:3:16: limits.Box.number"),
        ("limits: {Box: {percent: 101}}\n", "setpoint.yaml:3:16: limits.Box.percent"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, said: str, mistake: str) -> None:
    with pytest.raises(SettingsError) as raised:
        told(tmp_path, said)
    assert mistake in str(raised.value)
