"""In a rolling day no more of a kind are disturbed than may be, whatever asks for it, until a person lets them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.holds.blast_radius import blast_radius, blast_token
from setpoint.model.hold import Releaser, Rule
from setpoint.model.limit import DAY, Caution, Limit, Radius
from setpoint.model.plan import Disruption, Step
from tests.unit.decide.test_holds import LOOKED

NOON = 1_800_014_400.0
"""2027-01-15 12:00 UTC."""
AT = replace(LOOKED, now=NOON)
TOKEN = "Box@Shelf/s:restart:2027-01-15"
OF_DISTURBING = [Disruption.STOP, Disruption.RESTART, Disruption.RECREATE, Disruption.DESTROY]


def step(disruption: Disruption = Disruption.RESTART) -> Step:
    return Step("x", "restart it", (), disruption)


def disturbed(*hours_ago: float, limit: int = 3) -> Radius:
    return Radius(tuple(sorted(NOON - hours * 3600 for hours in hours_ago)), limit, 20)


@pytest.mark.parametrize(
    ("radius", "disruption", "held"),
    [
        pytest.param(disturbed(), Disruption.RESTART, False, id="the first"),
        pytest.param(disturbed(1, 2), Disruption.RESTART, False, id="the last that may be"),
        pytest.param(disturbed(1, 2, 3), Disruption.RESTART, True, id="one more"),
        pytest.param(disturbed(1, 2, 3), Disruption.RECREATE, True, id="one more to be made anew"),
        pytest.param(disturbed(1, 2, 3), Disruption.DESTROY, True, id="one more to be destroyed"),
        pytest.param(disturbed(1, 2, 3), Disruption.HOT, False, id="what goes on running"),
        pytest.param(disturbed(1, 2, 3), Disruption.NONE, False, id="what disturbs nothing"),
        pytest.param(disturbed(1, 2, 3, limit=4), Disruption.RESTART, False, id="a wider limit"),
        pytest.param(disturbed(limit=0), Disruption.RESTART, True, id="no limit at all is none to reach"),
        pytest.param(None, Disruption.RESTART, False, id="not counted"),
    ],
)
def test_what_goes_beyond_the_limit_is_held(
    radius: Radius | None, disruption: Disruption, *, held: bool
) -> None:
    assert (blast_radius(replace(AT, radius=radius), step(disruption)) is not None) is held


def test_the_hold_says_how_many_what_lets_them_go_and_when_the_next_one_goes_by_itself() -> None:
    hold = blast_radius(replace(AT, radius=disturbed(1, 2, 23)), step())
    assert hold is not None
    assert (hold.rule, hold.token, hold.releaser, hold.passing) == (
        Rule.BLAST_RADIUS, TOKEN, Releaser.ADMIN, False,
    )  # fmt: skip
    assert hold.why == "3 others of the 20 Box on Shelf/s were disturbed within a day, and 3 may be"
    assert f"setpoint approve {TOKEN}" in hold.release
    assert hold.release.endswith("the next one goes after 2027-01-15 13:00 UTC")
    assert hold.until == NOON + 3600


def test_where_none_may_be_disturbed_no_time_is_told() -> None:
    hold = blast_radius(replace(AT, radius=disturbed(limit=0)), step())
    assert hold is not None
    assert (hold.until, hold.release.endswith(f"setpoint approve {TOKEN}")) == (0.0, True)


@pytest.mark.parametrize(
    ("approved", "held"),
    [
        pytest.param(TOKEN, False, id="just this"),
        pytest.param(TOKEN.replace("restart", "destroy"), True, id="another class"),
        pytest.param(TOKEN.replace("15", "14"), True, id="the day before"),
        pytest.param(TOKEN.replace("Box", "Crate"), True, id="another kind"),
        pytest.param(TOKEN.replace("Shelf/s", "Shelf/t"), True, id="another target"),
    ],
)
def test_an_approval_is_of_one_target_kind_class_and_day(approved: str, *, held: bool) -> None:
    looked = replace(AT, radius=disturbed(1, 2, 3), approved={approved}.__contains__)
    assert (blast_radius(looked, step()) is not None) is held


@given(
    hours=st.lists(st.floats(0, 23.999), max_size=12),
    limit=st.integers(0, 6),
    disruption=st.sampled_from(Disruption),
)
def test_it_holds_exactly_what_disturbs_beyond_the_limit_and_no_longer_than_it_says(
    hours: list[float], limit: int, disruption: Disruption
) -> None:
    radius = disturbed(*hours, limit=limit)
    hold = blast_radius(replace(AT, radius=radius), step(disruption))
    assert (hold is not None) is (disruption >= Disruption.STOP and len(hours) >= limit)
    if hold is not None and hold.until:
        left = tuple(at for at in radius.others if at > hold.until - DAY)
        assert hold.until > NOON
        later = replace(AT, now=hold.until, radius=replace(radius, others=left))
        assert blast_radius(later, step(disruption)) is None


@given(st.sampled_from(OF_DISTURBING), st.sampled_from(OF_DISTURBING), st.floats(0, 4e9), st.floats(0, 4e9))
def test_two_tokens_are_the_same_exactly_for_the_same_class_on_the_same_day(
    one: Disruption, other: Disruption, now: float, then: float
) -> None:
    same = blast_token(replace(AT, now=now), one) == blast_token(replace(AT, now=then), other)
    assert same is (one is other and now // DAY == then // DAY)


@pytest.mark.parametrize(
    ("limit", "population", "most"),
    [
        pytest.param(Limit(), 0, 3, id="of none"),
        pytest.param(Limit(), 39, 3, id="of a few"),
        pytest.param(Limit(), 40, 4, id="a tenth of many"),
        pytest.param(Limit(number=10), 40, 10, id="a number of its own"),
        pytest.param(Limit(percent=50), 40, 20, id="a share of its own"),
        pytest.param(Limit(number=0, percent=0), 40, 0, id="none"),
        pytest.param(Limit(number=0, percent=29), 100, 29, id="a share that is no binary fraction"),
    ],
)
def test_how_many_may_be(limit: Limit, population: int, most: int) -> None:
    assert Caution({"Box": limit}).limit("Box", population) == most


def test_a_kind_of_which_nothing_is_said_has_the_usual_limit() -> None:
    assert Caution({"Box": Limit(number=9)}).limit("Shelf", 50) == 5
