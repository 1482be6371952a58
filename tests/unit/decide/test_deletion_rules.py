"""Rules about what left the declarations: each holds just when it should, and says what releases it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from setpoint.decide.deletion import Weighed, hold_steps, weigh
from setpoint.decide.deletion.empty import empties
from setpoint.decide.deletion.grace import grace
from setpoint.decide.deletion.kind_missing import missing
from setpoint.decide.deletion.limit import DAY, allowance, judge, token_of
from setpoint.decide.deletion.mode import GRACE, deletes, grace_of
from setpoint.decide.deletion.owned import again_token, owned, taken_up
from setpoint.decide.deletion.weighed import Declarations, listed
from setpoint.decide.deletion.weighing import Scales
from setpoint.decide.holds import judge as judge_steps
from setpoint.decide.likeness import looks_alike, rename_token
from setpoint.model.hold import Rule
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.observation import Absent
from setpoint.model.origin import Origin
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Deletion, Manage, Policy
from setpoint.model.resource import Resource
from setpoint.model.tombstone import Phase, Tombstone
from tests.unit.decide.test_holds import LOOKED

SHELF, OTHER = Key("default", "Shelf", "s"), Key("default", "Shelf", "t")
GOOD = Declarations(good=True, sentence="v2 is in force")
NOW = 10 * DAY


def key(name: str) -> Key:
    return Key("default", "Box", name)


def resource(name: str, target: Key = SHELF, references: tuple[Key, ...] = ()) -> Resource:
    return Resource(
        key(name), {"colour": name}, Policy(), Origin("x.yaml"), name, target, (target, *references)
    )


def tombstone(
    name: str, *, target: Key = SHELF, references: tuple[Key, ...] = (), **more: object
) -> Tombstone:
    return replace(Tombstone(resource(name, target, references), NOW, "v2"), **more)  # type: ignore[arg-type]  # by name


def scales(*left: Tombstone, ours: int = 10, **more: object) -> Scales:
    base = Scales(
        tombstones={one.key: one for one in left},
        resources={},
        ours={("Box", SHELF): ours},
        declarations=GOOD,
        kinds={"Box"},
        approved=lambda _: False,
        now=NOW,
    )
    return replace(base, **more)  # type: ignore[arg-type]  # by name


def weighed(first: Tombstone, *others: Tombstone, ours: int = 10, **more: object) -> Weighed:
    return scales(first, *others, ours=ours, **more).weigh()[first.key]


def rules(first: Tombstone, *others: Tombstone, ours: int = 10, **more: object) -> list[Rule]:
    return [hold.rule for hold in weigh(weighed(first, *others, ours=ours, **more))]


A, B = tombstone("a"), tombstone("b")


def test_one_that_nothing_speaks_against_is_free() -> None:
    assert rules(A) == []


@pytest.mark.parametrize(
    ("declarations", "why"),
    [
        (replace(GOOD, good=False, sentence="no route to the forge"), "no route to the forge"),
        (replace(GOOD, problems=1), "1 mistake,"),
        (replace(GOOD, problems=2), "2 mistakes,"),
        (replace(GOOD, notes=("x.yaml is a symbolic link and not read",)), "symbolic link"),
    ],
    ids=["not read", "a mistake", "mistakes", "left out"],
)
def test_nothing_goes_unless_the_declarations_are_good_and_complete(
    declarations: Declarations, why: str
) -> None:
    (hold,) = weigh(weighed(A, declarations=declarations))
    assert (hold.rule, why in hold.why) == (Rule.SOURCE, True)


def test_an_empty_set_is_told_from_one_with_mistakes_and_from_a_beginning() -> None:
    assert empties([1], [], [])
    assert not empties([], [], [])
    assert not empties([1], [1], [])
    assert not empties([1], [], ["a mistake"])


def test_a_kind_that_is_not_installed_holds_and_says_what_to_install() -> None:
    (hold,) = weigh(weighed(A, kinds=set()))
    assert hold == missing(A.key)
    assert "Box" in hold.why


def test_what_others_need_goes_after_them() -> None:
    needs = tombstone("needs", references=(A.key,))
    (hold,) = weigh(weighed(A, needs))
    assert (hold.rule, hold.passing, "Box/needs" in hold.why) == (Rule.DEPENDANTS, True, True)
    assert rules(needs, A) == []
    assert rules(A, replace(needs, phase=Phase.KEPT)) == []
    staying = {key("stays"): resource("stays", references=(A.key,))}
    (hold,) = weigh(weighed(A, resources=staying))
    assert (hold.rule, hold.passing) == (Rule.DEPENDANTS, False)


def test_what_needs_itself_waits_for_nobody() -> None:
    assert rules(tombstone("a", references=(A.key,))) == []


def test_what_came_and_looks_the_same_holds_until_it_is_gone_or_a_person_says_that_it_is_another() -> None:
    alike = replace(A, alike=(key("new"),))
    declared = {key("new"): resource("new")}
    (hold,) = weigh(weighed(alike, resources=declared))
    assert (hold.rule, hold.token) == (Rule.RENAMED, rename_token(alike))
    assert "metadata.formerly: a" in hold.release
    assert rules(alike) == []
    assert rules(alike, resources=declared, approved=rename_token(alike).__eq__) == []


def test_the_making_of_what_looks_the_same_is_held_too() -> None:
    looked = replace(LOOKED, observation=Absent("none"), left=(replace(A, alike=(LOOKED.owner.key,)), B))
    create = (Step("create", "make it"),)
    (planned,) = judge_steps(looked, create)
    assert [hold.rule for hold in planned.holds] == [Rule.RENAMED]
    token = planned.holds[0].token
    for free in (
        replace(looked, approved=token.__eq__),
        replace(looked, left=(B,)),
        replace(looked, observation=LOOKED.observation),
    ):
        assert Rule.RENAMED not in [hold.rule for hold in judge_steps(free, create)[0].holds]
    # It was there already, so nothing is made twice; `Recreate` speaks of it.
    seen = judge_steps(replace(looked, seen_at=1.0), create)[0].holds
    assert Rule.RENAMED not in [hold.rule for hold in seen]


@pytest.mark.parametrize(
    ("fresh", "gone_id", "fresh_id", "alike"),
    [
        (replace(resource("a"), key=key("new")), None, None, True),
        (resource("new"), None, None, False),
        (resource("new"), {"id": 7}, {"id": 7}, True),
        (resource("new"), {"id": 7}, {"id": 8}, False),
        (resource("new"), {"id": 7}, None, False),
        (replace(resource("a", OTHER), key=key("new")), None, None, False),
        (replace(resource("a"), key=Key("default", "Crate", "new")), None, None, False),
    ],
    ids=["same spec", "another spec", "same id", "another id", "no id", "another target", "another kind"],
)
def test_alike_is_the_same_declaration_or_the_same_object(
    fresh: Resource, gone_id: dict[str, int] | None, fresh_id: dict[str, int] | None, *, alike: bool
) -> None:
    assert looks_alike(resource("a"), gone_id, fresh, fresh_id) is alike


@pytest.mark.parametrize(
    ("object_id", "mark", "known", "why"),
    [
        ("7", Mark("home", A.key, "7"), "7", None),
        ("7", Mark("home", A.key, "7"), None, "does not list"),
        ("7", Mark("home", A.key, "7"), "8", "lists Box/a as 8"),
        ("7", None, "7", "does not bear our mark any more"),
        ("7", Mark("other", A.key, "7"), "7", "estate other"),
        ("7", Mark("home", key("b"), "7"), "7", "the mark of Box/b"),
        ("7", Mark("home", A.key, "6"), "7", "so it is a copy"),
    ],
    ids=["ours", "not listed", "another id", "no mark", "another estate", "another key", "a copy"],
)
def test_only_what_is_listed_and_marked_is_ours(
    object_id: str, mark: Mark | None, known: str | None, why: str | None
) -> None:
    hold = owned(Owner("home", A.key), object_id, mark, known)
    if why is None:
        assert hold is None
    else:
        assert hold is not None
        assert (hold.rule, why in hold.why) == (Rule.DELETION, True)
        assert "setpoint forget Box/a" in hold.release


def test_what_was_started_again_after_it_was_stopped_is_wanted() -> None:
    stopped = replace(A, stopped_at=NOW)
    hold = taken_up(stopped, ahead=1)
    assert hold is not None
    assert (hold.rule, hold.token) == (Rule.DELETION, again_token(stopped))
    assert taken_up(stopped, ahead=0) is None
    assert taken_up(A, ahead=1) is None
    assert again_token(stopped) != again_token(replace(stopped, stopped_at=NOW + 1))


@pytest.mark.parametrize(
    ("stopped_at", "lasting", "now", "held", "until"),
    [
        (0.0, timedelta(0), NOW, False, 0.0),
        (0.0, timedelta(hours=1), NOW, True, 0.0),
        (NOW, timedelta(hours=1), NOW + 3599, True, NOW + 3600),
        (NOW, timedelta(hours=1), NOW + 3600, False, 0.0),
        (NOW, timedelta(hours=1), NOW - DAY, True, NOW + 3600),
    ],
    ids=["none", "not stopped yet", "just before", "over", "the clock was set back"],
)
def test_the_grace_begins_when_it_is_stopped(
    stopped_at: float, lasting: timedelta, now: float, until: float, *, held: bool
) -> None:
    hold = grace(A.key, stopped_at, lasting, now)
    assert (hold is not None) is held
    if hold is not None:
        assert (hold.rule, hold.passing, hold.until) == (Rule.GRACE, True, until)
        assert "setpoint undelete Box/a" in hold.release


@pytest.mark.parametrize("stateful", [True, False])
@pytest.mark.parametrize("deletion", [None, *Deletion])
def test_what_holds_data_goes_only_when_its_policy_says_so(
    deletion: Deletion | None, *, stateful: bool
) -> None:
    policy = Policy(deletion=deletion)
    wanted = deletion is Deletion.DELETE or (deletion is None and not stateful)
    assert deletes(policy, removable=True, stateful=stateful) is wanted
    assert not deletes(policy, removable=False, stateful=stateful)
    for manage in (Manage.UPDATE_ONLY, Manage.NO_DELETE, Manage.OBSERVE):
        assert not deletes(Policy(deletion=deletion, manage=manage), removable=True, stateful=stateful)


def test_the_grace_of_what_holds_data_is_a_day() -> None:
    assert grace_of(Policy(), stateful=True) == GRACE == timedelta(days=1)
    assert grace_of(Policy(), stateful=False) == timedelta(0)
    assert grace_of(Policy(grace=timedelta(hours=2)), stateful=True) == timedelta(hours=2)


def test_only_the_last_step_waits_for_the_grace_and_every_step_for_the_rest() -> None:
    steps = (Step("stop", "stop it", (), Disruption.DESTROY), Step("end", "end it", (), Disruption.DESTROY))
    (hold,) = weigh(weighed(A, kinds=set()))
    first, last = hold_steps(LOOKED, steps, (hold,), 0.0, timedelta(hours=1))
    assert [one.rule for one in first.holds] == [Rule.KIND_MISSING]
    assert [one.rule for one in last.holds] == [Rule.KIND_MISSING, Rule.GRACE]
    observing = replace(LOOKED, policy=Policy(manage=Manage.OBSERVE))
    assert [one.rule for one in hold_steps(observing, steps, (), 0.0, timedelta(0))[1].holds] == [Rule.MANAGE]


@pytest.mark.parametrize(("inventory", "may"), [(0, 3), (10, 3), (39, 3), (40, 4), (1000, 100)])
def test_three_may_go_or_a_tenth(inventory: int, may: int) -> None:
    assert allowance(inventory) == may


def test_a_set_that_is_too_large_is_held_as_a_whole_and_let_go_by_its_own_token() -> None:
    four = [tombstone(name) for name in "abcd"]
    (hold,) = weigh(weighed(*four))
    assert (hold.rule, hold.token) == (Rule.DELETION_LIMIT, token_of(four))
    assert "4 of 10 Box on Shelf/s" in hold.why
    assert rules(*four[:3]) == []
    assert rules(*four, approved=token_of(four).__eq__) == []
    assert rules(*four, approved=token_of(four[:3]).__eq__) == [Rule.DELETION_LIMIT]
    assert rules(four[0], *(replace(one, resource=resource(one.key.name, OTHER)) for one in four[1:])) == []


def test_the_first_of_a_wave_are_held_with_it_unless_their_destruction_has_begun_or_was_approved() -> None:
    gone_on = [tombstone(name, let_go_at=NOW - 60) for name in "abc"]
    late = tombstone("d")
    verdict = judge([*gone_on, late], 10, lambda _: False, NOW)
    assert {one.name for one in verdict.held} == set("abcd")
    assert all(not one.let_go_at for one in verdict.held.values())
    for change in ({"phase": Phase.DESTROYING}, {"approved": "token"}, {"phase": Phase.GONE}):
        begun = [replace(one, **change) for one in gone_on]  # type: ignore[arg-type]  # by name
        assert {one.name for one in judge([*begun, late], 10, lambda _: False, NOW).held} == {"d"}
    kept = [replace(one, phase=Phase.KEPT) for one in gone_on]
    assert not judge([*kept, late], 10, lambda _: False, NOW).held
    assert not judge([*gone_on, late], 10, lambda _: False, NOW + DAY).held


def test_approved_ones_keep_the_moment_of_which_they_count() -> None:
    first, late = tombstone("a", let_go_at=NOW - 60), [tombstone(name) for name in "bcd"]
    verdict = judge([first, *late], 10, lambda _: True, NOW)
    assert {one.key.name: one.let_go_at for one in verdict.let_go} == {
        "a": NOW - 60, "b": NOW, "c": NOW, "d": NOW,
    }  # fmt: skip
    assert all(one.approved == token_of([first, *late]) for one in verdict.let_go)


def test_another_set_has_another_token() -> None:
    sets = [
        [A], [B], [A, B], [replace(A, version="v3")], [replace(A, left_at=NOW + 1)], [replace(A, resource=resource("a", OTHER))],
    ]  # fmt: skip
    assert len({token_of(one) for one in sets}) == len(sets)
    assert token_of([A, B]) == token_of([B, A])


def test_a_long_list_is_cut_and_counted() -> None:
    assert listed([key("b"), key("a")]) == "Box/a, Box/b"
    assert listed(key(f"n{number}") for number in range(7)).endswith("Box/n4 and 2 more")


@given(
    removals=st.lists(st.tuples(st.integers(1, 8), st.floats(0, 2 * DAY)), max_size=12),
    inventory=st.integers(0, 80),
)
def test_without_a_person_no_day_sees_more_than_may_go(
    removals: list[tuple[int, float]], inventory: int
) -> None:
    """Whatever leaves, and whenever: each commit removes some, and all that may go are destroyed at once."""
    now, number = NOW, 0
    known: dict[Key, Tombstone] = {}
    destroyed: list[float] = []
    for count, later in removals:
        now += later
        for _ in range(count):
            fresh = tombstone(f"b{number}", left_at=now)
            known[fresh.key], number = fresh, number + 1
        verdict = judge(known.values(), inventory, lambda _: False, now)
        known |= verdict.held
        for one in verdict.let_go:
            known[one.key] = replace(one, phase=Phase.GONE)
            destroyed.append(now)
    for moment in destroyed:
        within = [one for one in destroyed if moment - DAY < one <= moment]
        assert len(within) <= allowance(inventory)


@given(
    phases=st.lists(st.tuples(st.sampled_from(Phase), st.floats(0, 2 * NOW), st.booleans()), max_size=12),
    inventory=st.integers(0, 60),
)
def test_an_approval_lets_go_exactly_what_was_held(
    phases: list[tuple[Phase, float, bool]], inventory: int
) -> None:
    group = [
        tombstone(f"b{number}", phase=phase, let_go_at=at if let_go else 0.0)
        for number, (phase, at, let_go) in enumerate(phases)
    ]
    before = judge(group, inventory, lambda _: False, NOW)
    assert not (before.held and before.let_go)
    assert bool(before.token) == bool(before.held)
    if before.held:
        after = judge(group, inventory, before.token.__eq__, NOW)
        assert {one.key for one in after.let_go} == before.held.keys()
        assert not judge(
            [one for one in group if one.key not in before.held], inventory, lambda _: False, NOW
        ).held
    assert all(one.active for one in (*before.let_go, *before.held.values()))
