"""A mark names estate, key and vmid; a copied one can be told; what people wrote around it survives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint_proxmox.mark import normal, parse_mark, split_tags, with_mark, without_mark

KEY = Key("default", "VirtualMachine", "web01")
MARK = Mark("home", KEY, "101")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def test_the_mark_is_the_last_line() -> None:
    assert with_mark("Shop", MARK) == "Shop\n\nsetpoint: home default/VirtualMachine/web01 vmid=101"


def test_the_mark_follows_the_text_and_not_its_trailing_blanks() -> None:
    assert with_mark("Shop \n\n", MARK) == with_mark("Shop", MARK)


def test_a_description_without_text_is_the_mark_alone() -> None:
    assert with_mark("", MARK) == "setpoint: home default/VirtualMachine/web01 vmid=101"


@given(TEXTS)
def test_text_and_mark_are_both_read_back(text: str) -> None:
    description = normal(with_mark(text, MARK))

    assert parse_mark(description) == MARK
    assert without_mark(description) == normal(text)


@given(TEXTS)
def test_normalising_twice_changes_nothing_more(text: str) -> None:
    assert normal(normal(text)) == normal(text)


@pytest.mark.parametrize(
    "description",
    [
        pytest.param("", id="empty"),
        pytest.param("setpoint", id="word"),
        pytest.param("setpoint: home default/VirtualMachine/web01 vmid=101\nmore", id="not the last line"),
        pytest.param("setpoint: home default/VirtualMachine/web01", id="no vmid"),
        pytest.param("setpoint: home web01 vmid=101", id="no key"),
        pytest.param("see setpoint: home default/VirtualMachine/web01 vmid=101", id="not the whole line"),
    ],
)
def test_what_is_no_mark_is_text(description: str) -> None:
    assert parse_mark(description) is None
    assert without_mark(description) == description


@pytest.mark.parametrize(
    ("vmid", "ours"), [pytest.param("101", True, id="original"), pytest.param("102", False, id="clone")]
)
def test_a_copied_mark_makes_nothing_ours(vmid: str, *, ours: bool) -> None:
    assert Owner("home", KEY).owns(parse_mark(with_mark("", MARK)), vmid) is ours


@pytest.mark.parametrize(
    ("raw", "tags"),
    [
        ("a;b", {"a", "b"}),
        ("B;a;b", {"a", "b"}),
        ("a,b c", {"a", "b", "c"}),
        (" ", frozenset[str]()),
        (None, frozenset[str]()),
        (";a;", {"a"}),
    ],
)
def test_tags_are_a_set_in_lower_case(raw: object, tags: set[str] | frozenset[str]) -> None:
    assert split_tags(raw) == tags
