"""A freeze or a pause holds every step of what it covers, for as long as it lasts, and of nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.holds.frozen import frozen
from setpoint.decide.holds.paused import paused
from setpoint.model.freeze import Freeze, Scope
from setpoint.model.hold import Releaser, Rule
from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.plan import Disruption, Step
from tests.unit.decide.test_holds import LOOKED, STEP

AT = replace(LOOKED, now=100.0)


def freeze(scope: Scope, name: str = "", until: float = 0.0) -> Freeze:
    return Freeze(scope, name, "anna", "the fair is open", 50.0, until)


@pytest.mark.parametrize(
    ("order", "says", "release"),
    [
        pytest.param(freeze(Scope.ALL), "everything is frozen", "setpoint unfreeze", id="all"),
        pytest.param(
            freeze(Scope.TARGET, "Shelf/s"),
            "all of Shelf/s is frozen",
            "setpoint unfreeze --target Shelf/s",
            id="target",
        ),
        pytest.param(
            freeze(Scope.KIND, "Box"), "every Box is frozen", "setpoint unfreeze --kind Box", id="kind"
        ),
        pytest.param(freeze(Scope.KEY, "Box/one"), "Box/one is paused", "setpoint resume Box/one", id="key"),
    ],
)
def test_what_is_covered_is_held_with_who_and_why_and_the_way_out(
    order: Freeze, says: str, release: str
) -> None:
    looked = replace(AT, freezes=(order,))
    mine, other = (paused, frozen) if order.scope is Scope.KEY else (frozen, paused)
    hold = mine(looked, STEP)
    assert hold is not None
    assert hold.rule is (Rule.PAUSED if order.scope is Scope.KEY else Rule.FROZEN)
    assert (hold.why, hold.release) == (f"{says} by anna: the fair is open", release)
    assert (hold.passing, hold.until, hold.releaser) == (False, 0.0, Releaser.OPERATOR)
    assert other(looked, STEP) is None


@pytest.mark.parametrize(
    "order",
    [
        freeze(Scope.TARGET, "Shelf/other"),
        freeze(Scope.KIND, "Shelf"),
        freeze(Scope.KEY, "Box/two"),
        freeze(Scope.KEY, "prod/Box/one"),
        freeze(Scope.ALL, until=100.0),
        freeze(Scope.KEY, "Box/one", until=99.0),
    ],
    ids=["another target", "another kind", "another key", "another namespace", "over now", "over before"],
)
def test_what_is_not_covered_is_free(order: Freeze) -> None:
    assert frozen(replace(AT, freezes=(order,)), STEP) is None
    assert paused(replace(AT, freezes=(order,)), STEP) is None


def test_one_with_an_end_passes_at_that_moment_and_says_it() -> None:
    hold = frozen(replace(AT, freezes=(freeze(Scope.ALL, until=1_800_000_000.0),)), STEP)
    assert hold is not None
    assert (hold.passing, hold.until) == (True, 1_800_000_000.0)
    assert "until 2027-01-15 08:00 UTC by anna" in hold.why


def test_a_pause_goes_along_with_a_new_name() -> None:
    renamed = Owner("home", Key("default", "Box", "new"), formerly=Key("default", "Box", "one"))
    assert paused(replace(AT, owner=renamed, freezes=(freeze(Scope.KEY, "Box/one"),)), STEP) is not None


orders = st.builds(
    freeze,
    st.sampled_from(Scope),
    st.sampled_from(["", "Box/one", "Box/two", "Shelf/s", "Box"]),
    st.sampled_from([0.0, 99.0, 100.0, 101.0, 200.0]),
)


@given(freezes=st.lists(orders, max_size=4).map(tuple), disruption=st.sampled_from(Disruption))
def test_a_step_is_free_exactly_when_nothing_covers_it_and_the_last_to_end_is_told(
    freezes: tuple[Freeze, ...], disruption: Disruption
) -> None:
    looked = replace(AT, freezes=freezes)
    holds = [rule(looked, Step("x", "x", (), disruption)) for rule in (frozen, paused)]
    covering = [f for f in freezes if f.in_force(100.0) and f.covers([LOOKED.owner.key], LOOKED.target)]
    assert any(holds) is bool(covering)
    for hold, mine in zip(
        holds, (lambda f: f.scope is not Scope.KEY, lambda f: f.scope is Scope.KEY), strict=True
    ):
        ends = [f.end for f in covering if mine(f)]
        assert (hold is None) is (not ends)
        if hold is not None:
            assert (hold.until or float("inf")) == max(ends)
