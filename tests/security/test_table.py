"""The page that tells what was tried names tests that exist, and every test of security is on it."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from tests.docs.console import ROOT

PAGE = ROOT / "docs/explanation/security.md"
ROW = re.compile(r"^\| (?P<tried>[^|]+) \| (?P<happened>[^|]+) \| `(?P<path>tests/[\w/]+\.py)::(?P<test>\w+)` \|$", re.MULTILINE)  # fmt: skip
ROWS = list(ROW.finditer(PAGE.read_text("utf-8")))
SUPPORT = {
    "test_the_longer_form_goes_first", "test_every_way_to_write_a_secret_is_known", "test_who_is_who_it_should_be_is_asked",
    "test_without_settings_the_group_operates_and_the_daemons_user_is_admin",
}  # fmt: skip
"""What shows that the others can fail, or that what is allowed works."""


@cache
def functions_in(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, functions))


def test_there_are_rows() -> None:
    assert len(ROWS) >= 45
    assert len(ROWS) == PAGE.read_text("utf-8").count("| `tests/"), "a row has another form"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["tried"][:60])
def test_a_row_names_a_test_that_exists(row: re.Match[str]) -> None:
    assert row["test"] in functions_in(row["path"])


def test_every_test_of_security_has_a_row() -> None:
    told = {row["test"] for row in ROWS}
    here = {
        test
        for path in (ROOT / "tests/security").glob("test_*.py")
        if path.name != "test_table.py"
        for test in functions_in(path.relative_to(ROOT).as_posix())
        if test.startswith("test_")
    }
    assert here - told - SUPPORT == set()
