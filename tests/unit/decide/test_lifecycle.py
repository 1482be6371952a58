"""When what is made anew by schedule is due: by the calendar, at its moments only, and never at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from setpoint.decide import lifecycle as decide
from setpoint.decide.lifecycle import GOES_ON, LATE, due, next_rebuild, see
from setpoint.model.lifecycle import Age, Lifecycle

BERLIN = "Europe/Berlin"
HOUR, DAY = 3600.0, 86400.0
ZONES = st.sampled_from(["UTC", BERLIN, "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe"])
DAYS = st.sampled_from(["sun", "mon,thu", "mon..fri", "mon..sun"])
TIMES = st.sampled_from(["00:00", "01:30", "02:00", "02:30", "03:00", "04:00", "23:59"])
MOMENTS = st.floats(1_700_000_000, 1_900_000_000)


def lifecycle(every: str, at: str) -> Lifecycle:
    return Lifecycle.model_validate({"rebuildEvery": every, "at": at})


LIFECYCLES = st.builds(
    lambda days, every, at, zone: lifecycle(f"{every}d", f"{days} {at} {zone}"),
    DAYS, st.integers(1, 40), TIMES, ZONES,
)  # fmt: skip


def at(text: str, zone: str = BERLIN) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp()


def told(moment: float | None, zone: str = BERLIN) -> str | None:
    return None if moment is None else f"{datetime.fromtimestamp(moment, ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("every", "when", "since", "now", "wanted"),
    [
        pytest.param("14d", "Sun 04:00", "2026-11-02 12:00", "2026-11-03 12:00", "Sun 2026-11-22 04:00", id="the first Sunday after two weeks"),
        pytest.param("14d", "Sun 04:00", "2026-11-01 04:00", "2026-11-03 12:00", "Sun 2026-11-15 04:00", id="the same hour two weeks later"),
        pytest.param("14d", "Sun 04:00", "2026-11-01 04:01", "2026-11-03 12:00", "Sun 2026-11-22 04:00", id="a minute too young"),
        pytest.param("14d", "Sun 04:00", "2026-01-01 12:00", "2026-11-03 12:00", "Sun 2026-11-08 04:00", id="long overdue, the next of its moments"),
        pytest.param("14d", "Sun 04:00", "2026-01-01 12:00", "2026-11-08 04:59", "Sun 2026-11-08 04:00", id="within the hour it is still this one"),
        pytest.param("14d", "Sun 04:00", "2026-01-01 12:00", "2026-11-08 05:00", "Sun 2026-11-15 04:00", id="after the hour it was missed"),
        pytest.param("1d", "04:00", "2026-11-01 04:00", "2026-11-01 04:30", "Mon 2026-11-02 04:00", id="every day"),
        pytest.param("36h", "04:00", "2026-11-01 04:00", "2026-11-01 04:30", "Tue 2026-11-03 04:00", id="a day and a half is two mornings"),
        pytest.param("2d", "mon,thu 04:00", "2026-11-02 04:00", "2026-11-02 05:00", "Thu 2026-11-05 04:00", id="some days"),
        pytest.param("14d", "Sun 04:00", "2026-03-22 04:00", "2026-03-23 12:00", "Sun 2026-04-05 04:00", id="when an hour was skipped"),
        pytest.param("14d", "Sun 04:00", "2026-10-18 04:00", "2026-10-19 12:00", "Sun 2026-11-01 04:00", id="when an hour came twice"),
        pytest.param("7d", "Sun 02:30", "2026-03-22 02:30", "2026-03-23 12:00", "Sun 2026-03-29 01:30", id="in the hour that is skipped"),
        pytest.param("7d", "Sun 02:30", "2026-03-29 01:30", "2026-03-30 12:00", "Sun 2026-04-05 02:30", id="after the hour that was skipped"),
        pytest.param("7d", "Sun 02:30", "2026-10-18 02:30", "2026-10-19 12:00", "Sun 2026-10-25 02:30", id="in the hour that comes twice"),
        pytest.param("3650d", "Sun 04:00", "2026-11-01 04:00", "2026-11-02 12:00", "Sun 2036-11-02 04:00", id="in ten years"),
    ],
)  # fmt: skip
def test_it_is_made_anew_at_its_next_moment_once_it_is_old_enough(
    every: str, when: str, since: str, now: str, wanted: str
) -> None:
    found = next_rebuild(lifecycle(every, f"{when} {BERLIN}"), Age(at(since)), at(now))
    assert told(found) == wanted


def test_what_was_never_seen_is_not_old() -> None:
    weekly = lifecycle("7d", "Sun 04:00")
    assert next_rebuild(weekly, Age(), at("2026-11-08 04:00", "UTC")) is None
    assert due(weekly, Age(), at("2026-11-08 04:00", "UTC"), stopped=True) is None


@given(LIFECYCLES, MOMENTS, st.floats(0, 100 * DAY))
def test_it_is_never_due_before_its_age_and_only_in_the_hour_after_a_moment(
    which: Lifecycle, since: float, later: float
) -> None:
    now = since + later
    moment = due(which, Age(since), now, stopped=False)
    if moment is not None:
        assert moment <= now < moment + LATE
        assert moment - since >= which.rebuild_every.total_seconds() - 2 * HOUR
        near = [which.at.wall(moment).date() + timedelta(days=day) for day in (-1, 0, 1)]
        assert moment in {which.at.on(day) for day in near if day.weekday() in which.at.days}


@given(LIFECYCLES, MOMENTS, st.floats(0, 100 * DAY))
def test_its_moments_come_within_its_age_and_a_week_and_no_two_in_one_period(
    which: Lifecycle, since: float, later: float
) -> None:
    age, now = Age(since), since + later
    first = next_rebuild(which, age, now)
    assert first is not None
    assert first > now - LATE
    assert first - max(now, since + which.rebuild_every.total_seconds()) <= 8 * DAY + 2 * HOUR
    again = next_rebuild(which, Age(first), max(now, first))
    assert again is not None
    assert again - first >= which.rebuild_every.total_seconds() - 2 * HOUR


@given(LIFECYCLES, MOMENTS)
def test_whole_weeks_after_a_rebuild_the_next_one_is_on_that_very_day(which: Lifecycle, since: float) -> None:
    assume(len(which.at.days) == 1)
    first = next_rebuild(which, Age(since), since)
    assert first is not None
    weeks = -(-which.rebuild_every // timedelta(days=7))
    again = next_rebuild(which, Age(first), first)
    assert again is not None
    assert (which.at.wall(again).date() - which.at.wall(first).date()).days == 7 * weeks


@given(LIFECYCLES, MOMENTS, st.floats(0, 3 * DAY))
def test_what_was_stopped_for_it_goes_on_for_a_day_unless_somebody_started_it_again(
    which: Lifecycle, since: float, later: float
) -> None:
    moment = next_rebuild(which, Age(since), since)
    assert moment is not None
    age, now = decide.begin(Age(since), moment, last=False), moment + later
    afresh = due(which, Age(since), now, stopped=False)
    assert due(which, age, now, stopped=False) == afresh
    goes_on = moment if now < moment + GOES_ON else None
    assert due(which, age, now, stopped=True) == (goes_on if afresh is None else afresh)


def test_the_life_of_an_age() -> None:
    seen = see(Age(), 100.0)
    stopping = decide.begin(seen, 1000.0, last=False)
    destroying = decide.begin(stopping, 1000.0, last=True)
    making = decide.make(destroying)
    assert [seen, stopping, destroying] == [Age(100), Age(100, 1000), Age(100, 1000, 1000)]
    assert (decide.is_made(destroying), decide.is_made(making), making.since) == (False, True, 1000.0)
    assert decide.take_back(destroying) == replace(destroying, wiped=0.0)
    assert decide.take_back(making) == making
    assert see(making, 1200.0) == Age(1000)
    assert see(destroying, 1200.0) == Age(100), "it was there after all"
    assert decide.make(seen) == Age(), "what is made after a loss is as old as it looks"
    assert see(Age(5000.0), 1000.0) == Age(1000), "a clock that was set back"
