"""Members of a group take turns: whom each has to wait for, and that never more are under change than may be."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from setpoint.decide.holds.rollout import canary_token, rollout, turn_token
from setpoint.model.hold import Hold, Releaser, Rule
from setpoint.model.key import Key
from setpoint.model.observation import Absent
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Policy
from setpoint.model.rollout import Group, Peer, Rollout
from tests.unit.decide.test_holds import LOOKED

A, B, C = (Key("default", "Box", name) for name in "abc")
WELL = Peer(A, canary=False, changing=0.0, ready=True, looked_at=50.0, generation="g")
OUT = replace(WELL, changing=40.0, ready=False)
CANARY = replace(WELL, key=C, canary=True)
GROUP = Group("web", 1, (WELL, replace(WELL, key=B)), canary=False, changing=0.0, wanted_at=45.0)
CHANGE = Step("set", "set it", (), Disruption.HOT)


def held(group: Group | None, step: Step = CHANGE, approved: str = "", **looked: Any) -> Hold | None:
    return rollout(replace(LOOKED, group=group, approved=approved.__eq__, **looked), step)


def test_who_is_ordered_at_once_waits_for_no_turn() -> None:
    waits = replace(GROUP, peers=(OUT, replace(CANARY, ready=False)))
    assert held(waits) is not None
    assert held(waits, at_once=True) is None


@pytest.mark.parametrize(
    ("group", "why"),
    [
        pytest.param(None, None, id="in no group"),
        pytest.param(GROUP, None, id="all are well"),
        pytest.param(
            replace(GROUP, peers=(OUT,)), "may be under change at once, and it is Box/a", id="one is out"
        ),
        pytest.param(replace(GROUP, peers=(OUT,), limit=2), None, id="one of two that may"),
        pytest.param(
            replace(GROUP, peers=(OUT, replace(OUT, key=B)), limit=2),
            "and it is Box/a, Box/b",
            id="two of two",
        ),
        pytest.param(replace(GROUP, peers=(OUT,), changing=30.0), None, id="it is under change itself"),
        pytest.param(
            replace(GROUP, peers=(replace(WELL, ready=False),)),
            None,
            id="one that is down and not under change",
        ),
        pytest.param(replace(GROUP, peers=(CANARY,)), None, id="a canary that has looked since"),
        pytest.param(
            replace(GROUP, peers=(replace(CANARY, looked_at=45.0),)),
            "was not looked at since",
            id="one that has not",
        ),
        pytest.param(
            replace(GROUP, peers=(replace(CANARY, ready=False),)),
            "is not in sync",
            id="a canary that is not well",
        ),
        pytest.param(
            replace(GROUP, peers=(CANARY, replace(CANARY, key=B, ready=False))),
            "canary Box/b",
            id="one of two canaries",
        ),
        pytest.param(
            replace(GROUP, peers=(replace(CANARY, ready=False),), canary=True),
            None,
            id="canaries wait for no canary",
        ),
        pytest.param(
            replace(GROUP, peers=(replace(CANARY, changing=40.0),), canary=True),
            "and it is Box/c",
            id="but in turn",
        ),
        pytest.param(
            replace(GROUP, peers=(replace(CANARY, ready=False),), changing=30.0),
            None,
            id="what was begun goes on",
        ),
    ],
)
def test_a_change_waits_for_its_turn(group: Group | None, why: str | None) -> None:
    hold = held(group)
    assert (hold is None) is (why is None)
    if hold is not None and why is not None:
        assert why in hold.why
        assert (hold.rule, hold.passing) == (Rule.ROLLOUT, True)


@pytest.mark.parametrize("disruption", Disruption)
def test_what_changes_nothing_that_runs_never_waits(disruption: Disruption) -> None:
    group = replace(GROUP, peers=(OUT, replace(CANARY, ready=False)))
    step = replace(CHANGE, disruption=disruption)
    assert (held(group, step) is None) is (disruption is Disruption.NONE)
    assert held(group, step, observation=Absent("proof")) is None


def test_a_person_lets_the_others_go_on_without_one() -> None:
    group = replace(GROUP, peers=(OUT,))
    hold = held(group)
    assert hold is not None
    assert hold.token == turn_token("web", OUT)
    assert hold.releaser is Releaser.ADMIN
    assert held(group, approved=hold.token) is None
    again = replace(group, peers=(replace(OUT, changing=60.0),))
    assert held(again, approved=hold.token) is not None


def test_a_person_lets_the_others_go_on_without_a_canary_for_a_day() -> None:
    ill = replace(CANARY, ready=False)
    group = replace(GROUP, peers=(ill,))
    hold = held(group, now=1000.0)
    assert hold is not None
    assert hold.token == canary_token("web", ill, 1000.0)
    assert held(group, approved=hold.token, now=2000.0) is None
    assert held(group, approved=hold.token, now=100_000.0) is not None
    assert (
        held(replace(group, peers=(replace(ill, generation="h"),)), approved=hold.token, now=1000.0)
        is not None
    )


@pytest.mark.parametrize(
    ("said", "members", "limit"),
    [(1, 9, 1), (3, 9, 3), ("25%", 9, 2), ("25%", 3, 1), ("100%", 9, 9)],
)
def test_how_many_may_be_under_change(said: int | str, members: int, limit: int) -> None:
    assert Rollout.model_validate({"group": "web", "maxUnavailable": said}).limit(members) == limit


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"group": ""},
        {"group": "Web"},
        {"group": "web", "maxUnavailable": 0},
        {"group": "web", "maxUnavailable": -1},
        {"group": "web", "maxUnavailable": True},
        {"group": "web", "maxUnavailable": 1.5},
        {"group": "web", "maxUnavailable": "0%"},
        {"group": "web", "maxUnavailable": "101%"},
        {"group": "web", "maxUnavailable": "2"},
        {"group": "web", "canaries": True},
    ],
    ids=str,
)
def test_what_is_no_rollout(said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Policy.model_validate({"rollout": said})


@dataclass
class Member:
    """One member, as it really is."""

    canary: bool
    declared: int = 0
    has: int = 0
    changing: float = 0.0
    ill: bool = False
    offline: bool = False
    seen: int = 0
    looked_at: float = 0.0
    wanted: tuple[int, float] = (0, 0.0)

    @property
    def ready(self) -> bool:
        """As of the last look."""
        return self.seen == self.declared and not self.ill


@dataclass
class Web:
    """A group, and what happens to it; every member looks, waits and changes by the rule alone."""

    members: list[Member]
    limit: int
    now: float = 1.0
    broken: set[int] = field(default_factory=set)
    version: int = 0

    def group(self, number: int) -> Group:
        one = self.members[number]
        peers = tuple(
            Peer(Key("default", "Box", f"m{n}"), m.canary, m.changing, m.ready, m.looked_at, str(m.declared))
            for n, m in enumerate(self.members)
            if n != number
        )
        if one.wanted[0] != one.declared:
            one.wanted = one.declared, self.now
        return Group("web", self.limit, peers, one.canary, one.changing, one.wanted[1])

    def look(self, number: int) -> None:
        """One pass of a member: it changes if it may, else it is seen as it is."""
        self.now += 1
        one = self.members[number]
        if one.offline:
            return
        if one.has != one.declared and held(self.group(number), now=self.now) is None:
            if not one.canary and not one.changing:
                # What the rule is for: nobody follows a canary that has not taken what is declared for it.
                assert all(m.has == m.declared and not m.ill for m in self.members if m.canary)
            one.changing = one.changing or self.now
            one.has = one.declared
            one.ill = one.declared in self.broken
        elif one.has == one.declared and not one.ill:
            one.changing = 0.0
        one.seen, one.looked_at = one.has, self.now

    def happen(self, what: str, number: int) -> None:
        one = self.members[number]
        match what:
            case "look":
                self.look(number)
            case "declare" | "declare one":
                self.version += 1
                for member in self.members if what == "declare" else [one]:
                    member.declared = self.version
            case "down" | "up":
                one.offline = what == "down"
            case "break":
                self.broken.add(self.version + 1)
            case _:
                self.mend()

    def mend(self) -> None:
        self.broken.clear()
        for member in self.members:
            member.ill = False

    def check(self) -> None:
        assert sum(1 for m in self.members if m.changing) <= self.limit


events = st.lists(
    st.tuples(
        st.sampled_from(["look", "look", "look", "declare", "declare one", "down", "up", "break", "mend"]),
        st.integers(0, 5),
    ),
    max_size=60,
)


@settings(max_examples=400)
@given(canaries=st.lists(st.booleans(), min_size=2, max_size=6), limit=st.integers(1, 3), events=events)
def test_never_more_are_under_change_than_may_be_and_at_last_all_are(
    canaries: list[bool], limit: int, events: list[tuple[str, int]]
) -> None:
    web = Web([Member(canary) for canary in canaries], limit)
    for what, which in events:
        web.happen(what, which % len(web.members))
        web.check()
    # Everything is mended, and every member looks again and again: nobody waits for ever.
    web.mend()
    for member in web.members:
        member.offline = False
    for _ in range(3 * len(web.members)):
        for number in range(len(web.members)):
            web.look(number)
            web.check()
    assert all(m.has == m.declared and not m.changing for m in web.members)
