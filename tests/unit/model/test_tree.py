from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.model.tree import Json, covers, join, leaves, lookup, parts

KEY_NAMES = st.text()
SCALARS = st.none() | st.booleans() | st.integers() | st.text()
VALUES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(KEY_NAMES, below, max_size=3)
)
TREES = st.dictionaries(KEY_NAMES, VALUES, max_size=4)


def pointer_of(keys: list[str]) -> str:
    pointer = ""
    for key in keys:
        pointer = join(pointer, key)
    return pointer


@pytest.mark.parametrize(
    ("keys", "pointer"),
    [
        ([], ""),
        (["disks", "scsi0"], "/disks/scsi0"),
        (["a/b"], "/a~1b"),
        (["a~b"], "/a~0b"),
        (["~1"], "/~01"),
        ([""], "/"),
        (["", "a"], "//a"),
        (["", ""], "//"),
    ],
    ids=str,
)
def test_a_pointer_names_keys(keys: list[str], pointer: str) -> None:
    assert pointer_of(keys) == pointer
    assert parts(pointer) == tuple(keys)


@given(st.lists(KEY_NAMES))
def test_any_keys_survive_being_a_pointer(keys: list[str]) -> None:
    assert parts(pointer_of(keys)) == tuple(keys)


@given(TREES)
def test_every_leaf_is_found_at_its_own_pointer(tree: dict[str, Json]) -> None:
    found = list(leaves(tree))
    assert len({pointer for pointer, _ in found}) == len(found)
    for pointer, value in found:
        assert json.dumps(lookup(tree, pointer)) == json.dumps(value)


@given(TREES)
def test_a_leaf_has_nothing_below_it(tree: dict[str, Json]) -> None:
    for _, value in leaves(tree):
        assert not (isinstance(value, dict) and value)


@pytest.mark.parametrize(
    ("pointer", "value"),
    [("", {"a": [1, {"b": 2}]}), ("/a", [1, {"b": 2}]), ("/a/0", 1), ("/a/1/b", 2)],
)
def test_a_value_is_looked_up(pointer: str, value: Json) -> None:
    assert lookup({"a": [1, {"b": 2}]}, pointer) == value


@pytest.mark.parametrize("pointer", ["/b", "/a/2", "/a/-1", "/a/x", "/a/0/b", "/a/1/c", "/"])
def test_what_is_not_there_is_not_looked_up(pointer: str) -> None:
    with pytest.raises(KeyError):
        lookup({"a": [1, {"b": 2}]}, pointer)


@pytest.mark.parametrize(
    ("pattern", "pointer", "covered"),
    [
        ("", "/a", True),
        ("/a", "/a", True),
        ("/a", "/a/b", True),
        ("/a/b", "/a", False),
        ("/a", "/ab", False),
        ("/a", "/b/a", False),
        ("/*", "/a", True),
        ("/*", "", False),
        ("/nics/*/mac", "/nics/net0/mac", True),
        ("/nics/*/mac", "/nics/net0/mac/x", True),
        ("/nics/*/mac", "/nics/net0/bridge", False),
        ("/nics/*/mac", "/nics/mac", False),
        ("/a~1b", "/a/b", False),
        ("/a~1b", "/a~1b/c", True),
    ],
)
def test_a_pattern_covers_what_it_names_and_what_is_below(
    pattern: str, pointer: str, *, covered: bool
) -> None:
    assert covers(pattern, pointer) is covered


@given(st.lists(KEY_NAMES), st.lists(KEY_NAMES))
def test_a_pointer_covers_itself_and_all_below_it(above: list[str], below: list[str]) -> None:
    assert covers(pointer_of(above), pointer_of(above + below))
    assert covers(pointer_of(["*" for _ in above]), pointer_of(above + below))
    assert not below or not covers(pointer_of(above + below), pointer_of(above))
