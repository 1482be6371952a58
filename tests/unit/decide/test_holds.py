from __future__ import annotations

from dataclasses import replace

import pytest

from setpoint.decide.holds import Looked, exists, judge
from setpoint.decide.holds.consent import consent, consent_token
from setpoint.decide.holds.recreate import recreate, recreate_token
from setpoint.decide.scope import actionable, standing, visible
from setpoint.model.diff import Cause, Change, Diff
from setpoint.model.hold import Rule
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.observation import Absent, Present
from setpoint.model.plan import Consent, Disruption, Restarts, Step, obstructed
from setpoint.model.policy import Policy

KEY = Key("default", "Box", "one")
OURS = Mark("home", KEY, "7")
PRESENT = Present("state", {"id": 7}, OURS)
LOOKED = Looked(
    owner=Owner("home", KEY), target=Key("default", "Shelf", "s"), policy=Policy(), observation=PRESENT, object_id="7", needed="", stateful=True,
    known_again=False, remembered=None, wiped=False, seen_at=0.0, restarts=Restarts(), freezes=(), left=(), radius=None,
    approved=lambda token: False, now=0.0,
)  # fmt: skip
STEP = Step("set", "set it")


def test_our_object_is_known_again_when_somebody_wiped_its_mark() -> None:
    wiped = replace(LOOKED, observation=replace(PRESENT, mark=None), seen_at=1.0)
    assert exists(replace(wiped, known_again=True)) is None
    held = exists(wiped)
    assert held is not None
    assert "any more" in held.why
    strange = replace(
        wiped, observation=replace(PRESENT, mark=replace(OURS, estate="other")), known_again=True
    )
    assert exists(strange) is not None


def test_a_former_name_is_still_ours() -> None:
    renamed = replace(LOOKED, owner=Owner("home", Key("default", "Box", "new"), formerly=KEY))
    assert exists(renamed) is None
    assert exists(replace(renamed, owner=replace(renamed.owner, formerly=None))) is not None


def test_our_own_object_is_not_held() -> None:
    assert exists(LOOKED) is None


def test_what_is_not_there_is_in_nobodys_way() -> None:
    assert exists(replace(LOOKED, observation=Absent("proof"))) is None


@pytest.mark.parametrize(
    ("mark", "why", "release"),
    [
        pytest.param(
            None, "7 exists and does not bear our mark", "set policy.adopt to take it over", id="no mark"
        ),
        pytest.param(
            replace(OURS, estate="work"),
            "7 belongs to Box/one of estate work",
            "give Box/one another id or name, or let estate work let go of it first",
            id="another estate",
        ),
        pytest.param(
            replace(OURS, key=Key("default", "Box", "two")),
            "7 belongs to Box/two of estate home",
            "give Box/one another id or name, or if that is its former name, write metadata.formerly: two",
            id="another key",
        ),
        pytest.param(
            replace(OURS, object_id="8"),
            "7 is a copy of 8, for it bears the mark of that: Box/one of estate home",
            "give Box/one another id or name, or remove our line from the notes of the copy",
            id="a copied mark",
        ),
        pytest.param(
            replace(OURS, estate="work", object_id="8"),
            "7 is a copy of 8, for it bears the mark of that: Box/one of estate work",
            "give Box/one another id or name, or remove our line from the notes of the copy",
            id="a copied mark of another estate",
        ),
    ],
)
@pytest.mark.parametrize("adopt", [False, True], ids=["", "adopting"])
def test_what_is_not_ours_is_held_and_told_whose_it_is(
    mark: Mark | None, why: str, release: str, *, adopt: bool
) -> None:
    strange = replace(LOOKED, policy=Policy(adopt=adopt), observation=replace(PRESENT, mark=mark))
    hold = exists(strange)
    if mark is None and adopt:
        assert hold is None
        return
    assert hold is not None
    assert (hold.rule, hold.why, hold.token) == (Rule.EXISTS, why, "")
    assert hold.release.startswith(release)


GONE = replace(LOOKED, observation=Absent("proof"), remembered={"id": 7}, seen_at=1_800_000_000.0)


def test_a_lost_stateful_object_needs_approval_of_exactly_this_loss() -> None:
    hold = recreate(GONE, STEP)
    assert hold is not None
    assert hold.token == recreate_token(GONE)
    assert hold.token in hold.release
    assert recreate(replace(GONE, approved={hold.token}.__contains__), STEP) is None
    later = replace(GONE, seen_at=GONE.seen_at + 60, approved={hold.token}.__contains__)
    assert recreate(later, STEP) is not None


@pytest.mark.parametrize(
    "free",
    [
        pytest.param(replace(GONE, stateful=False), id="nothing is lost with it"),
        pytest.param(replace(GONE, seen_at=0.0), id="it was never seen"),
        pytest.param(LOOKED, id="it is there"),
    ],
)
def test_other_creations_are_free(free: Looked) -> None:
    assert recreate(free, STEP) is None


@pytest.mark.parametrize("disruption", list(Disruption))
def test_only_a_restart_is_held_by_reboot_never(disruption: Disruption) -> None:
    (planned,) = judge(LOOKED, (Step("x", "x", (Change("/cores", 2, 1),), disruption),))
    assert bool(planned.holds) == (disruption is Disruption.RESTART)
    assert all("cores" in hold.why for hold in planned.holds)


@pytest.mark.parametrize("passing", [True, False])
def test_what_cannot_be_done_is_held_with_its_reason(*, passing: bool) -> None:
    (planned,) = judge(LOOKED, (obstructed("it cannot shrink", "declare more", (), passing=passing),))
    assert [(h.rule, h.why, h.release, h.passing) for h in planned.holds] == [
        (Rule.IMPOSSIBLE, "it cannot shrink", "declare more", passing)
    ]


DRIFTED = Change("/a", 1, 2, Cause.DRIFT)
DECLARED = Change("/b", 1, 2, Cause.DECLARED)
FIXED = Change("/c", 1, 2, Cause.DECLARED, fixed=True)
ALL = Diff((DRIFTED, DECLARED, FIXED))


@pytest.mark.parametrize(
    ("drift", "shown", "corrected", "held"),
    [
        pytest.param("enforce", "abc", "ab", [Rule.CREATE_ONLY], id="enforce"),
        pytest.param("warn", "abc", "b", [Rule.DRIFT_WARN, Rule.CREATE_ONLY], id="warn"),
        pytest.param("off", "bc", "b", [Rule.CREATE_ONLY], id="off"),
    ],
)
def test_policy_decides_what_is_shown_and_corrected(
    drift: str, shown: str, corrected: str, held: list[Rule]
) -> None:
    policy = Policy.model_validate({"drift": drift})
    seen = visible(ALL, policy)
    assert "".join(change.path[1:] for change in seen.changes) == shown
    assert "".join(change.path[1:] for change in actionable(seen, policy).changes) == corrected
    assert [hold.rule for hold in standing(seen, policy)] == held


NIGHT = "sat 02:00-05:00 UTC"
INSIDE, OUTSIDE = 1_795_230_000.0, 1_795_260_000.0
RESTART = Step("restart", "restart it", (Change("/cores", 2, 1, accepted=True),), Disruption.RESTART)


@pytest.mark.parametrize(
    ("policy", "now", "held", "passing"),
    [
        pytest.param({}, INSIDE, True, False, id="never"),
        pytest.param({"window": NIGHT}, INSIDE, True, False, id="a window alone allows nothing"),
        pytest.param({"reboot": "whenNeeded"}, OUTSIDE, False, False, id="when needed"),
        pytest.param({"reboot": "window", "window": NIGHT}, INSIDE, False, False, id="inside the window"),
        pytest.param({"reboot": "window", "window": NIGHT}, OUTSIDE, True, True, id="outside the window"),
    ],
)
def test_a_restart_happens_when_the_policy_lets_it(
    policy: dict[str, str], now: float, *, held: bool, passing: bool
) -> None:
    (planned,) = judge(replace(LOOKED, policy=Policy.model_validate(policy), now=now), (RESTART,))
    assert bool(planned.holds) is held
    assert [hold.passing for hold in planned.holds] == [passing] * held
    assert all("Sat 2026-11-28 02:00 UTC" in hold.release for hold in planned.holds if hold.passing)


def test_what_bears_nobodys_mark_may_be_adopted() -> None:
    strange = replace(LOOKED, observation=replace(PRESENT, mark=None))
    adopting = replace(strange, policy=Policy(adopt=True))
    held = exists(strange)
    assert held is not None
    assert "policy.adopt" in held.release
    assert exists(adopting) is None
    assert exists(replace(adopting, seen_at=5.0)) is not None
    assert exists(replace(adopting, observation=replace(PRESENT, mark=replace(OURS, estate="x")))) is not None


ASKED = Consent("400 of 1000 sets would go", {"serial": 7, "deleted": 400})
FAR = replace(STEP, consent=ASKED)


def test_a_step_that_goes_far_needs_approval_of_exactly_that() -> None:
    (planned,) = judge(LOOKED, (FAR,))
    (hold,) = planned.holds
    assert (hold.rule, hold.why) == (Rule.CONSENT, ASKED.why)
    assert hold.token == consent_token(KEY, ASKED)
    assert len(hold.token) == 12
    assert hold.release.endswith(f"setpoint approve {hold.token}")
    assert consent(replace(LOOKED, approved={hold.token}.__contains__), FAR) is None


@pytest.mark.parametrize(
    ("key", "asked", "same"),
    [
        pytest.param(
            KEY, Consent("in other words", {"deleted": 400, "serial": 7}), True, id="said otherwise"
        ),
        pytest.param(KEY, replace(ASKED, subject={"serial": 8, "deleted": 400}), False, id="another time"),
        pytest.param(KEY, replace(ASKED, subject=None), False, id="another subject"),
        pytest.param(replace(KEY, namespace="test"), ASKED, False, id="another resource"),
    ],
)
def test_consent_covers_its_subject_and_nothing_else(key: Key, asked: Consent, *, same: bool) -> None:
    looked = replace(LOOKED, owner=Owner("home", key), approved={consent_token(KEY, ASKED)}.__contains__)
    assert (consent(looked, replace(STEP, consent=asked)) is None) is same


def test_only_to_try_again_is_agreed_to_by_an_order_at_once() -> None:
    at_once = replace(LOOKED, at_once=True)
    assert consent(at_once, FAR) is not None
    again = replace(STEP, consent=replace(ASKED, again=True))
    assert (consent(at_once, again), consent(LOOKED, again) is not None) == (None, True)


def test_a_step_that_asks_nobody_is_free() -> None:
    assert consent(LOOKED, STEP) is None
