"""The decision where a guest is put: what is not fit is never taken, the rest is a matter of liking, and told."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint_proxmox.guest.placement import Candidate, Chosen, Nowhere, Wish, choose
from setpoint_proxmox.guest.placement_spec import Placement
from setpoint_proxmox.sizes import GIB
from tests.systems.proxmox import made, made_ct

WEB = {"labels": {"app": "web"}}
FAR: dict[str, Any] = {"spread": {**WEB, "required": True}}
CLOSE: dict[str, Any] = {"near": {**WEB, "required": True}}


def node(name: str, **fields: Any) -> Candidate:
    given: dict[str, Any] = {"name": name, "online": True, "capacity": 64 * GIB} | fields
    return Candidate(**given)


def wish(*storages: str, bridges: tuple[str, ...] = (), here: str = "", **placement: Any) -> Wish:
    return Wish(Placement.model_validate(placement), frozenset(storages), frozenset(bridges), here)


CHOSEN: list[tuple[str, Wish, list[Candidate], str]] = [
    ("least promised", wish(), [node("pve1", promised=2), node("pve2", promised=1)], "pve2"),
    (
        "least for its size",
        wish(),
        [node("pve1", promised=3 * GIB), node("pve2", promised=2 * GIB, capacity=8 * GIB)],
        "pve1",
    ),
    ("by name when all is equal", wish(), [node("pve2"), node("pve1")], "pve1"),
    ("only of the allowed", wish(nodes=["pve2"]), [node("pve1"), node("pve2", promised=9)], "pve2"),
    ("not one that is offline", wish(), [node("pve1", online=False), node("pve2", promised=9)], "pve2"),
    ("not one of unknown size", wish(), [node("pve1", capacity=None), node("pve2", promised=9)], "pve2"),
    (
        "where its storages are",
        wish("ceph"),
        [node("pve1"), node("pve2", promised=9, storages=frozenset(["ceph", "nas"]))],
        "pve2",
    ),
    (
        "where its bridges are",
        wish(bridges=("vmbr1",)),
        [
            node("pve1", bridges=frozenset(["vmbr0"])),
            node("pve2", promised=9, bridges=frozenset(["vmbr0", "vmbr1"])),
        ],
        "pve2",
    ),
    ("bridges are not held against it unseen", wish(bridges=("vmbr1",)), [node("pve1")], "pve1"),
    ("not where it is", wish(here="pve1"), [node("pve1"), node("pve2", promised=9)], "pve2"),
    ("apart", wish(spread=WEB), [node("pve1", apart=1), node("pve2", promised=9)], "pve2"),
    (
        "fewest when all have some",
        wish(spread=WEB),
        [node("pve1", apart=2), node("pve2", apart=1, promised=9)],
        "pve2",
    ),
    ("beside", wish(near=WEB), [node("pve1"), node("pve2", beside=1, promised=9)], "pve2"),
    (
        "apart before beside",
        wish(spread=WEB, near=WEB),
        [node("pve1", beside=1, apart=1), node("pve2", promised=9)],
        "pve2",
    ),
    ("apart at any price", wish(**FAR), [node("pve1", apart=1), node("pve2", promised=9)], "pve2"),
    ("beside at any price", wish(**CLOSE), [node("pve1"), node("pve2", beside=1, promised=9)], "pve2"),
    ("not one that is barred", wish(), [node("pve1", barred="no"), node("pve2", promised=9)], "pve2"),
]


@pytest.mark.parametrize(
    ("wanted", "nodes", "expected"), [row[1:] for row in CHOSEN], ids=[row[0] for row in CHOSEN]
)
def test_it_goes(wanted: Wish, nodes: list[Candidate], expected: str) -> None:
    found = choose(wanted, nodes)

    assert isinstance(found, Chosen)
    assert found.node == expected
    assert found.why.startswith(f"{expected} has ")


NOWHERE: list[tuple[str, Wish, list[Candidate], str]] = [
    ("no node at all", wish(), [], ""),
    ("none of the cluster", wish(nodes=["pve9"]), [node("pve1")], "pve9 is not in the cluster"),
    (
        "each for its reason",
        wish("ceph", bridges=("vmbr7",)),
        [node("pve2", storages=frozenset(["ceph"]), bridges=frozenset()), node("pve1", online=False)],
        "pve1 is offline; pve2 has no bridge vmbr7",
    ),
    (
        "one for two reasons",
        wish("ceph", "nas"),
        [node("pve1", storages=frozenset(["local"]), capacity=None)],
        "pve1 does not tell how much memory it has; has no storage ceph, nas in use",
    ),
    ("company that it must not have", wish(**FAR), [node("pve1", apart=2)], "pve1 has 2 guests of app=web"),
    ("company that it must have", wish(**CLOSE), [node("pve1")], "pve1 has no guest of app=web"),
    ("only where it is", wish(here="pve1"), [node("pve1")], ""),
]


@pytest.mark.parametrize(
    ("wanted", "nodes", "said"), [row[1:] for row in NOWHERE], ids=[row[0] for row in NOWHERE]
)
def test_it_goes_nowhere_and_every_node_is_told(wanted: Wish, nodes: list[Candidate], said: str) -> None:
    found = choose(wanted, nodes)

    assert isinstance(found, Nowhere)
    assert str(found) == said
    assert found.passing is ("is offline" in said)


_NAMES = st.sets(st.sampled_from(["pve1", "pve2", "pve3", "pve4"]), min_size=1)
_SOME = st.frozensets(st.sampled_from(["a", "b", "c"]))
_NODE = st.builds(
    Candidate,
    name=st.just(""),
    online=st.booleans(),
    capacity=st.none() | st.integers(1, 9),
    promised=st.integers(0, 9),
    storages=_SOME,
    bridges=st.none() | _SOME,
    apart=st.integers(0, 3),
    beside=st.integers(0, 3),
    barred=st.sampled_from(["", "", "is barred"]),
)
_NODES = _NAMES.flatmap(
    lambda names: st.tuples(
        *(_NODE.map(lambda one, name=name: node_named(one, name)) for name in sorted(names))
    )
)
_COMPANY = st.none() | st.booleans().map(lambda required: {**WEB, "required": required})


def _wish(
    nodes: set[str],
    spread: dict[str, Any] | None,
    near: dict[str, Any] | None,
    storages: frozenset[str],
    bridges: frozenset[str],
    here: str,
) -> Wish:
    placement = Placement.model_validate({"nodes": sorted(nodes), "spread": spread, "near": near})
    return Wish(placement, storages, bridges, here)


_WISH = st.builds(
    _wish,
    st.just(set[str]()) | _NAMES,
    _COMPANY,
    _COMPANY,
    _SOME,
    _SOME,
    st.sampled_from(["", "pve1"]),
)


def node_named(one: Candidate, name: str) -> Candidate:
    return node(name, **{key: value for key, value in vars(one).items() if key != "name"})


@given(_WISH, _NODES, st.randoms())
def test_what_is_chosen_is_fit_and_what_is_not_is_told(
    wanted: Wish, nodes: tuple[Candidate, ...], chance: Any
) -> None:
    found = choose(wanted, nodes)
    shuffled = list(nodes)
    chance.shuffle(shuffled)
    assert choose(wanted, shuffled) == found

    if isinstance(found, Nowhere):
        allowed = set(wanted.placement.nodes) or {one.name for one in nodes}
        assert set(found.reasons) == allowed - {wanted.here}
        assert all(found.reasons.values())
        return
    best = next(one for one in nodes if one.name == found.node)
    assert best.online
    assert best.capacity is not None
    assert not best.barred
    assert best.name != wanted.here
    assert wanted.placement.allows(best.name)
    assert wanted.storages <= best.storages
    assert best.bridges is None or wanted.bridges <= best.bridges


def test_it_is_declared_without_order_and_in_place_of_a_node() -> None:
    placed = {"node": None, "placement": {"nodes": ["pve2", "pve1", "pve2"], "spread": WEB}}

    for maker in (made, made_ct):
        declared = maker.spec(**placed)
        assert maker.KIND.declare(declared)["placement"] == {"nodes": ["pve1", "pve2"]}
        assert "placement" not in maker.KIND.declare(maker.spec(node=None, placement={"near": WEB}))
        with pytest.raises(ValidationError, match="leave out one of them"):
            maker.spec(node="pve1", placement={})
