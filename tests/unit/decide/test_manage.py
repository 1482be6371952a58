"""`policy.manage`: how much of an object's life is Setpoint's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.holds import Looked, exists, judge
from setpoint.decide.holds.manage import manage
from setpoint.model.hold import Hold, Releaser, Rule
from setpoint.model.observation import Absent
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Manage, Policy
from tests.unit.decide.test_holds import LOOKED, OURS, PRESENT

THERE, GONE = LOOKED, replace(LOOKED, observation=Absent("proof"))


def under(mode: Manage) -> Policy:
    return Policy.model_validate({"manage": mode.value})


@pytest.mark.parametrize(
    ("mode", "creates", "free"),
    [
        pytest.param(Manage.FULL, True, list(Disruption), id="full"),
        pytest.param(
            Manage.NO_DELETE, True, [one for one in Disruption if one <= Disruption.RESTART], id="no delete"
        ),
        pytest.param(
            Manage.UPDATE_ONLY,
            False,
            [one for one in Disruption if one <= Disruption.RESTART],
            id="update only",
        ),
        pytest.param(Manage.OBSERVE, False, [], id="observe"),
    ],
)
def test_each_mode_lets_its_steps_go(mode: Manage, free: list[Disruption], *, creates: bool) -> None:
    def freed(at: Looked, disruption: Disruption) -> bool:
        return manage(replace(at, policy=under(mode)), Step("x", "x", (), disruption)) is None

    assert [disruption for disruption in Disruption if freed(THERE, disruption)] == free
    assert freed(GONE, Disruption.NONE) is creates


@given(
    mode=st.sampled_from(Manage),
    disruption=st.sampled_from(Disruption),
    there=st.booleans(),
)
def test_no_mode_lets_a_step_go_that_a_wider_one_holds(
    mode: Manage, disruption: Disruption, *, there: bool
) -> None:
    wider = {
        Manage.OBSERVE: Manage.UPDATE_ONLY,
        Manage.UPDATE_ONLY: Manage.NO_DELETE,
        Manage.NO_DELETE: Manage.FULL,
        Manage.FULL: Manage.FULL,
    }
    step = Step("x", "x", (), disruption)
    at = THERE if there else GONE
    if manage(replace(at, policy=under(mode)), step) is None:
        assert manage(replace(at, policy=under(wider[mode])), step) is None


def test_the_hold_says_the_mode_and_that_a_commit_ends_it() -> None:
    (planned,) = judge(replace(THERE, policy=under(Manage.OBSERVE)), (Step("set", "set it"),))
    (hold,) = planned.holds
    assert (hold.rule, hold.why) == (Rule.MANAGE, "policy.manage is observe, so it is only looked at")
    assert hold.releaser is Releaser.COMMIT


def test_what_is_only_observed_may_be_anybodys() -> None:
    strange = replace(LOOKED, observation=replace(PRESENT, mark=replace(OURS, estate="other")))
    assert exists(strange) is not None
    assert exists(replace(strange, policy=under(Manage.OBSERVE))) is None
    assert exists(replace(strange, policy=under(Manage.UPDATE_ONLY))) is not None


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_knows_who_can_end_it(rule: Rule) -> None:
    assert Hold(rule, "why", "release", token="abc").releaser is Releaser.ADMIN
    commanded = rule in (Rule.FROZEN, Rule.PAUSED)
    passing = Hold(rule, "why", "release", passing=True).releaser
    assert passing is (Releaser.OPERATOR if commanded else Releaser.TIME)
    assert Hold(rule, "why", "release").releaser is not Releaser.TIME
