"""What the settings say of inventories is judged by the systems that provide them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from setpoint.inventories import examinations, judge_inventories, open_inventories
from setpoint.model.errors import SettingsError
from setpoint.model.examine import Check, Verdict
from setpoint.model.kind import System
from setpoint.settings import Settings, load_settings
from tests.ledger import EXAMINED, Ledger, LedgerSettings, ledger
from tests.toy import KINDS, SYSTEM

HEAD = "estate: home\nsource: {directory: {path: estate}}\ninventories:\n"
BENCH = System("bench", (), inventory=ledger("bench"), lends={"bench": lambda: "", "toy": lambda: "blue: 2"})


def load(folder: Path, text: str) -> Settings:
    file = folder / "setpoint.yaml"
    file.write_text(HEAD + text)
    return load_settings(file, {})


def test_each_is_judged_and_its_paths_begin_at_the_file(tmp_path: Path) -> None:
    settings = load(tmp_path, "  toy: {folder: books/1, poll: 2.5}\n  bench:\n")
    first, second = judge_inventories(settings, (SYSTEM, BENCH))
    assert (first.name, first.settings) == ("bench", LedgerSettings(folder=tmp_path / "ledger"))
    assert (second.name, second.settings) == (
        "toy", LedgerSettings(folder=tmp_path / "books" / "1", poll=2.5)
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("  tay: {}\n", ":4:3: inventories.tay: no installed system has an inventory 'tay'; did you mean toy?"),
        ("  toy: {foldr: x}\n", ":4:9: inventories.toy.foldr: there is no field 'foldr'; did you mean folder?"),
        ("  toy: {poll: 0}\n", ":4:9: inventories.toy.poll:"),
        ("  toy: {token: hunter2}\n", ":4:9: inventories.toy.token: a secret is never written in a declaration"),
        ("  toy: [a]\n", ":4:3: inventories.toy: this is a mapping of names to values; write {} to leave everything"),
    ],
    ids=["unknown", "typo", "value", "secret", "list"],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(
    tmp_path: Path, text: str, expected: str
) -> None:
    settings = load(tmp_path, text)
    with pytest.raises(SettingsError) as caught:
        judge_inventories(settings, (SYSTEM, System("dull", ())))
    assert str(caught.value).startswith(f"{tmp_path / 'setpoint.yaml'}{expected}")


def test_where_no_system_has_an_inventory_one_is_to_be_installed(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="install the system that provides it"):
        judge_inventories(load(tmp_path, "  toy: {}\n"), (System("dull", ()),))


def test_it_gets_what_others_lend_it_and_how_secrets_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setpoint.inventories.installed_systems", lambda: (BENCH, SYSTEM))
    monkeypatch.setenv("WORD", "sesame")
    settings = load(tmp_path, "  toy: {token: {env: WORD}}\n")
    (one,) = open_inventories(settings, KINDS, lambda token: token == "4711")
    assert isinstance(one, Ledger)
    opening = one.opening
    assert (opening.estate, opening.kinds, opening.lent) == (
        "home",
        KINDS,
        {"bench": "blue: 2", "toy": "red: 1"},
    )
    assert one.settings.token is not None
    assert opening.secret(one.settings.token).reveal() == "sesame"
    assert (opening.approved("4711"), opening.approved("4712")) == (True, False)


def test_an_estate_without_inventories_asks_no_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("setpoint.inventories.installed_systems", None)
    assert open_inventories(load(tmp_path, "  {}\n"), KINDS, lambda _: False) == ()


def test_those_that_know_checks_are_examined_with_their_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet = System("bench", (), inventory=replace(ledger("bench"), examine=None))
    monkeypatch.setattr("setpoint.inventories.installed_systems", lambda: (quiet, SYSTEM))
    monkeypatch.setitem(EXAMINED, tmp_path / "books", lambda _: [Check("door", Verdict.OK, "it is open")])
    made = examinations(load(tmp_path, "  bench:\n  toy: {folder: books}\n"), KINDS)
    assert {name: [check.name for check in examine()] for name, examine in made.items()} == {"toy": ["door"]}
