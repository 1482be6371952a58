from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide import backoff, schedule
from setpoint.model.key import Key

CHANCE = st.floats(0, 1)
INTERVAL = st.integers(10, 10**6).map(lambda s: timedelta(seconds=s))


@given(st.integers(0, 10_000), CHANCE)
def test_backoff_never_exceeds_its_cap_and_never_spins(attempts: int, chance: float) -> None:
    assert backoff.BASE * 0.1 <= backoff.delay(attempts, chance) <= backoff.CAP


def test_backoff_doubles_from_two_seconds() -> None:
    assert [backoff.delay(n, 1.0).total_seconds() for n in (1, 2, 3, 9, 10, 11)] == [2, 4, 8, 512, 900, 900]


def test_what_is_awaited_is_asked_for_soon_and_then_ever_more_seldom() -> None:
    waits = [backoff.while_awaited(times).total_seconds() for times in (0, 1, 2, 6, 7, 8, 10_000)]
    assert waits == [5, 10, 20, 320, 600, 600, 600]


@given(INTERVAL, CHANCE)
def test_polls_stay_within_ten_percent(interval: timedelta, chance: float) -> None:
    assert abs(schedule.next_look(interval, chance) - interval) <= interval * 0.101


@given(st.text(min_size=1), INTERVAL)
def test_the_first_poll_is_fixed_by_the_key_and_within_the_interval(name: str, interval: timedelta) -> None:
    key = Key("default", "Box", name)
    assert timedelta(0) <= schedule.first_look(key, interval) <= interval
    assert schedule.first_look(key, interval) == schedule.first_look(key, interval)


def test_first_polls_are_spread() -> None:
    hour = timedelta(hours=1)
    looks = sorted(schedule.first_look(Key("default", "Box", f"b{n}"), hour) for n in range(200))
    assert max(later - sooner for sooner, later in pairwise(looks)) < timedelta(minutes=5)
