"""When an inventory may be told what; the rules without a clock."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.standing import Happening, Stand, Standing, Weight
from setpoint.run.told import AGAIN, CALM, OUTAGE, Told

PASSING = (Stand.PENDING, Stand.CHANGING, Stand.BLOCKED, Stand.FAILED)


def standing(phase: Stand = Stand.IN_SYNC, path: str = "a", **more: Any) -> Standing:
    return Standing(None, path, phase, "so it is", "h", {}, {}, **more)


def waits(told: Told, one: Standing, now: float) -> float:
    """Seconds until it may be told; infinity where there is nothing to tell."""
    return told.waits({one.path: one}, now).get(one.path, math.inf)


@pytest.mark.parametrize("phase", Stand)
def test_what_passes_is_told_when_it_went_on_for_a_while_and_the_rest_at_once(phase: Stand) -> None:
    told = Told()
    assert (waits(told, standing(phase), 0.0) > 0) == (phase in PASSING)
    assert waits(told, standing(phase), OUTAGE) <= 0
    assert (waits(told, standing(phase), 2 * CALM) > 0) == (phase is Stand.BLOCKED)


def test_one_passing_phase_after_the_other_goes_on() -> None:
    told = Told()
    waits(told, standing(Stand.PENDING), 0.0)
    assert waits(told, standing(Stand.CHANGING), CALM - 1) == 1


def test_what_came_to_rest_in_between_begins_anew() -> None:
    told = Told()
    waits(told, standing(Stand.CHANGING), 0.0)
    waits(told, standing(Stand.HELD), 1.0)
    assert waits(told, standing(Stand.CHANGING), CALM) == CALM


def test_what_is_refused_waits_ever_longer_and_not_for_ever() -> None:
    told, now, pauses = Told(), 0.0, []
    for _ in range(20):
        told.refuse({"a"}, now, 1.0)
        pauses.append(waits(told, standing(), now))
        now += pauses[-1]
    assert pauses[:4] == [2.0, 4.0, 8.0, 16.0]
    assert max(pauses) == 900.0
    told.note([standing()], now)
    assert waits(told, standing(Stand.HELD), now) <= 0


def test_where_something_happened_comes_first() -> None:
    happened = (Happening(1.0, "Stalled", "no", Weight.BAD, "Stalled"),)
    standings = {name: standing(path=name) for name in "abd"} | {"c": standing(path="c", happened=happened)}
    assert list(Told().waits(standings, 0.0)) == ["c", "a", "b", "d"]


def test_what_was_told_long_ago_is_told_again_the_oldest_first() -> None:
    told, both = Told(), {name: standing(path=name) for name in "ab"}
    told.note([both["b"]], 0.0)
    told.note([both["a"]], 1.0)
    assert told.old(both, AGAIN) == ["b"]
    assert told.old(both, AGAIN + 1) == ["b", "a"]
    assert told.old({}, AGAIN + 1) == []
    told.note([both["b"]], AGAIN)
    assert told.old(both, AGAIN + 1) == ["a"]


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(Stand), st.booleans()), max_size=30))
def test_whatever_is_refused_the_last_is_told_in_the_end_and_nothing_twice(
    steps: list[tuple[str, Stand, bool]],
) -> None:
    told, current, now = Told(), dict[str, Standing](), 0.0
    taken: dict[str, list[Standing]] = {"a": [], "b": []}
    for path, phase, refused in [*steps, *[("", Stand.IN_SYNC, False)] * 2]:
        if path:
            current[path] = standing(phase, path)
        now += OUTAGE if path else 1000.0
        for due, wait in told.waits(current, now).items():
            if wait > 0:
                continue
            if refused:
                told.refuse({due}, now, 0.5)
            else:
                told.note([current[due]], now)
                taken[due].append(current[due])
    for path, one in current.items():
        assert taken[path][-1] == one
        assert all(before != after for before, after in zip(taken[path], taken[path][1:], strict=False))
