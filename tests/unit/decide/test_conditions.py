from __future__ import annotations

from datetime import timedelta

import pytest

from setpoint.decide.conditions import conditions
from setpoint.model.condition import Condition, ConditionType, Truth
from setpoint.model.hold import Hold, Rule
from setpoint.model.kind import Problem
from setpoint.model.outcome import Blocked, Changed, Done, Failed, Held, Outcome, Stalled, Wait

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
HELD = Held((Hold(Rule.REBOOT_PENDING, "cores waits", "restart it"),))
DENT = Problem("Dented", "it is dented")


def derive(
    outcome: Outcome, *problems: Problem, before: tuple[Condition, ...] = (), now: float = 1.0
) -> dict[str, Condition]:
    derived = conditions(outcome, problems, before, generation="abc", now=now)
    return {str(condition.type): condition for condition in derived}


@pytest.mark.parametrize(
    ("outcome", "ready", "synced", "progressing", "stalled", "held"),
    [
        pytest.param(Done(), T, T, F, F, F, id="done"),
        pytest.param(Changed("x"), F, F, T, F, F, id="changed"),
        pytest.param(Wait("x", timedelta(1)), F, F, T, F, F, id="wait"),
        pytest.param(Blocked("x", None), U, U, F, F, F, id="blocked"),
        pytest.param(HELD, F, F, F, F, T, id="held"),
        pytest.param(Failed("x"), U, U, F, F, F, id="failed"),
        pytest.param(Stalled("x"), F, F, F, T, F, id="stalled"),
    ],
)
def test_each_outcome_has_its_conditions(
    outcome: Outcome, ready: Truth, synced: Truth, progressing: Truth, stalled: Truth, held: Truth
) -> None:
    found = derive(outcome)
    assert [found[name].status for name in ("Ready", "Synced", "Progressing", "Stalled", "Held")] == [
        ready, synced, progressing, stalled, held,
    ]  # fmt: skip


def test_every_condition_is_set_on_the_first_visit() -> None:
    assert set(derive(Failed("x"))) == {str(kind) for kind in ConditionType}


def test_a_problem_makes_it_unready_although_in_sync() -> None:
    found = derive(Done(), DENT)
    assert found["Synced"].status is T
    assert (found["Healthy"].status, found["Healthy"].reason) == (F, "Dented")
    assert (found["Ready"].status, found["Ready"].message) == (F, "it is dented")


def test_since_moves_only_when_the_status_flips() -> None:
    first = derive(Failed("a"), now=1.0)
    second = derive(Failed("b"), before=tuple(first.values()), now=2.0)
    assert second["Ready"].since == 1.0
    assert second["Ready"].message == "b"
    third = derive(Done(), before=tuple(second.values()), now=3.0)
    assert third["Ready"].since == 3.0


def test_an_unreachable_target_says_so() -> None:
    assert derive(Failed("x", transport=True))["Synced"].reason == "TargetUnreachable"


@pytest.mark.parametrize("outcome", [Failed("x"), Blocked("x", None)], ids=["failed", "blocked"])
def test_what_is_known_to_be_wrong_counts_before_what_is_not_known(outcome: Outcome) -> None:
    assert derive(outcome)["Ready"].status is U
    found = derive(outcome, DENT)
    assert (found["Ready"].status, found["Ready"].reason) == (F, "Dented")


def test_what_is_not_as_declared_is_told_before_what_else_is_wrong() -> None:
    assert derive(HELD, DENT)["Ready"].reason == Rule.REBOOT_PENDING
