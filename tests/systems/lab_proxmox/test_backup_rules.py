"""Calendar events and retention, which decide without any emulator."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint_lab.proxmox.backup.calendar import CalendarError, parse_event
from setpoint_lab.proxmox.backup.retention import Backup, mark_backups

SATURDAY = "2026-11-21 03:07:30"
DAY = 86_400


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("daily", "2026-11-22 00:00:00"),
        ("hourly", "2026-11-21 04:00:00"),
        ("minutely", "2026-11-21 03:08:00"),
        ("weekly", "2026-11-23 00:00:00"),
        ("monthly", "2026-12-01 00:00:00"),
        ("yearly", "2027-01-01 00:00:00"),
        ("quarterly", "2027-01-01 00:00:00"),
        ("*/15", "2026-11-21 03:15:00"),
        ("7", "2026-11-21 04:07:00"),
        ("sat 03:00", "2026-11-28 03:00:00"),
        ("sun 04:00", "2026-11-22 04:00:00"),
        ("mon,tue 02:00", "2026-11-23 02:00:00"),
        ("mon..fri 22:30", "2026-11-23 22:30:00"),
        ("fri..sun 03:07:31", "2026-11-21 03:07:31"),
        ("fri..sun 03:07:30", "2026-11-22 03:07:30"),
        ("8..18/5:0,30", "2026-11-21 08:00:00"),
        ("*-12-24 18:00", "2026-12-24 18:00:00"),
        ("2028-02-29", "2028-02-29 00:00:00"),
        ("*-*-1..7 *:00", "2026-12-01 00:00:00"),
    ],
)
def test_the_next_event_is_the_first_one_after_now(event: str, expected: str) -> None:
    assert parse_event(event).next_after(seconds(SATURDAY)) == seconds(expected)


def test_an_event_on_a_day_that_never_comes_has_no_next_one() -> None:
    assert parse_event("*-02-30").next_after(seconds(SATURDAY)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage",
        "nonsense schedule",
        "25:00",
        "*/0",
        "mon 1:2:3:4",
        "xyz 02:00",
        "9..3",
        "1-2-3-4",
        "a b c d",
    ],
)
def test_what_names_no_time_is_no_event(text: str) -> None:
    with pytest.raises(CalendarError):
        parse_event(text)


def backups(*days: float) -> list[Backup]:
    """Backups so many days ago."""
    now = seconds("2026-11-21 23:00:00")
    return [Backup(f"{day}", int(now - day * DAY)) for day in days]


def kept(marks: dict[str, str]) -> set[str]:
    return {name for name, mark in marks.items() if mark == "keep"}


@pytest.mark.parametrize(
    ("keep", "expected"),
    [
        ({}, {"0", "0.1", "1", "2", "9", "40"}),
        ({"keep-all": 1, "keep-last": 1}, {"0", "0.1", "1", "2", "9", "40"}),
        ({"keep-last": 2}, {"0", "0.1"}),
        ({"keep-daily": 2}, {"0", "1"}),
        ({"keep-last": 1, "keep-daily": 2}, {"0", "1", "2"}),
        ({"keep-weekly": 2}, {"0", "9"}),
        ({"keep-monthly": 9}, {"0", "40"}),
        ({"keep-yearly": 1}, {"0"}),
        ({"keep-last": 0, "keep-hourly": 2}, {"0", "0.1"}),
    ],
)
def test_the_newest_of_each_period_is_kept(keep: dict[str, int], expected: set[str]) -> None:
    assert kept(mark_backups(backups(0, 0.1, 1, 2, 9, 40), keep)) == expected


def test_protected_and_renamed_backups_stand_beside_the_count() -> None:
    given_ = [*backups(2, 3), Backup("guarded", 1, protected=True), Backup("other", 2, named=False)]
    assert mark_backups(given_, {"keep-last": 1}) == {
        "2": "keep",
        "3": "remove",
        "guarded": "protected",
        "other": "renamed",
    }


counts = st.fixed_dictionaries(
    {},
    optional={
        f"keep-{name}": st.integers(0, 5)
        for name in ("last", "hourly", "daily", "weekly", "monthly", "yearly")
    },
)
ages = st.lists(st.integers(0, 12_000).map(lambda hours: hours / 24), max_size=12, unique=True)


@given(days=ages, keep=counts)
def test_every_backup_is_judged_and_the_newest_is_never_removed(
    days: list[float], keep: dict[str, int]
) -> None:
    marks = mark_backups(backups(*days), keep)
    assert marks.keys() == {f"{day}" for day in days}
    if days:
        assert marks[f"{min(days)}"] == "keep"


@given(days=ages, count=st.integers(1, 5))
def test_keeping_more_of_the_last_removes_none_of_those_kept_before(days: list[float], count: int) -> None:
    fewer, more = (kept(mark_backups(backups(*days), {"keep-last": count + extra})) for extra in (0, 1))
    assert fewer <= more
    assert len(fewer) == min(count, len(days))
