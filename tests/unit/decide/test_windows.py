"""Hours for each class of disruption; which class waits for which window."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.decide.holds import judge
from setpoint.decide.holds.window import window
from setpoint.model.hold import Releaser, Rule
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Policy
from setpoint.model.window import Window
from tests.unit.decide.test_holds import INSIDE, LOOKED, OUTSIDE

NIGHT, NOON = "sat 02:00-05:00 UTC", "12:00-13:00 UTC"
CLASSES = ("hot", "restart", "recreate", "destroy")


def step(disruption: Disruption) -> Step:
    return Step("x", "do it", (), disruption)


def waits(policy: dict[str, Any], now: float) -> set[str]:
    """The classes that are held until a window opens."""
    looked = replace(LOOKED, policy=Policy.model_validate(policy), now=now)
    return {d.name.lower() for d in Disruption if window(looked, step(d)) is not None}


@pytest.mark.parametrize(
    ("policy", "now", "held"),
    [
        pytest.param({}, OUTSIDE, set(), id="no window at all"),
        pytest.param({"window": NIGHT}, OUTSIDE, {"recreate", "destroy"}, id="one for what disturbs"),
        pytest.param({"window": NIGHT}, INSIDE, set(), id="one that is open"),
        pytest.param({"windows": {"hot": NIGHT}}, OUTSIDE, {"hot", "stop"}, id="hot, where it is declared"),
        pytest.param({"windows": {"destroy": NIGHT}}, OUTSIDE, {"destroy"}, id="destroy alone"),
        pytest.param({"windows": {"restart": NIGHT}}, OUTSIDE, set(), id="restart is of another rule"),
        pytest.param(
            {"window": NIGHT, "windows": {"recreate": NOON}}, INSIDE, {"recreate"}, id="a class has its own"
        ),
    ],
)
def test_a_class_waits_for_its_hours(policy: dict[str, Any], now: float, held: set[str]) -> None:
    assert waits(policy, now) == held


def test_an_order_at_once_waits_for_no_window_but_is_none_to_destroy() -> None:
    shut = {"windows": dict.fromkeys(CLASSES, NIGHT)}
    looked = replace(LOOKED, policy=Policy.model_validate(shut), now=OUTSIDE, at_once=True)
    assert [d for d in Disruption if window(looked, step(d)) is not None] == [
        Disruption.RECREATE,
        Disruption.DESTROY,
    ]


def test_the_hold_passes_when_the_window_opens_and_names_the_moment() -> None:
    looked = replace(LOOKED, policy=Policy.model_validate({"window": NIGHT}), now=OUTSIDE)
    (planned,) = judge(looked, (step(Disruption.DESTROY),))
    (hold,) = planned.holds
    opens = Window.parse(NIGHT).next_opening(OUTSIDE)
    assert (hold.rule, hold.passing, hold.until, hold.releaser) == (Rule.WINDOW, True, opens, Releaser.TIME)
    assert "(destroy), and its window is closed" in hold.why
    assert hold.release.startswith("it is done when the window opens, Sat ")


def test_a_restart_waits_for_the_hours_of_restarts() -> None:
    declared = {"reboot": "window", "window": NOON, "windows": {"restart": NIGHT}}
    looked = replace(LOOKED, policy=Policy.model_validate(declared))
    for now, rules in ((INSIDE, []), (OUTSIDE, [Rule.REBOOT_PENDING])):
        (planned,) = judge(replace(looked, now=now), (step(Disruption.RESTART),))
        assert [hold.rule for hold in planned.holds] == rules


def test_restarts_in_a_window_need_one() -> None:
    assert Policy.model_validate({"reboot": "window", "windows": {"restart": NIGHT}}).window is None
    with pytest.raises(ValidationError, match="needs a window"):
        Policy.model_validate({"reboot": "window", "windows": {"destroy": NIGHT}})


@given(
    common=st.none() | st.sampled_from([NIGHT, NOON]),
    own=st.dictionaries(st.sampled_from(CLASSES), st.sampled_from([NIGHT, NOON])),
    disruption=st.sampled_from(Disruption),
    now=st.floats(1.79e9, 1.81e9),
)
def test_what_is_held_is_free_at_the_moment_that_the_hold_names(
    common: str | None, own: dict[str, str], disruption: Disruption, now: float
) -> None:
    policy = Policy.model_validate({"windows": own, **({"window": common} if common else {})})
    hold = window(replace(LOOKED, policy=policy, now=now), step(disruption))
    if hold is not None:
        assert hold.until > now
        assert window(replace(LOOKED, policy=policy, now=hold.until), step(disruption)) is None
