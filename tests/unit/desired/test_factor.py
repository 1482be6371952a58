"""What many share is taken out so that the very layers that the compiler merges put it back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from setpoint.desired.factor import factor
from setpoint.desired.layers import merged
from setpoint.desired.node import Fields, plain
from setpoint.desired.reader import read

NAMES = st.sampled_from(["cores", "nics", "net0", "net1", "bridge", "mac"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(0, 2)
    | st.sampled_from(["vmbr0", "1", ""])
    | st.lists(st.integers(0, 1), max_size=2)
)
TREES = st.dictionaries(
    NAMES,
    st.recursive(LEAVES, lambda inner: st.dictionaries(NAMES, inner, max_size=3), max_leaves=6),
    max_size=4,
)


def node(tree: dict[str, Any]) -> Fields:
    (document,) = read("x.yaml", json.dumps(tree).encode()).documents
    assert isinstance(document.root, Fields)
    return document.root


def laid(*layers: dict[str, Any]) -> str:
    *lower, highest = map(node, layers)
    return json.dumps(plain(merged(lower, highest)), sort_keys=True)


def same(tree: dict[str, Any]) -> str:
    return json.dumps(tree, sort_keys=True)


@given(st.lists(TREES, max_size=6))
def test_laid_over_what_is_shared_each_is_what_it_was(trees: list[dict[str, Any]]) -> None:
    found = factor(trees)
    assert [laid(found.shared, own) for own in found.own] == [same(tree) for tree in trees]


@given(st.lists(TREES, max_size=6), st.data())
def test_so_it_is_over_two_layers(trees: list[dict[str, Any]], data: st.DataObject) -> None:
    """The layer of a folder is above that of all, and says nothing that one in it would have to take away."""
    whole = factor(trees)
    groups = data.draw(st.lists(st.integers(0, 1), min_size=len(trees), max_size=len(trees)))
    for group in (0, 1):
        members = [index for index, one in enumerate(groups) if one == group]
        folder = factor([whole.own[index] for index in members], taking=False)
        for index, own in zip(members, folder.own, strict=True):
            assert laid(whole.shared, folder.shared, own) == same(trees[index])


@given(st.lists(TREES, max_size=6))
@example([{"cores": None}, {"nics": False}, {"nics": False}])
@example([{}, {"mac": {"cores": None, "net0": None}}, {"cores": None, "mac": {"cores": None, "nics": None}}])
def test_it_never_becomes_longer(trees: list[dict[str, Any]]) -> None:
    found = factor(trees)
    assert sum(map(len, map(same, (found.shared, *found.own)))) <= sum(map(len, map(same, ({}, *trees))))


@given(st.lists(TREES, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_the_files_decides_nothing(trees: list[dict[str, Any]], random: Any) -> None:
    shuffled = random.sample(trees, len(trees))
    assert factor(shuffled).shared == factor(trees).shared


@pytest.mark.parametrize(
    ("trees", "shared", "own"),
    [
        pytest.param([], {}, [], id="nothing"),
        pytest.param([{"cores": 2}], {}, [{"cores": 2}], id="one alone shares nothing"),
        pytest.param([{"cores": 2}, {"cores": 2}], {"cores": 2}, [{}, {}], id="the same"),
        pytest.param(
            [{"cores": 2}, {"cores": 2}, {"cores": 4}], {"cores": 2}, [{}, {}, {"cores": 4}], id="most"
        ),
        pytest.param(
            [*[{"agent": True, "cores": n} for n in range(6)], {"cores": 6}],
            {"agent": True},
            [*[{"cores": n} for n in range(6)], {"cores": 6, "agent": None}],
            id="one that lacks it takes it away",
        ),
        pytest.param(
            [{"iso": "a"}, {"iso": "a"}, {"iso": None}],
            {},
            [{"iso": "a"}, {"iso": "a"}, {"iso": None}],
            id="a null that is meant cannot be laid over a value",
        ),
        pytest.param(
            [{"agent": True}, {"agent": True}, {"agent": {"type": "isa"}}],
            {},
            [{"agent": True}, {"agent": True}, {"agent": {"type": "isa"}}],
            id="a mapping and a word are not alike",
        ),
        pytest.param(
            [{"agent": True, "on": 1}, {"agent": True, "on": 1}, {"on": 1}, {"on": 1}],
            {"on": 1},
            [{"agent": True}, {"agent": True}, {}, {}],
            id="what half of them lack is no default",
        ),
        pytest.param([{"x": 1}, {"x": True}], {}, [{"x": 1}, {"x": True}], id="one is not yes"),
    ],
)
def test_what_is_taken_out(
    trees: list[dict[str, Any]], shared: dict[str, Any], own: list[dict[str, Any]]
) -> None:
    found = factor(trees)
    assert (found.shared, list(found.own)) == (shared, own)


def test_what_is_each_ones_own_stays_with_each() -> None:
    trees = [{"node": "pve1", "nics": {"net0": {"bridge": "vmbr0", "mac": "a"}}} for _ in range(4)]
    found = factor(trees, apart=lambda place: place == "/node" or place.endswith("/mac"))
    assert found.shared == {"nics": {"net0": {"bridge": "vmbr0"}}}
    assert found.own[0] == {"node": "pve1", "nics": {"net0": {"mac": "a"}}}


def test_in_a_folder_nobody_takes_anything_away() -> None:
    trees: list[dict[str, Any]] = [*[{"agent": True}] * 9, {}]
    assert factor(trees, taking=False).shared == {}
