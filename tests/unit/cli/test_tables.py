"""How people are shown things: nothing is cut, a terminal gets its long texts wrapped."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from setpoint.cli import tables
from setpoint.model.diff import SECRET

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard output as a terminal of 40 columns, without colours."""
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("NO_COLOR", "1")


def test_a_pipe_gets_whole_lines() -> None:
    lines = tables.table(("KEY", "WHAT"), [("a", "word " * 50), ("longer", "x")])
    assert lines == ["KEY     WHAT", "a       " + ("word " * 50).rstrip(), "longer  x"]


def test_a_terminal_gets_the_last_column_wrapped(terminal: None) -> None:
    assert tables.table(("KEY", "WHAT"), [("Box/a", "one two three four five six seven eight nine")]) == [
        "KEY    WHAT",
        "Box/a  one two three four five six seven",
        "       eight nine",
    ]


def test_one_endless_cell_does_not_widen_its_column_for_all() -> None:
    lines = tables.table(("A", "B"), [("x" * 80, "1"), ("y", "2")])
    assert lines == ["A  B", "x" * 80 + "  1", "y  2"]


def test_colours_are_for_terminals_only(terminal: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tables.paint("x", "red") == "x"
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "xterm")
    assert tables.paint("x", "red") == "\x1b[31mx\x1b[0m"
    monkeypatch.setattr(sys.stdout, "isatty", lambda: False, raising=False)
    assert tables.paint("x", "red") == "x"


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("2GiB", "2GiB"),
        ("", '""'),
        (" x", '" x"'),
        ("a\nb", '"a\\nb"'),
        (None, "null"),
        (True, "true"),
        (["a", 1], '["a", 1]'),
        ("größe", "größe"),
    ],
)
def test_a_value_is_shown_plainly_where_that_is_clear(raw: Any, shown: str) -> None:
    assert tables.value(raw) == shown


DIFFERENCES: list[tuple[dict[str, Any], str, str]] = [
    ({}, "1", "2"),
    ({"accepted": True}, "1 (until its restart)", "2"),
    ({"observed": 2, "later": True}, "2 (after its restart)", "2"),
    ({"observed": None, "missing": True}, "(nothing)", "2"),
    ({"observed": {"a": 1}, "desired": None, "removed": True}, "a 1", "(nothing)"),
    ({"observed": SECRET, "desired": SECRET}, "(another secret)", SECRET),
    ({"observed": None, "missing": True, "desired": SECRET}, "(nothing)", SECRET),
]


@pytest.mark.parametrize(("change", "seen", "wanted"), DIFFERENCES)
def test_both_sides_of_a_difference_are_told(change: dict[str, Any], seen: str, wanted: str) -> None:
    plain = {
        "desired": 2,
        "observed": 1,
        "missing": False,
        "removed": False,
        "accepted": False,
        "later": False,
    }
    assert (tables.seen(plain | change), tables.wanted(plain | change)) == (seen, wanted)


@pytest.mark.parametrize(
    ("pointer", "shown"),
    [
        ("", "(whole)"),
        ("/memory", "memory"),
        ("/disks/scsi0/size", "disks.scsi0.size"),
        ("/l/a~1b~0c", "l.a/b~c"),
    ],
)
def test_a_field_is_shown_as_people_write_it(pointer: str, shown: str) -> None:
    assert tables.field(pointer) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, "-"),
        ("2026-01-31T12:00:00Z", "0s"),
        ("2026-01-31T11:59:01Z", "59s"),
        ("2026-01-31T11:58:59Z", "1m"),
        ("2026-01-31T09:30:00Z", "2h"),
        ("2026-01-28T11:59:59Z", "3d"),
        ("2026-01-31T12:00:05Z", "0s"),
    ],
)
def test_an_age_is_told_in_its_largest_unit(text: str | None, shown: str) -> None:
    assert tables.age(text, NOW) == shown


def test_the_width_of_the_terminal_is_the_real_one(terminal: None) -> None:
    assert tables.terminal_width() == int(os.environ["COLUMNS"])


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (["cores", "memory"], "cores, memory"),
        ({"net0": "AA:BB", "net1": "CC:DD"}, "net0 AA:BB, net1 CC:DD"),
        ({"net0": ["192.0.2.1/24", "2001:db8::1/64"]}, "net0 192.0.2.1/24 and 2001:db8::1/64"),
        ([{"name": "before", "memory": True}, {"name": "after"}], "name before, memory true; name after"),
        ({"unused0": {"size": 1}}, 'unused0 {"size": 1}'),
        ([], "[]"),
        (" x", '" x"'),
    ],
    ids=["list", "mapping", "lists in a mapping", "mappings in a list", "deeper", "empty", "unclear text"],
)
def test_a_value_of_any_depth_is_words(raw: object, text: str) -> None:
    assert tables.plain(raw) == text


def test_of_a_part_that_is_removed_only_what_is_set_is_shown() -> None:
    disk = {"storage": "tank", "size": "4GiB", "ssd": False, "aio": None, "limits": {"iops": None, "mbps": 5}}
    change = {"observed": disk, "desired": None, "missing": False, "accepted": False, "later": False}
    assert tables.seen(change) == "storage tank, size 4GiB, limits.mbps 5"
