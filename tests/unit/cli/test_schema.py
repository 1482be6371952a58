"""`setpoint schema`: printed, written, and held against what is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Say


def test_it_is_printed_for_editors_or_for_one_kind(say: Say, toys: None) -> None:
    assert "Thing" in json.loads(say("schema").out)["definitions"]
    assert json.loads(say("schema", "--kind", "Thing").out)["title"] == "Thing"
    said = say("schema", "--kind", "Thign")
    assert (said.code, said.err) == (1, "setpoint: there is no kind 'Thign'; did you mean Thing?\n")


def test_what_is_written_holds_against_a_check_until_it_is_changed(
    say: Say, toys: None, tmp_path: Path
) -> None:
    folder = tmp_path / "schemas"
    assert say("schema", "--write", folder).out.startswith("wrote ")
    assert say("schema", "--check", folder).code == 0
    (folder / "setpoint.dev" / "thing_v1.json").write_text("{}")
    (folder / "setpoint.dev" / "box_v1.json").unlink()
    (folder / "setpoint.dev" / "old_v1.json").write_text("{}")
    said = say("schema", "--check", folder)
    assert said.code == 1
    assert said.lines == [
        f"{folder}/setpoint.dev/box_v1.json: missing",
        f"{folder}/setpoint.dev/old_v1.json: left over",
        f"{folder}/setpoint.dev/thing_v1.json: stale",
    ]
    assert f"setpoint schema --write {folder}" in said.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("--kind", "Thing", "--write", "."),
        ("--kind", "Thing", "--check", "."),
        ("--write", ".", "--check", "."),
    ],
    ids=["kind and write", "kind and check", "write and check"],
)
def test_options_that_do_not_go_together_are_refused(
    say: Say, toys: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    said = say("schema", *arguments)
    assert (said.code, said.out) == (1, "")
    assert "--kind, --write and --check exclude each other" in said.err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_folder_that_cannot_be_written_is_one_sentence(say: Say, toys: None, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = say("schema", "--write", str(tmp_path / "file" / "schemas"))
    assert (said.code, said.out) == (1, "")
    assert "cannot be written: Not a directory; name another folder with --write" in said.err
