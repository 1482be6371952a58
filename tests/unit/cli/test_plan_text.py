"""What a step comes to beyond what is compared: the first of it in a text, all of it as JSON."""

from __future__ import annotations

import pytest

from setpoint.cli.plan_text import row_lines
from setpoint.model.diff import MISSING, Change
from setpoint.surface.views import View, change_view


def row(details: list[Change]) -> View:
    told = [change_view(change) for change in details]
    step = {"summary": "go", "disruption": "none", "changes": [], "details": told, "holds": []}
    return {
        "key": "Box/b", "verdict": "change", "retained": False, "departed": False, "origin": "x.yaml:1:1",
        "underWay": None, "steps": [step], "changes": [], "holds": [], "sentence": "",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (Change("/packages/vim", "9.1", "9.0", note="+4.0 MiB"), "packages.vim: 9.0 → 9.1  (+4.0 MiB)"),
        (Change("/packages/vim", "9.1", MISSING), "packages.vim: (nothing) → 9.1"),
        (Change("/packages/vim", MISSING, "9.0"), "packages.vim: 9.0 → (nothing)"),
    ],
    ids=["changed", "new", "gone"],
)
def test_each_detail_is_one_line(change: Change, line: str) -> None:
    assert [each.strip() for each in row_lines(row([change]))][3:] == [line]


@pytest.mark.parametrize(
    ("number", "last"), [(30, "packages.p29: 1 → 2"), (31, "and 1 more; -o json tells all")]
)
def test_no_more_than_some_dozens_are_shown(number: int, last: str) -> None:
    lines = list(row_lines(row([Change(f"/packages/p{each}", "2", "1") for each in range(number)])))
    assert lines[-1].strip() == last
    assert len(lines) == 3 + number
