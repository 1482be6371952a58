from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.breaker import (
    ENOUGH,
    FIRST_WINDOW,
    IN_A_ROW,
    JITTER,
    LAST_WINDOW,
    SPAN,
    Breaker,
    Closed,
    Open,
    Verdict,
    failed,
    judge,
    probed,
    stale,
    succeeded,
)

CHANCE = st.floats(0, 1)
EVENTS = st.lists(
    st.tuples(
        st.floats(0, 400), st.sampled_from(["answered", "failed", "vanished"]), CHANCE
    ),
    max_size=60,
)  # fmt: skip


def after(outcomes: str, *, gap: float = 1.0, start: Breaker | None = None) -> Breaker:
    """The breaker after calls `gap` seconds apart: `+` was answered, `-` failed."""
    breaker = start or Closed()
    for number, outcome in enumerate(outcomes):
        if outcome == "+":
            breaker = succeeded(breaker, number * gap, probe=False)
        else:
            breaker = failed(breaker, number * gap, 0.0, "no answer", probe=False)
    return breaker


@pytest.mark.parametrize(
    ("outcomes", "gap", "opens"),
    [
        pytest.param("-" * (IN_A_ROW - 1), 1.0, False, id="one less than enough in a row"),
        pytest.param("-" * IN_A_ROW, 1.0, True, id="enough in a row"),
        pytest.param("-" * IN_A_ROW, 1000.0, True, id="enough in a row, far apart"),
        pytest.param("----+----+-", 1.0, True, id="more than half of enough calls"),
        pytest.param("+-" * (ENOUGH // 2), 1.0, True, id="half of enough calls"),
        pytest.param("+-" * (ENOUGH // 2 - 1), 1.0, False, id="half of too few"),
        pytest.param("++-" * ENOUGH, 1.0, False, id="a third"),
        pytest.param("+-" * ENOUGH, 10.0, False, id="half, over more than the span"),
    ],
)
def test_a_breaker_opens_after_failures_in_a_row_or_by_their_share(
    outcomes: str, gap: float, *, opens: bool
) -> None:
    assert isinstance(after(outcomes, gap=gap), Open) is opens


def test_what_lies_longer_back_than_the_span_counts_no_more() -> None:
    breaker = after("+-" * (ENOUGH // 2 - 1))
    later = SPAN + 30
    breaker = succeeded(breaker, later, probe=False)
    breaker = failed(breaker, later + 1, 0.0, "no answer", probe=False)
    assert isinstance(breaker, Closed)


def test_the_window_doubles_with_each_failed_probe_up_to_its_cap() -> None:
    breaker, windows = after("-" * IN_A_ROW), list[float]()
    for _ in range(6):
        assert isinstance(breaker, Open)
        windows.append(breaker.window)
        now = breaker.until
        breaker = failed(probed(breaker, now, 0.0), now, 0.0, "still", probe=True)
    assert windows == [30, 60, 120, 240, 300, 300]


def test_only_the_answer_to_a_probe_closes() -> None:
    breaker = after("-" * IN_A_ROW)
    assert succeeded(breaker, 10.0, probe=False) == breaker
    assert succeeded(breaker, 40.0, probe=True) == Closed()


def test_a_failure_of_a_call_from_before_makes_the_window_no_longer() -> None:
    breaker = after("-" * IN_A_ROW)
    assert failed(breaker, 10.0, 0.0, "late", probe=False) == breaker


def test_since_stays_while_probes_fail() -> None:
    breaker = after("-" * IN_A_ROW)
    assert isinstance(breaker, Open)
    again = failed(breaker, breaker.until, 0.0, "still", probe=True)
    assert isinstance(again, Open)
    assert (again.since, again.why) == (breaker.since, "still")


def test_a_breaker_that_nobody_probes_becomes_stale() -> None:
    breaker = after("-" * IN_A_ROW)
    assert isinstance(breaker, Open)
    assert not stale(breaker, breaker.until + LAST_WINDOW)
    assert stale(breaker, breaker.until + LAST_WINDOW + 1)
    assert not stale(Closed(), 1e9)


def test_a_closed_breaker_needs_no_probe() -> None:
    assert probed(Closed(), 0.0, 0.0) == Closed()


@given(EVENTS)
def test_an_open_breaker_lets_one_probe_through_per_window_whatever_becomes_of_it(
    events: list[tuple[float, str, float]],
) -> None:
    """Each event is a caller that comes some seconds after the one before."""
    breaker: Breaker = Closed()
    now, last = 0.0, None
    for wait, outcome, chance in events:
        now += wait
        verdict = judge(breaker, now)
        if isinstance(breaker, Closed):
            assert verdict is Verdict.GO
            last = None
        else:
            assert (verdict is Verdict.PROBE) is (now >= breaker.until)
        if verdict is Verdict.SHUT:
            continue
        probe = verdict is Verdict.PROBE
        if probe:
            assert last is None or now - last >= FIRST_WINDOW * (1 - JITTER)
            last = now
        breaker = _outcome(outcome, now, chance, probe=probe)(probed(breaker, now, chance))
        if isinstance(breaker, Open):
            assert now < breaker.until <= now + LAST_WINDOW


def _outcome(outcome: str, now: float, chance: float, *, probe: bool) -> Callable[[Breaker], Breaker]:
    if outcome == "answered":
        return partial(succeeded, now=now, probe=probe)
    if outcome == "failed":
        return partial(failed, now=now, chance=chance, why="no answer", probe=probe)
    return lambda breaker: breaker


@given(EVENTS, CHANCE)
def test_a_breaker_is_never_stuck(events: list[tuple[float, str, float]], chance: float) -> None:
    """Whatever came before: a longest window later somebody may probe, and an answer closes it."""
    breaker: Breaker = Closed()
    now = 0.0
    for wait, outcome, luck in events:
        now += wait
        probe = judge(breaker, now) is Verdict.PROBE
        breaker = _outcome(outcome, now, luck, probe=probe)(probed(breaker, now, luck) if probe else breaker)
    now += LAST_WINDOW
    assert judge(breaker, now) is not Verdict.SHUT
    assert isinstance(succeeded(probed(breaker, now, chance), now, probe=True), Closed)
