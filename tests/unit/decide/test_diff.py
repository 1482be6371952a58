from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.diff import diff, in_force, same
from setpoint.model.diff import MISSING, Cause, Projection, Treatment

LEAF = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=3)
TREES = st.recursive(
    st.dictionaries(st.text("abc/~", min_size=1, max_size=2), LEAF | st.lists(LEAF, max_size=2), max_size=3),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), LEAF | inner, max_size=3),
    max_leaves=8,
)


def paths(declared: Any, observed: Any, **more: Any) -> list[str]:
    arguments = {"applied": None, **more}
    treatments = arguments.pop("treatments", {})
    projection = Projection(
        observed, accepted=arguments.pop("accepted", None), unseen=arguments.pop("unseen", ())
    )
    return [change.path for change in diff(declared, projection, treatments, **arguments).changes]


@pytest.mark.parametrize(
    ("declared", "observed", "expected"),
    [
        pytest.param({"a": 1}, {"a": 1}, [], id="equal"),
        pytest.param({"a": 1}, {"a": 1, "b": 2}, [], id="what was not written is never drift"),
        pytest.param({"a": 1}, {"a": True}, ["/a"], id="types count"),
        pytest.param({"a": 1}, {"a": "1"}, ["/a"], id="text is no number"),
        pytest.param({"a": None}, {}, ["/a"], id="null is not absent"),
        pytest.param({"n": {"x": 1, "y": 2}}, {"n": {"x": 1, "y": 3}}, ["/n/y"], id="paths use keys"),
        pytest.param(
            {"n": {"x": {}}}, {"n": {"x": {"made": 1}}}, [], id="an empty mapping wants its key only"
        ),
        pytest.param({"n": {"x": {}}}, {"n": {}}, ["/n/x"], id="an empty mapping that is missing"),
        pytest.param({"l": [1, 2]}, {"l": [2, 1]}, ["/l"], id="order counts in a list"),
    ],
)
def test_only_declared_leaves_are_compared(declared: Any, observed: Any, expected: list[str]) -> None:
    assert paths(declared, observed) == expected


def test_a_set_has_no_order_and_no_repetition() -> None:
    treatments = {"/l": Treatment.SET}
    assert paths({"l": ["a", "b"]}, {"l": ["b", "a", "a"]}, treatments=treatments) == []
    assert paths({"l": ["a", "b"]}, {"l": ["b"]}, treatments=treatments) == ["/l"]


def test_an_atomic_field_is_one_value() -> None:
    treatments = {"/d/*": Treatment.ATOMIC}
    assert paths({"d": {"x": {"a": 1}}}, {"d": {"x": {"a": 1, "b": 2}}}, treatments=treatments) == ["/d/x"]


def test_a_create_only_field_is_fixed_once_it_is_there() -> None:
    treatments = {"/w": Treatment.CREATE_ONLY}
    changed = diff({"w": "oak"}, Projection({"w": "pine"}), treatments, applied=None)
    assert [change.fixed for change in changed.changes] == [True]
    missing = diff({"w": "oak"}, Projection({}), treatments, applied=None)
    assert [change.fixed for change in missing.changes] == [False]


def test_an_ignored_pointer_covers_all_below_it() -> None:
    assert paths({"n": {"x": 1}, "m": 1}, {"n": {"x": 2}, "m": 2}, ignore=["/n"]) == ["/m"]
    assert paths({"n": {"x": {"s": 1}}}, {"n": {"x": {"s": 2}}}, ignore=["/n/*/s"]) == []


def test_an_unseen_leaf_is_no_difference_and_is_told() -> None:
    found = diff({"a": 1, "b": 1}, Projection({"a": 1}, unseen=("/b",)), {}, applied=None)
    assert found.changes == ()
    assert found.unseen == ("/b",)


@pytest.mark.parametrize(
    ("applied", "cause"),
    [
        pytest.param(None, Cause.DRIFT, id="nothing remembered"),
        pytest.param({"a": 1}, Cause.DRIFT, id="it was in force"),
        pytest.param({"a": 0}, Cause.DECLARED, id="it was declared otherwise"),
        pytest.param({}, Cause.DECLARED, id="it is newly declared"),
    ],
)
def test_a_difference_is_drift_only_if_the_declaration_was_in_force(applied: Any, cause: Cause) -> None:
    found = diff({"a": 1}, Projection({"a": 2}), {}, applied=applied)
    assert found.changes[0].cause is cause


def test_a_hand_made_value_that_waits_for_a_restart_is_drift_before_it_is_in_force() -> None:
    (change,) = diff({"a": 1}, Projection({"a": 1}, accepted={"a": 9}), {}, applied={"a": 1}).changes
    assert (change.observed, change.cause, change.later, change.accepted) == (9, Cause.DRIFT, True, False)
    (gone,) = diff({"a": 1}, Projection({"a": 1}, accepted={}), {}, applied={"a": 1}).changes
    assert (gone.observed, gone.later) == (MISSING, True)


def test_a_value_that_waits_for_a_restart_is_accepted() -> None:
    found = diff({"a": 1, "b": 1}, Projection({"a": 0, "b": 0}, accepted={"a": 1, "b": 0}), {}, applied={})
    assert [(change.path, change.accepted) for change in found.changes] == [("/a", True), ("/b", False)]


def test_absence_is_one_change_at_the_root() -> None:
    found = diff({"a": 1}, None, {}, applied=None)
    assert [(c.path, c.observed, c.cause) for c in found.changes] == [("", MISSING, Cause.DECLARED)]
    assert diff({"a": 1}, None, {}, applied={"a": 1}).changes[0].cause is Cause.DRIFT


@given(TREES)
def test_a_tree_does_not_differ_from_itself(tree: Any) -> None:
    assert paths(tree, tree) == []


@given(TREES, TREES, TREES)
def test_what_is_in_force_and_what_waits_make_up_the_declaration(
    declared: Any, observed: Any, applied: Any
) -> None:
    found = diff(declared, Projection(observed), {}, applied=applied)
    remembered = in_force(declared, found, {})
    again = diff(declared, Projection(observed), {}, applied=remembered)
    assert [(c.path, c.cause) for c in again.changes] == [(c.path, c.cause) for c in found.changes]


@given(st.lists(LEAF), st.lists(LEAF))
def test_sets_are_equal_exactly_when_their_members_are(one: list[Any], other: list[Any]) -> None:
    def members(values: list[Any]) -> set[tuple[str, Any]]:
        return {(type(value).__name__, value) for value in values}

    assert same(one, other, Treatment.SET) == (members(one) == members(other))
