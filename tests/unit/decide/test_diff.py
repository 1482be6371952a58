from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.diff import diff, in_force, same
from setpoint.model.diff import MISSING, SECRET, Cause, Change, Projection, Treatment
from setpoint.model.tree import Tree, covers, lookup, parts

LEAF = st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab/~", max_size=3)
TREES = st.recursive(
    st.dictionaries(st.text("abc/~", min_size=1, max_size=2), LEAF | st.lists(LEAF, max_size=2), max_size=3),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), LEAF | inner, max_size=3),
    max_leaves=8,
)


def paths(declared: Any, observed: Any, **more: Any) -> list[str]:
    arguments: dict[str, Any] = {"applied": None, **more}
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
    remembered = in_force(declared, found, {}, applied=applied)
    again = diff(declared, Projection(observed), {}, applied=remembered)
    assert [(c.path, c.cause) for c in again.changes] == [(c.path, c.cause) for c in found.changes]


@given(st.lists(LEAF), st.lists(LEAF))
def test_sets_are_equal_exactly_when_their_members_are(one: list[Any], other: list[Any]) -> None:
    def members(values: list[Any]) -> set[tuple[str, Any]]:
        return {(type(value).__name__, value) for value in values}

    assert same(one, other, Treatment.SET) == (members(one) == members(other))


MEMBERS = {"/nics/*": Treatment.MEMBER}
TWO: dict[str, Any] = {"nics": {"net0": {"vlan": 1}, "net1": {"vlan": 2}}}
ONE: dict[str, Any] = {"nics": {"net0": {"vlan": 1}}}


def removals(declared: Any, projection: Projection, applied: Any, ignore: Any = ()) -> list[Change]:
    found = diff(declared, projection, MEMBERS, applied=applied, ignore=ignore)
    return [change for change in found.changes if change.desired is MISSING]


def test_a_member_that_was_applied_and_is_declared_no_more_is_to_be_removed() -> None:
    (change,) = removals(ONE, Projection(TWO), TWO)
    assert (change.path, change.observed, change.cause) == ("/nics/net1", {"vlan": 2}, Cause.DECLARED)


@pytest.mark.parametrize("without", [{}, {"nics": {}}])
def test_the_last_member_is_removed_too(without: dict[str, Any]) -> None:
    assert [change.path for change in removals(without, Projection(ONE), ONE)] == ["/nics/net0"]


@pytest.mark.parametrize(
    ("declared", "seen", "applied", "ignore"),
    [
        pytest.param(ONE, TWO, ONE, (), id="it was never ours"),
        pytest.param(ONE, TWO, None, (), id="nothing is remembered"),
        pytest.param(ONE, ONE, TWO, (), id="it is gone already"),
        pytest.param(ONE, TWO, TWO, ("/nics/net1",), id="it is ignored"),
        pytest.param(TWO, TWO, TWO, (), id="it is declared"),
    ],
)
def test_no_other_member_is_removed(declared: Any, seen: Any, applied: Any, ignore: Any) -> None:
    assert removals(declared, Projection(seen), applied, ignore) == []


def test_a_removal_may_wait_for_a_restart_or_threaten_to_be_undone_by_one() -> None:
    (waiting,) = removals(ONE, Projection(TWO, accepted=ONE), TWO)
    assert waiting.accepted
    (later,) = removals(ONE, Projection(ONE, accepted=TWO), TWO)
    assert later.later


def test_a_removal_is_remembered_until_it_is_done() -> None:
    found = diff(ONE, Projection(TWO), MEMBERS, applied=TWO)
    assert in_force(ONE, found, MEMBERS, applied=TWO) == TWO
    done = diff(ONE, Projection(ONE), MEMBERS, applied=TWO)
    assert in_force(ONE, done, MEMBERS, applied=TWO) == ONE


NESTED = {"/vnets/*": Treatment.MEMBER, "/vnets/*/subnets/*": Treatment.MEMBER}


@pytest.mark.parametrize(
    ("declared", "removed"),
    [
        pytest.param({"a": {"subnets": {}}, "b": {"subnets": {"2": {}}}}, ["/vnets/a/subnets/1"], id="inner"),
        pytest.param({"b": {"subnets": {"2": {}}}}, ["/vnets/a"], id="outer, with all that is in it"),
        pytest.param(
            {"a": {"subnets": {"1": {}}}, "b": {}}, ["/vnets/b/subnets/2"], id="left out altogether"
        ),
        pytest.param({}, ["/vnets/a", "/vnets/b"], id="all"),
    ],
)
def test_an_entry_inside_of_an_entry_that_is_declared_no_more_is_removed(
    declared: dict[str, Any], removed: list[str]
) -> None:
    before: Tree = {"vnets": {"a": {"subnets": {"1": {}}}, "b": {"subnets": {"2": {}}}}}
    by_hand: Tree = {"vnets": {"a": {"subnets": {"1": {}, "x": {}}}, "b": {"subnets": {"2": {}}}, "c": {}}}
    found = diff({"vnets": declared}, Projection(by_hand), NESTED, applied=before)
    assert [change.path for change in found.changes] == removed


NAMES = st.sampled_from(["net0", "net1", "net2"])
NICS = st.dictionaries(NAMES, st.integers(1, 3), max_size=3)
MOMENTS = st.lists(
    st.tuples(NICS, NICS, st.sets(NAMES), st.sets(NAMES), st.booleans(), st.booleans()), min_size=1, max_size=8
)  # fmt: skip


def nics(vlans: dict[str, int]) -> dict[str, Any]:
    return {"nics": {name: {"vlan": vlan} for name, vlan in vlans.items()}}


@given(MOMENTS)
def test_only_what_was_applied_is_removed_and_none_of_it_is_forgotten(moments: list[Any]) -> None:
    """Each moment: what is declared, what others do, what is ignored and unseen, whether steps work and others act."""
    world: dict[str, int] = {}
    applied: dict[str, Any] = {}
    ours: set[str] = set()
    for declared, others, ignored, unseen, works, others_act in moments:
        world = dict(others) if others_act else world
        hidden = Projection(nics(world), unseen=tuple(f"/nics/{name}" for name in unseen))
        ignore = tuple(f"/nics/{name}" for name in ignored)
        found = diff(nics(declared), hidden, MEMBERS, applied=applied, ignore=ignore)
        ours -= {name for name in ours if name not in declared and name in ignored}
        ours -= {name for name in ours if not {name} & ({*declared, *unseen, *world})}
        removed = {parts(change.path)[1] for change in found.changes if change.desired is MISSING}
        assert removed == {name for name in ours & {*world} if name not in {*declared, *ignored, *unseen}}
        applied = in_force(nics(declared), found, MEMBERS, applied=applied, ignore=ignore)
        compared = {*declared} - ignored - unseen
        ours |= {name for name in compared if world.get(name) == declared[name]}
        ours -= {name for name in compared if f"/nics/{name}/vlan" in waiting(found)}
        if works:
            world = {name: vlan for name, vlan in world.items() if name not in removed}
            world |= {name: declared[name] for name in compared}


def waiting(found: Any) -> set[str]:
    return {change.path for change in found.changes if change.cause is Cause.DECLARED}


HIDDEN = {"/password": Treatment.WRITE_ONLY}
SET = {"password": SECRET}


def secret(observed: Any, applied: Any, **more: Any) -> list[Change]:
    return list(diff({"password": "print-2"}, Projection(observed, **more), HIDDEN, applied=applied).changes)


@pytest.mark.parametrize(
    ("observed", "applied", "causes"),
    [
        pytest.param(SET, {"password": "print-2"}, [], id="the same as last time"),
        pytest.param(SET, {"password": "print-1"}, [Cause.DECLARED], id="another than last time"),
        pytest.param(SET, {}, [Cause.DECLARED], id="newly declared"),
        pytest.param(SET, None, [], id="nothing is remembered, and one is set"),
        pytest.param({}, None, [Cause.DRIFT], id="nothing is remembered, and none is set"),
        pytest.param({}, {"password": "print-2"}, [Cause.DRIFT], id="somebody removed it"),
        pytest.param({}, {}, [Cause.DECLARED], id="never sent"),
    ],
)
def test_a_secret_is_compared_with_the_one_applied_last(observed: Any, applied: Any, causes: Any) -> None:
    found = secret(observed, applied)
    assert [change.cause for change in found] == causes
    assert all(change.desired == SECRET for change in found)


def test_a_secret_that_waits_for_a_restart_is_accepted() -> None:
    (change,) = secret({}, {"password": "print-2"}, accepted=SET)
    assert change.accepted


def test_a_fingerprint_is_never_shown() -> None:
    (whole,) = diff({"a": 1, "password": "print-2"}, None, HIDDEN, applied=None).changes
    assert whole.desired == {"a": 1, "password": SECRET}
    assert "print-2" not in repr(secret({}, {}))


EVERY = ("/nics",)


def undeclared(declared: Any, projection: Projection, applied: Any, ignore: Any = ()) -> list[Change]:
    found = diff(declared, projection, {}, applied=applied, ignore=ignore, exclusive=EVERY)
    return [change for change in found.changes if change.desired is MISSING]


@pytest.mark.parametrize(
    ("applied", "cause"),
    [
        pytest.param(ONE, Cause.DRIFT, id="somebody else made it"),
        pytest.param(None, Cause.DRIFT, id="nothing is remembered"),
        pytest.param(TWO, Cause.DECLARED, id="it was applied and is declared no more"),
    ],
)
def test_in_an_exclusive_mapping_whatever_is_not_declared_is_to_be_removed(
    applied: Any, cause: Cause
) -> None:
    (change,) = undeclared(ONE, Projection(TWO), applied)
    assert (change.path, change.observed, change.cause) == ("/nics/net1", {"vlan": 2}, cause)


@pytest.mark.parametrize(
    ("declared", "seen", "ignore"),
    [
        pytest.param(ONE, TWO, ("/nics/net1",), id="it is ignored"),
        pytest.param(ONE, TWO, ("/nics/*",), id="everything there is ignored"),
        pytest.param(TWO, TWO, (), id="it is declared"),
        pytest.param({"nics": {"net0": {}, "net1": {}}}, TWO, (), id="it is declared and says nothing"),
        pytest.param(ONE, {**ONE, "disks": {"scsi0": {}}}, (), id="it stands in another mapping"),
        pytest.param(ONE, ONE, (), id="nothing else is there"),
    ],
)
def test_nothing_else_is_removed(declared: Any, seen: Any, ignore: Any) -> None:
    assert undeclared(declared, Projection(seen), ONE, ignore) == []


@pytest.mark.parametrize("without", [{}, {"nics": {}}])
def test_every_member_goes_when_none_is_declared(without: dict[str, Any]) -> None:
    assert [change.path for change in undeclared(without, Projection(TWO), None)] == [
        "/nics/net0",
        "/nics/net1",
    ]


def test_a_member_that_comes_with_a_restart_is_to_be_removed_too() -> None:
    (later,) = undeclared(ONE, Projection(ONE, accepted=TWO), ONE)
    assert (later.path, later.later, later.cause) == ("/nics/net1", True, Cause.DRIFT)
    (waits,) = undeclared(ONE, Projection(TWO, accepted=ONE), ONE)
    assert (waits.accepted, waits.cause) == (True, Cause.DRIFT)


@pytest.mark.parametrize(
    ("declared", "hidden", "unseen"),
    [
        pytest.param({}, "/nics", ["/nics"], id="the mapping"),
        pytest.param({}, "/nics/*", ["/nics/*"], id="every member"),
        pytest.param({}, "", [""], id="everything"),
        pytest.param(ONE, "/nics/net1", ["/nics/net1"], id="one that may be there"),
        pytest.param(ONE, "/nics/net0", ["/nics/net0/vlan"], id="one that is declared"),
        pytest.param(ONE, "/nics/net1/vlan", [], id="less than one that may be there"),
        pytest.param({}, "/disks", [], id="another mapping"),
        pytest.param(ONE, "/ignored", [], id="what is ignored"),
    ],
)
def test_what_cannot_be_read_of_an_exclusive_mapping_is_never_in_sync_and_never_removed(
    declared: Any, hidden: str, unseen: list[str]
) -> None:
    seen = Projection(ONE, unseen=(hidden,))
    found = diff(declared, seen, {}, applied=None, exclusive=(*EVERY, "/ignored"), ignore=("/ignored",))
    assert [*found.unseen] == unseen
    if hidden in ("/nics", "/nics/*", ""):
        assert found.changes == ()


def test_an_entry_goes_with_the_member_of_an_exclusive_mapping_that_it_stands_in() -> None:
    seen: Tree = {"vnets": {"a": {"subnets": {"1": {}}}}}
    treatments = {"/vnets/*/subnets/*": Treatment.MEMBER}
    found = diff({}, Projection(seen), treatments, applied=seen, exclusive=("/vnets",))
    assert [(change.path, change.cause) for change in found.changes] == [("/vnets/a", Cause.DECLARED)]
    inner = diff({"vnets": {"a": {}}}, Projection(seen), {}, applied=None, exclusive=("/vnets/*/subnets",))
    assert [change.path for change in inner.changes] == ["/vnets/a/subnets/1"]


MOMENTS_OF_ALL = st.lists(
    st.tuples(NICS, NICS, st.sets(NAMES), st.sets(NAMES), st.booleans(), st.booleans()),
    min_size=1,
    max_size=8,
)


@given(moments=MOMENTS_OF_ALL, remembers=st.booleans())
def test_an_exclusive_mapping_comes_to_hold_what_is_declared_and_remembers_no_stranger_as_ours(
    moments: list[Any], *, remembers: bool
) -> None:
    """Each moment: what is declared, what others do, what is ignored and unseen, whether steps work and others act."""
    world: dict[str, int] = {}
    applied: dict[str, Any] | None = {} if remembers else None
    for declared, others, ignored, unseen, works, others_act in moments:
        world = dict(others) if others_act else world
        hidden = Projection(nics(world), unseen=tuple(f"/nics/{name}" for name in sorted(unseen)))
        ignore = tuple(f"/nics/{name}" for name in ignored)
        found = diff(nics(declared), hidden, {}, applied=applied, ignore=ignore, exclusive=EVERY)
        removed = {parts(c.path)[1]: c.cause for c in found.changes if c.desired is MISSING}
        assert removed.keys() == {*world} - {*declared} - ignored - unseen
        before = (applied or {}).get("nics", {})
        assert all((cause is Cause.DECLARED) == (name in before) for name, cause in removed.items())
        told = {parts(pointer)[1] for pointer in found.unseen}
        assert told == unseen - ignored
        applied = in_force(nics(declared), found, {}, applied=applied, ignore=ignore, exclusive=EVERY)
        assert applied.get("nics", {}).keys() <= {*declared} | before.keys()
        assert applied.get("nics", {}).keys() >= {
            n for n, cause in removed.items() if cause is Cause.DECLARED
        }
        if works:
            world = {name: vlan for name, vlan in world.items() if name not in removed}
            world |= {name: declared[name] for name in {*declared} - ignored - unseen}
            if not ignored | unseen:
                assert world == declared


VALUES: st.SearchStrategy[Any] = st.sampled_from(
    [1, True, 1.0, "1", None, [1], [True], ["a", "b"], ["b", "a"], {}, SECRET]
)
DEEP: st.SearchStrategy[Any] = st.recursive(
    st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3),
    lambda inner: st.dictionaries(st.sampled_from("abc"), VALUES | inner, max_size=3),
    max_leaves=10,
)
PLACES: st.SearchStrategy[str] = st.sampled_from(
    ["", "/a", "/b", "/*", "/a/*", "/*/a", "/a/b", "/*/b", "/a/b/c"]
)
HOW: st.SearchStrategy[dict[str, Treatment]] = st.dictionaries(
    PLACES.filter(bool), st.sampled_from(list(Treatment)), max_size=3
)
SOME: st.SearchStrategy[list[str]] = st.sets(PLACES, max_size=2).map(sorted)


@st.composite
def nearly_alike(draw: st.DrawFn) -> tuple[Any, Any]:
    """Two trees that are mostly the same, the keys of the second in another order."""
    one = draw(DEEP)
    other = draw(st.just(one) | DEEP)
    mixed = {key: other.get(key, one.get(key)) for key in sorted({*one, *other}, reverse=True)}
    return one, draw(st.sampled_from([other, mixed]))


@given(nearly_alike(), DEEP | st.none(), HOW, SOME, SOME, SOME)
def test_to_pass_over_what_is_the_same_changes_nothing(
    pair: Any, applied: Any, how: Any, unseen: list[str], ignore: list[str], exclusive: list[str]
) -> None:
    """What is accepted for after a restart is never passed over, and here it is just what is seen."""
    declared, seen = pair
    more: Any = {"applied": applied, "ignore": ignore, "exclusive": [place for place in exclusive if place]}
    quick = diff(declared, Projection(seen, unseen=tuple(unseen)), how, **more)
    slow = diff(declared, Projection(seen, accepted=dict(seen), unseen=tuple(unseen)), how, **more)
    changed = {change.path: replace(change, accepted=False) for change in slow.changes}
    assert {change.path: replace(change, accepted=False) for change in quick.changes} == changed
    assert {*quick.unseen} == {*slow.unseen}


def leaves_of(declared: Any, how: Any) -> dict[str, Any]:
    """Every leaf as it is compared."""
    found = diff(declared, Projection({}, unseen=("",)), how, applied=None)
    return {pointer: lookup(declared, pointer) for pointer in found.unseen}


@given(nearly_alike(), DEEP | st.none(), HOW, SOME, SOME)
def test_every_leaf_is_remembered_or_waits_or_stays_what_it_was(
    pair: Any, applied: Any, how: Any, unseen: list[str], ignore: list[str]
) -> None:
    declared, seen = pair
    found = diff(declared, Projection(seen, unseen=tuple(unseen)), how, applied=applied, ignore=ignore)
    kept = in_force(declared, found, how, applied=applied, ignore=ignore)
    waits = {change.path for change in found.changes if change.cause is not Cause.DRIFT}
    members = [pattern for pattern, one in how.items() if one is Treatment.MEMBER]
    for pointer, value in leaves_of(declared, how).items():
        hidden = pointer in found.unseen or any(covers(pattern, pointer) for pattern in ignore)
        of_member = any(covers(pattern, pointer) for pattern in members)
        before = value if applied is None and not of_member else at(applied or {}, pointer)
        expected = MISSING if pointer in waits else before if hidden else value
        if not any(change.desired is MISSING for change in found.changes):
            assert repr(at(kept, pointer)) == repr(expected)


def at(tree: Any, pointer: str) -> Any:
    try:
        return lookup(tree, pointer)
    except KeyError:
        return MISSING


class Named(str):
    """A text of a type of its own."""

    __slots__ = ()


def test_what_has_a_type_of_its_own_is_compared_all_the_same() -> None:
    assert paths({"a": {"b": Named("x")}}, {"a": {"b": Named("x")}}) == []
    assert paths({"a": {"b": Named("x")}}, {"a": {"b": Named("y")}}) == ["/a/b"]
