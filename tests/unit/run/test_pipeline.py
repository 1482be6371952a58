from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from setpoint.model.diff import Cause, Diff
from setpoint.model.errors import ConflictError, RefusalError, TransportError
from setpoint.model.hold import Rule
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.outcome import Changed, Done, Failed, Held, Stalled, Wait
from setpoint.model.plan import Consent, Step
from setpoint.run.pipeline import LOOK
from tests.toy import KINDS, Thing, lose_reply, plan_box
from tests.unit.run.conftest import BOX, SHELF, Rig, resource

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
OURS = Mark("home", BOX, "1")


def test_a_declared_object_is_made_once_and_then_left_alone(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red", "size": 2})
        assert isinstance((await rig.once(declared)).outcome, Changed)
        assert (await rig.once(declared)).outcome == Done()
        assert rig.world.effects == ["create"]
        item = rig.store.item(BOX)
        assert item is not None
        assert (item.identity["id"], item.applied) == (1, {"colour": "red", "size": 2})
        assert rig.store.intent(BOX) is None

    rigged(body)


def test_looking_never_acts(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        report = await rig.once(resource(BOX, {"colour": "red"}), LOOK)
        assert [planned.step.verb for planned in report.learned.planned] == ["create"]
        assert rig.world.effects == []
        assert rig.store.reservation(BOX) is None

    rigged(body)


def test_an_existing_reservation_is_used_and_other_ids_are_left_alone(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.things[1] = Thing({}, None)
        assert isinstance((await rig.settle(resource(BOX, {}))).outcome, Done)
        assert rig.world.things[2].mark == Mark("home", BOX, "2")

    rigged(body)


def test_a_hand_made_change_is_drift_and_is_corrected(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        rig.world.things[1].fields["colour"] = "blue"
        report = await rig.once(declared)
        assert [(c.path, c.observed, c.cause) for c in rig.statuses[-1].changes] == [
            ("/colour", "blue", Cause.DRIFT)
        ]
        assert isinstance(report.outcome, Changed)
        assert isinstance((await rig.once(declared)).outcome, Done)
        assert rig.world.things[1].fields["colour"] == "red"

    rigged(body)


def test_drift_warn_reports_drift_but_applies_what_is_newly_declared(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"colour": "red"}, drift="warn"))
        rig.world.things[1].fields["colour"] = "blue"
        report = await rig.settle(resource(BOX, {"colour": "red"}, drift="warn"))
        assert isinstance(report.outcome, Held)
        assert report.outcome.holds[0].rule is Rule.DRIFT_WARN
        assert rig.world.things[1].fields["colour"] == "blue"
        await rig.settle(resource(BOX, {"colour": "green"}, drift="warn"))
        assert rig.world.things[1].fields["colour"] == "green"

    rigged(body)


def test_a_dropped_field_is_released_not_reverted(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"colour": "red", "labels": ["a"]}))
        report = await rig.settle(resource(BOX, {"labels": ["a"]}))
        assert isinstance(report.outcome, Done)
        assert rig.world.things[1].fields["colour"] == "red"
        assert rig.world.effects == ["create"]

    rigged(body)


def test_a_change_that_needs_a_restart_stays_pending_and_says_so(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        report = await rig.settle(resource(BOX, {"size": 2}))
        assert isinstance(report.outcome, Held)
        assert report.outcome.holds[0].rule is Rule.REBOOT_PENDING
        assert rig.world.effects == ["create", "set"]
        assert (await rig.settle(resource(BOX, {"size": 2}))).outcome == report.outcome
        assert rig.world.effects == ["create", "set"]
        rig.world.things[1].fields.update(rig.world.things[1].pending)
        assert isinstance((await rig.settle(resource(BOX, {"size": 2}))).outcome, Done)

    rigged(body)


def test_a_hand_made_change_that_waits_for_a_restart_is_taken_back_before(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"size": 1})
        await rig.settle(declared)
        rig.world.things[1].pending["size"] = 9
        await rig.once(declared)
        assert [(c.observed, c.cause, c.later) for c in rig.statuses[-1].changes] == [(9, Cause.DRIFT, True)]
        assert isinstance((await rig.settle(declared)).outcome, Done)
        assert rig.world.things[1].pending == {"size": 1}
        assert rig.world.effects == ["create", "set"]

    rigged(body)


def test_a_held_step_does_not_stop_the_free_ones(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1, "colour": "red"}))
        await rig.settle(resource(BOX, {"size": 2, "colour": "red"}))
        await rig.settle(resource(BOX, {"size": 2, "colour": "blue"}))
        assert rig.world.things[1].fields == {"size": 1, "colour": "blue"}

    rigged(body)


def test_a_create_only_difference_is_held_for_ever(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"wood": "oak"}))
        report = await rig.settle(resource(BOX, {"wood": "pine"}))
        assert isinstance(report.outcome, Held)
        assert [hold.rule for hold in report.outcome.holds] == [Rule.CREATE_ONLY]

    rigged(body)


@pytest.mark.parametrize(
    "mark",
    [None, replace(OURS, estate="other"), replace(OURS, object_id="9")],
    ids=["unmarked", "another estate's", "a copy"],
)
def test_an_object_that_is_not_ours_is_never_touched(rigged: Rigged, mark: Mark | None) -> None:
    async def body(rig: Rig) -> None:
        rig.world.things[7] = Thing({"colour": "red"}, mark)
        for colour in ("red", "blue"):
            report = await rig.settle(resource(BOX, {"number": 7, "colour": colour}))
            assert isinstance(report.outcome, Held)
            assert report.outcome.holds[0].rule is Rule.EXISTS
        assert rig.world.effects == []

    rigged(body)


def test_a_lost_stateful_object_is_made_again_only_after_approval(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        del rig.world.things[1]
        report = await rig.settle(declared)
        assert isinstance(report.outcome, Held)
        (hold,) = report.outcome.holds
        assert hold.rule is Rule.RECREATE
        rig.store.approve(hold.token, "anna", rig.ports.now())
        assert isinstance((await rig.settle(declared)).outcome, Done)
        assert rig.world.things[1].fields == {"colour": "red"}

    rigged(body)


def test_a_step_that_asks_for_consent_is_taken_only_after_approval(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asking(diff: Diff, planning: Any) -> tuple[Step, ...]:
        asked = Consent("it would be repainted", {"seen": planning.observed and planning.observed.fields})
        return tuple(replace(step, consent=asked) for step in plan_box(diff, planning))

    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"colour": "red"}))
        monkeypatch.setitem(KINDS, "Box", replace(KINDS["Box"], plan=asking))
        blue = resource(BOX, {"colour": "blue"})
        outcome = (await rig.settle(blue)).outcome
        assert isinstance(outcome, Held)
        (hold,) = outcome.holds
        assert (hold.rule, hold.why) == (Rule.CONSENT, "it would be repainted")
        assert rig.world.effects == ["create"]
        rig.world.things[1].fields["colour"] = "green"
        rig.store.approve(hold.token, "anna", rig.ports.now())
        assert isinstance((await rig.settle(blue)).outcome, Held), "what is seen is not what was agreed to"
        rig.world.things[1].fields["colour"] = "red"
        assert isinstance((await rig.settle(blue)).outcome, Done)
        assert rig.world.effects == ["create", "set"]

    rigged(body)


def test_an_unreachable_target_is_unknown_not_absent(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        rig.world.down = True
        outcome = (await rig.once(declared)).outcome
        assert isinstance(outcome, Failed)
        assert outcome.transport
        assert "plug it in" in outcome.sentence
        assert rig.statuses[-1].known is False

    rigged(body)


def test_nothing_is_made_while_not_everything_can_be_seen(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.blind = True
        assert isinstance((await rig.once(resource(BOX, {}))).outcome, Failed)
        assert rig.world.effects == []

    rigged(body)


def test_a_long_operation_is_polled_and_holds_no_worker(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.slow = True
        declared = resource(BOX, {"colour": "red"})
        for _ in range(3):
            assert isinstance((await rig.once(declared)).outcome, Wait)
        assert rig.world.effects == ["create"]
        rig.world.finish()
        assert isinstance((await rig.once(declared)).outcome, Done)

    rigged(body)


def test_a_lost_reply_is_read_back_and_never_repeated(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.fault = lose_reply
        declared = resource(BOX, {"colour": "red"})
        assert isinstance((await rig.once(declared)).outcome, Wait)
        rig.world.fault = lambda moment, verb: None
        assert isinstance((await rig.settle(declared)).outcome, Done)
        assert rig.world.effects == ["create"]

    rigged(body)


def test_a_lost_reply_of_a_long_operation_is_found_again(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.slow, rig.world.fault = True, lose_reply
        declared = resource(BOX, {"colour": "red"})
        await rig.once(declared)
        rig.world.fault = lambda moment, verb: None
        outcome = (await rig.once(declared)).outcome
        assert isinstance(outcome, Wait)
        intent = rig.store.intent(BOX)
        assert intent is not None
        assert intent.operation == "op-0"
        assert isinstance((await rig.settle(declared)).outcome, Done)
        assert rig.world.effects == ["create"]

    rigged(body)


def test_a_call_whose_outcome_is_unknown_is_repeated_only_after_it_cannot_happen_any_more(
    rigged: Rigged,
) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        changed = resource(BOX, {"colour": "blue"})
        rig.world.fault = lambda moment, verb: lose_reply("after", verb) if moment == "before" else None
        await rig.once(changed)
        rig.world.fault = lambda moment, verb: None
        assert "not known yet" in (await rig.once(changed)).outcome.sentence  # type: ignore[union-attr]
        assert isinstance((await rig.settle(changed)).outcome, Done)
        assert rig.world.effects == ["create", "set"]

    rigged(body)


def test_a_reply_that_is_lost_late_is_doubted_from_then_on(rigged: Rigged) -> None:
    """A proxy gives up after 30 s and the target executes the call even later."""

    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"colour": "red"}))
        changed = resource(BOX, {"colour": "blue"})
        rig.world.delay = 60
        rig.world.fault = lambda moment, verb: lose_reply("after", verb) if moment == "before" else None
        assert isinstance((await rig.once(changed)).outcome, Wait)
        rig.world.fault, rig.world.delay = (lambda moment, verb: None), 0.0
        await asyncio.sleep(5)
        assert "not known yet" in (await rig.once(changed)).outcome.sentence  # type: ignore[union-attr]
        assert rig.world.effects == ["create"]
        rig.world.things[1].fields["colour"] = "blue"
        assert isinstance((await rig.once(changed)).outcome, Done)
        assert rig.world.effects == ["create"]

    rigged(body)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        pytest.param(TransportError("down"), Failed, id="transport"),
        pytest.param(RefusalError("no"), Failed, id="refusal"),
        pytest.param(ConflictError("moved"), Changed, id="conflict"),
    ],
)
def test_a_call_that_was_not_executed_leaves_no_intent(
    rigged: Rigged, error: Exception, outcome: type
) -> None:
    async def body(rig: Rig) -> None:
        def fail(moment: str, verb: str) -> None:
            raise error

        rig.world.fault = fail
        declared = resource(BOX, {"colour": "red"})
        assert isinstance((await rig.once(declared)).outcome, outcome)
        assert rig.store.intent(BOX) is None
        rig.world.fault = lambda moment, verb: None
        assert isinstance((await rig.settle(declared)).outcome, Done)

    rigged(body)


def test_an_id_that_somebody_takes_before_us_is_given_up(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        def sneak(moment: str, verb: str) -> None:
            if moment == "before" and 1 not in rig.world.things:
                rig.world.things[1] = Thing({}, None)
                raise ConflictError("box 1 exists")

        rig.world.fault = sneak
        assert isinstance((await rig.settle(resource(BOX, {}))).outcome, Done)
        assert rig.world.things[1].mark is None
        assert rig.world.things[2].mark == Mark("home", BOX, "2")

    rigged(body)


def test_without_memory_marks_bring_the_inventory_back(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        rig.store = type(rig.store).in_memory()
        assert isinstance((await rig.once(declared)).outcome, Done)
        assert rig.world.effects == ["create"]
        item = rig.store.item(BOX)
        assert item is not None
        assert item.identity["id"] == 1

    rigged(body)


def test_a_wiped_mark_is_written_again_on_the_very_same_object(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        rig.world.things[1].mark = None
        assert isinstance((await rig.settle(declared)).outcome, Done)
        assert rig.world.things[1].mark == OURS
        assert rig.world.effects == ["create", "mark"]

    rigged(body)


def test_a_strangers_object_in_the_place_of_ours_is_never_taken(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        rig.world.things[1] = Thing({"colour": "blue"}, None)
        outcome = (await rig.settle(declared)).outcome
        assert isinstance(outcome, Held)
        assert "may be another object" in outcome.sentence
        assert rig.world.effects == ["create"]

    rigged(body)


def test_a_renamed_declaration_keeps_its_object_and_marks_it_anew(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"colour": "red"}))
        new = Key("default", "Box", "new")
        renamed = replace(resource(new, {"colour": "red"}), formerly=BOX)
        item = rig.store.item(BOX)
        assert item is not None
        rig.store.save_item(replace(item, key=new))
        assert isinstance((await rig.settle(renamed)).outcome, Done)
        assert rig.world.things[1].mark == Mark("home", new, "1")
        assert rig.world.effects == ["create", "mark"]

    rigged(body)


def test_an_old_name_that_is_declared_anew_does_not_take_what_went_on_under_the_new_one(
    rigged: Rigged,
) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"colour": "red"}))
        new = Key("default", "Box", "new")
        in_force = {new: replace(resource(new, {"colour": "red"}), formerly=BOX)}
        rig.store.put_in_force(in_force, (), (), {BOX: new})
        await rig.settle(resource(BOX, {"colour": "blue"}))
        assert rig.world.effects == ["create", "create"]
        assert rig.world.things[1].fields["colour"] == "red"

    rigged(body)


def test_two_objects_with_our_mark_are_held(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        for number in (3, 4):
            rig.world.things[number] = Thing({}, Mark("home", BOX, str(number)))
        outcome = (await rig.once(resource(BOX, {}))).outcome
        assert isinstance(outcome, Held)
        assert "3, 4" in outcome.sentence

    rigged(body)


def test_another_target_behind_the_same_address_holds_the_lane(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        rig.world.name = "shelf-2"
        rig.world.things.clear()
        await asyncio.sleep(20)
        report = await rig.settle(declared)
        assert isinstance(report.outcome, Held)
        assert report.outcome.holds[0].rule is Rule.IDENTITY
        assert rig.world.effects == ["create"]
        rig.store.approve(report.outcome.holds[0].token, "anna", rig.ports.now())
        outcome = (await rig.settle(declared)).outcome
        assert isinstance(outcome, Held)
        assert outcome.holds[0].rule is Rule.RECREATE

    rigged(body)


def test_a_problem_is_shown_although_in_sync(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        rig.world.things[1].fields["dented"] = True
        await rig.once(declared)
        ready = rig.statuses[-1].conditions[0]
        assert (str(ready.type), str(ready.status), ready.reason) == ("Ready", "False", "Dented")

    rigged(body)


def test_the_target_itself_is_looked_at_like_anything_else(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        assert isinstance((await rig.once(resource(SHELF, {}))).outcome, Done)
        await rig.settle(resource(BOX, {"colour": "red"}))
        assert isinstance((await rig.once(resource(SHELF, {}))).outcome, Done), "with marks of others about"

    rigged(body)


def test_a_request_is_answered_by_an_end_not_by_a_step(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        number = rig.store.request([BOX], "anna", 0.0, "v1")[BOX]
        assert isinstance((await rig.once(resource(BOX, {}))).outcome, Changed)
        assert rig.statuses[-1].handled == 0
        assert isinstance((await rig.once(resource(BOX, {}))).outcome, Done)
        assert rig.statuses[-1].handled == number

    rigged(body)


def test_a_missing_secret_or_broken_settings_stall_only_the_key(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        from setpoint.model.errors import SettingsError

        def fail(moment: str, verb: str) -> None:
            raise SettingsError("the token file is missing", remedy="write it")

        rig.world.fault = fail
        assert isinstance((await rig.once(resource(BOX, {}))).outcome, Stalled)

    rigged(body)
