"""What Setpoint needs for itself is changed like anything else, and never restarted, nor worse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.holds import judge
from setpoint.decide.holds.itself import itself
from setpoint.model.hold import Releaser, Rule
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Policy
from tests.unit.decide.test_holds import LOOKED

NEEDED = replace(LOOKED, needed="is the machine that Setpoint runs on")


@pytest.mark.parametrize(
    ("disruption", "held"),
    [
        (Disruption.NONE, False),
        (Disruption.HOT, False),
        (Disruption.STOP, True),
        (Disruption.RESTART, True),
        (Disruption.RECREATE, True),
        (Disruption.DESTROY, True),
    ],
)
def test_what_setpoint_needs_is_not_restarted_nor_worse(disruption: Disruption, *, held: bool) -> None:
    assert (itself(NEEDED, Step("x", "x", (), disruption)) is not None) is held


def test_the_hold_says_why_and_leaves_it_to_people() -> None:
    hold = itself(NEEDED, Step("x", "x", (), Disruption.RESTART))
    assert hold is not None
    assert hold.why == "Box/one is the machine that Setpoint runs on, and is never disturbed unattended"
    assert (hold.rule, hold.token, hold.passing, hold.releaser) == (Rule.SELF, "", False, Releaser.HAND)


@given(needed=st.sampled_from(["", "is named"]), disruption=st.sampled_from(Disruption))
def test_nothing_else_is_held_and_no_policy_nor_approval_lets_it_go(
    needed: str, disruption: Disruption
) -> None:
    policy = Policy.model_validate({"reboot": "whenNeeded"})
    looked = replace(LOOKED, needed=needed, policy=policy, approved=lambda token: True)
    (planned,) = judge(looked, (Step("x", "x", (), disruption),))
    held = bool(needed) and disruption >= Disruption.STOP
    assert [hold.rule for hold in planned.holds] == ([Rule.SELF] if held else [])
