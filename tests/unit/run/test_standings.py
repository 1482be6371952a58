"""How something stands, by what is remembered of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from setpoint.decide.conditions import conditions
from setpoint.model.diff import Cause, Change
from setpoint.model.hold import Hold, Rule
from setpoint.model.kind import Problem
from setpoint.model.origin import Origin
from setpoint.model.outcome import Blocked, Changed, Done, Failed, Held, Outcome, Stalled
from setpoint.model.plan import Disruption
from setpoint.model.standing import LONGEST, Stand, Weight
from setpoint.model.tombstone import Phase, Tombstone
from setpoint.run.declare import released_status
from setpoint.run.standings import STUBBORN, Known, sheet_of, standing
from setpoint.store.records import Disrupted, Item, Status
from tests.unit.run.shelves import box, declared, shelf

A = replace(declared(box("a"), shelf("s"), {}), origin=Origin("@stock/a.yaml", 1, 1), spec_hash="h")
LEFT = Tombstone(A, 1.0, "v")
DRIFT = Change("/colour", "red", "blue", Cause.DRIFT)


def hold(rule: Rule, token: str = "") -> Hold:
    return Hold(rule, "it must not be", "wait", token)


def status(outcome: Outcome, *problems: Problem, **more: Any) -> Status:
    told = conditions(outcome, problems, (), generation="h", now=5.0)
    holds = outcome.holds if isinstance(outcome, Held) else ()
    return Status(A.key, "h", "v", type(outcome).__name__, outcome.sentence, told, 5.0, holds=holds, **more)


def drifted(*rules: Rule) -> Status:
    return status(Held(tuple(map(hold, rules))), changes=(DRIFT,), drift_since=3.0)


PHASES: dict[str, tuple[Known, Stand]] = {
    "never-looked-at": (Known("a", A), Stand.PENDING),
    "declared-otherwise-since": (
        Known("a", replace(A, spec_hash="i"), status(Done())),
        Stand.PENDING,
    ),
    "done": (Known("a", A, status(Done())), Stand.IN_SYNC),
    "done-and-unwell": (Known("a", A, status(Done(), Problem("Dented", "a dent"))), Stand.UNHEALTHY),
    "a-step-was-taken": (Known("a", A, status(Changed("painted"))), Stand.CHANGING),
    "blocked": (Known("a", A, status(Blocked("s first", shelf("s")))), Stand.BLOCKED),
    "its-target-is-away": (Known("a", A, status(Failed("no answer", transport=True))), Stand.BLOCKED),
    "failed": (Known("a", A, status(Failed("no"))), Stand.FAILED),
    "stalled": (Known("a", A, status(Stalled("no"))), Stand.STALLED),
    "held": (Known("a", A, status(Held((hold(Rule.WINDOW),)))), Stand.HELD),
    "drift-left-to-people": (Known("a", A, drifted(Rule.DRIFT_WARN)), Stand.DRIFTED),
    "drift-held-by-more": (Known("a", A, drifted(Rule.DRIFT_WARN, Rule.WINDOW)), Stand.HELD),
    "a-mistake": (Known("a", A, status(Done()), mistake="no"), Stand.INVALID),
    "a-mistake-elsewhere": (Known("a", A, status(Stalled("no")), kept_back="no"), Stand.BLOCKED),
    "a-mistake-of-nobody-known": (Known("a", mistake="no"), Stand.INVALID),
    "to-be-deleted": (Known("a", A, status(Done()), tombstone=LEFT), Stand.DELETING),
    "deleted": (Known("a", A, tombstone=replace(LEFT, phase=Phase.GONE)), Stand.DELETED),
    "undeleted": (Known("a", A, tombstone=replace(LEFT, phase=Phase.KEPT)), Stand.RELEASED),
    "released": (Known("a", replace(A, spec_hash=""), released_status(A.key, "v", 5.0)), Stand.RELEASED),
}


@pytest.mark.parametrize(("known", "phase"), PHASES.values(), ids=PHASES)
def test_the_phase_follows_from_how_the_last_look_ended(known: Known, phase: Stand) -> None:
    found = standing(known)
    assert found.phase is phase
    assert 0 < len(found.sentence) <= LONGEST


def test_every_phase_has_a_case() -> None:
    assert {phase for _, phase in PHASES.values()} == set(Stand)


def test_a_long_sentence_is_cut_and_a_line_end_is_none() -> None:
    found = standing(Known("a", A, status(Stalled("no\n" * 400))))
    assert "\n" not in found.sentence
    assert len(standing(Known("a", A, status(Stalled("no " * 400)))).sentence) <= LONGEST


def test_ids_outputs_and_places_of_drift_are_told() -> None:
    item = Item(A.key, shelf("s"), {"id": 7}, None, 5.0)
    seen = status(
        Held((hold(Rule.DRIFT_WARN),)), changes=(DRIFT, Change("/size", 2, 1)), outputs={"number": 7}
    )
    found = standing(Known("a", A, seen, item))
    assert (found.identity, found.outputs, found.drift) == ({"id": 7}, {"number": 7}, ("/colour",))


NOTES: dict[str, tuple[Known, list[tuple[str, Weight]]]] = {
    "a-failure-that-is-new": (Known("a", A, status(Failed("no"), attempts=STUBBORN - 1)), []),
    "a-failure-that-lasts": (
        Known("a", A, status(Failed("no"), attempts=STUBBORN)),
        [("Failed", Weight.BAD)],
    ),
    "a-target-that-is-away": (Known("a", A, status(Failed("no", transport=True), attempts=9)), []),
    "stalled": (Known("a", A, status(Stalled("no"), attempts=1)), [("Stalled", Weight.BAD)]),
    "an-approval-is-needed": (
        Known("a", A, status(Held((hold(Rule.RECREATE, "t1"), hold(Rule.WINDOW))))),
        [("Recreate", Weight.DECISION)],
    ),
    "it-is-wiped": (
        Known("a", A, status(Done()), destroyed=(Disrupted(A.key, 1.0, shelf("s"), Disruption.RECREATE),)),
        [("MadeAnew", Weight.LOSS)],
    ),
    "all-is-well": (Known("a", A, status(Done())), []),
    "a-mistake-elsewhere": (Known("a", A, status(Stalled("no")), kept_back="no"), []),
    "another-declaration-since": (Known("a", replace(A, spec_hash="i"), status(Stalled("no"))), []),
}


@pytest.mark.parametrize(("known", "notes"), NOTES.values(), ids=NOTES)
def test_what_is_worth_a_note(known: Known, notes: list[tuple[str, Weight]]) -> None:
    assert [(one.reason, one.weight) for one in standing(known).happened] == notes


def test_the_sheet_is_where_it_is_declared_or_another_place_that_has_a_part_in_it() -> None:
    assert sheet_of(A) == "@stock/a.yaml"
    assert (
        sheet_of(replace(A, origin=Origin("vms/a.yaml"), through=("prod/overlay.yaml", "@stock/b.yaml")))
        == "@stock/b.yaml"
    )
    assert sheet_of(replace(A, origin=Origin("vms/a.yaml"))) == ""
