"""The reference says what the code says."""

from __future__ import annotations

import ast
import subprocess
import sys
from enum import Enum
from pathlib import Path

import pytest

from setpoint.cli.reference import reference_pages
from setpoint.cli.reference.logs import LINES
from setpoint.cli.reference.words import meanings
from setpoint.systems import installed_kinds
from tests.docs.console import ROOT

REFERENCE = ROOT / "docs/reference"
PAGES = reference_pages(installed_kinds())


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_what_the_code_says(path: str) -> None:
    assert (REFERENCE / path).read_text("utf-8") == PAGES[path], "run `make reference`"


def test_no_page_is_left_over() -> None:
    there = {page.relative_to(REFERENCE).as_posix() for page in REFERENCE.rglob("*.md")}
    assert there == PAGES.keys()


def test_the_command_writes_the_pages_and_takes_away_the_rest(tmp_path: Path) -> None:
    (tmp_path / "old.md").touch()
    command = (sys.executable, "-m", "setpoint.cli.reference", "--write", str(tmp_path))
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"wrote {len(PAGES)} pages into {tmp_path}\n"
    assert {page.relative_to(tmp_path).as_posix() for page in tmp_path.rglob("*.md")} == PAGES.keys()


def test_every_log_line_is_told() -> None:
    """A log line is a call of a level's name on a module's `_log`, or on one chosen from two of them."""
    found = {
        call.args[0].value
        for path in [*ROOT.glob("controller/**/*.py"), *ROOT.glob("reconcilers/**/*.py")]
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        if ast.unparse(call.func).startswith("_log.") or ast.unparse(call.func) == "log"
    }
    assert found == LINES.keys()


def test_a_member_without_words_is_refused() -> None:
    with pytest.raises(KeyError):
        meanings(Wordless)


class Wordless(Enum):
    TOLD = "told"
    """It is told."""
    UNTOLD = "untold"
