from __future__ import annotations

from datetime import timedelta

import pytest

from setpoint.model.key import Key
from setpoint.model.outcome import Done, Outcome, Wait
from setpoint.model.plan import Intent
from setpoint.run.slots import Slots

A, B, C, D, E = (Key("default", "Box", name) for name in "abcde")
INTENT = Intent("create", {}, {}, 0.0, ("storage/x",))
WAITS = Wait("waits", timedelta(0), idle=True)


def two() -> tuple[Slots, list[Key]]:
    """Two places on every scope, and who was woken."""
    woken: list[Key] = []
    return Slots(lambda scope: 2, woken.append), woken


def test_whoever_finds_no_place_is_told_who_has_them_and_is_woken_in_turn() -> None:
    slots, woken = two()
    assert slots.enter(A, ("storage/x",)) is None
    assert slots.enter(B, ("storage/x", "node/a")) is None
    waits = slots.enter(C, ("storage/x",))
    slots.enter(D, ("storage/x",))
    assert waits is not None
    assert waits.sentence == "waits for a free place on storage/x (2 of 2 in use by Box/a, Box/b)"
    assert waits.idle
    slots.leave(A)
    assert woken == [C]
    slots.leave(B)
    assert woken == [C, D]
    assert slots.usage() == {"storage/x": 2}


def test_a_long_row_of_users_is_cut_short() -> None:
    slots = Slots(lambda scope: 4, lambda key: None)
    for key in (A, B, C, D):
        slots.enter(key, ("s",))
    waits = slots.enter(E, ("s",))
    assert waits is not None
    assert waits.sentence.endswith("(4 of 4 in use by Box/a, Box/b, Box/c and 1 more)")


def test_a_place_that_is_kept_for_another_says_so() -> None:
    slots = Slots(lambda scope: 1, lambda key: None)
    slots.enter(A, ("x",))
    slots.enter(B, ("x", "y"))
    waits = slots.enter(C, ("y",))
    assert waits is not None
    assert waits.sentence == "waits for a free place on y: the next one is for Box/b, which asked before"


@pytest.mark.parametrize(
    ("outcome", "intent", "kept"),
    [
        pytest.param(Wait("goes on", timedelta(0)), INTENT, True, id="a step goes on"),
        pytest.param(Done(), INTENT, True, id="an intent is open whatever the outcome"),
        pytest.param(Done(), None, False, id="ended"),
        pytest.param(Wait("looks again", timedelta(0)), None, False, id="waits for something else"),
        pytest.param(WAITS, None, True, id="got its place while it was being told to wait"),
    ],
)
def test_after_a_pass_only_a_step_under_way_and_whoever_waits_in_turn_keep_places(
    outcome: Outcome, intent: Intent | None, *, kept: bool
) -> None:
    slots, _ = two()
    slots.enter(A, INTENT.scopes)
    slots.settle(A, outcome, intent)
    assert slots.usage() == ({"storage/x": 1} if kept else {})
    assert slots.knows(A) is kept


def test_a_turn_that_is_not_used_goes_to_the_next() -> None:
    slots, woken = two()
    for key in (A, B, C, D):
        slots.enter(key, ("s",))
    slots.leave(A)
    slots.settle(C, Done(), None)
    assert woken == [C, D]
    assert slots.waiting() == ()


def test_steps_under_way_hold_their_places_beyond_the_limit() -> None:
    slots, woken = two()
    for key in (A, B, C):
        slots.resume(key, INTENT)
    slots.enter(D, INTENT.scopes)
    slots.leave(A)
    assert woken == []
    slots.leave(B)
    assert woken == [D]


def test_more_places_serve_those_who_wait() -> None:
    limit, woken = [1], list[Key]()
    slots = Slots(lambda scope: limit[0], woken.append)
    for key in (A, B, C):
        slots.enter(key, ("s",))
    limit[0] = 2
    slots.review()
    assert woken == [B]
