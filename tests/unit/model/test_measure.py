"""The numbers of a kind: what a measure may be called, and what of others' texts and numbers is taken."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.measure import LONGEST, MOST_EVER, Measure, Unit, only, slot, take_measures

FREE: dict[str, Any] = {
    "name": "filesystem_free",
    "unit": Unit.BYTES,
    "help": "What is left.",
    "read": dict,
    "labels": ("mount",),
}


def measure(**other: Any) -> Measure[dict[tuple[str, ...], float]]:
    """A measure of a state that is the mapping itself."""
    return Measure(**{**FREE, **other})


@pytest.mark.parametrize(
    ("other", "said"),
    [
        pytest.param({"name": "Free"}, "small words", id="capital"),
        pytest.param({"name": "free__space"}, "small words", id="two underscores"),
        pytest.param({"name": "free space"}, "small words", id="blank"),
        pytest.param({"name": ""}, "small words", id="no name"),
        pytest.param({"name": "free_bytes"}, "ends like a unit", id="unit twice"),
        pytest.param({"name": "requests_total"}, "ends like a unit", id="counter"),
        pytest.param({"name": "seen_timestamp", "unit": Unit.SECONDS}, "ends like a unit", id="half a unit"),
        pytest.param({"name": "used_percent", "unit": Unit.NONE}, "ends like a unit", id="no base unit"),
        pytest.param({"help": "what is left"}, "no sentence", id="no sentence"),
        pytest.param({"help": "Two\nlines."}, "no sentence", id="two lines"),
        pytest.param({"labels": ("target",)}, "its labels", id="a label of the engine"),
        pytest.param({"labels": ("instance",)}, "its labels", id="a label of the scraper"),
        pytest.param({"labels": ("Mount",)}, "its labels", id="label with a capital"),
        pytest.param({"labels": ("a", "a")}, "a label twice", id="label twice"),
        pytest.param({"labels": ("a", "b", "c", "d")}, "more than 3", id="many labels"),
        pytest.param({"most": 0}, "less than 1", id="none"),
        pytest.param({"most": MOST_EVER + 1}, "less than 1", id="too many"),
    ],
)
def test_what_prometheus_could_make_nothing_of_is_refused(other: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        measure(**other)


def test_a_metric_that_only_tells_needs_no_name_of_its_own() -> None:
    told = measure(name="", unit=Unit.INFO, help="1; the labels tell.")
    assert slot(told.name, told.unit) == "info"
    assert slot("count_of_things", Unit.NONE) == "count_of_things"


def test_the_numbers_that_matter_most_are_kept_and_the_others_counted() -> None:
    read: dict[tuple[str, ...], float] = {(name,): number for number, name in enumerate("abcde")}
    taken = take_measures([measure(most=2)], read, 5.0)
    assert taken.numbers == {"filesystem_free_bytes": ((("a",), 0.0), (("b",), 1.0))}
    assert (taken.left_out, taken.at) == (3, 5.0)


@pytest.mark.parametrize(
    ("read", "left_out"),
    [
        pytest.param({("a",): math.nan}, 1, id="not a number"),
        pytest.param({("a",): math.inf}, 1, id="endless"),
        pytest.param({(): 1.0}, 1, id="too few labels"),
        pytest.param({("a", "b"): 1.0}, 1, id="too many labels"),
        pytest.param({}, 0, id="nothing known"),
    ],
)
def test_what_is_no_number_of_it_is_left_out(read: dict[tuple[str, ...], float], left_out: int) -> None:
    taken = take_measures([measure()], read, 0.0)
    assert (dict(taken.numbers), taken.left_out) == ({}, left_out)


def test_labels_that_are_alike_once_they_are_cut_are_one_series() -> None:
    middle = "x" * LONGEST
    taken = take_measures([measure()], {(f"a{middle}1{middle}z",): 1.0, (f"a{middle}2{middle}z",): 2.0}, 0.0)
    ((labels, value),) = taken.numbers["filesystem_free_bytes"]
    assert len(labels[0]) <= LONGEST
    assert (value, taken.left_out) == (1.0, 1)


def test_what_is_not_known_has_no_number() -> None:
    assert dict(only(None)) == {}
    assert dict(only(0)) == {(): 0}


@given(
    read=st.dictionaries(st.tuples(st.text(st.characters(exclude_categories=()))), st.floats()),
    most=st.integers(1, 5),
)
def test_whatever_a_machine_says_is_within_bounds(read: dict[tuple[str, ...], float], most: int) -> None:
    taken = take_measures([measure(most=most)], read, 0.0)
    rows = taken.numbers.get("filesystem_free_bytes", ())
    assert len(rows) <= most
    assert len(rows) + taken.left_out == len(read)
    assert len({labels for labels, _ in rows}) == len(rows)
    assert all(text.isprintable() and math.isfinite(value) for (text,), value in rows)
