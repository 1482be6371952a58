"""What is declared relative to its target: computed anew at every look, with the arithmetic, and never guessed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from setpoint.model.diff import Cause
from setpoint.model.errors import RefusalError
from setpoint.model.hold import Rule
from setpoint.model.outcome import Done, Failed, Held
from setpoint.run.pipeline import FORESEE, LOOK
from tests.toy import well
from tests.unit.run.conftest import BOX, Rig, resource

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]


def test_a_part_of_its_target_is_made_as_large_as_that_comes_to(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"part": 25})
        (create,) = (await rig.once(declared, LOOK)).learned.planned
        assert create.step.changes[0].note == "size: 25% of 100 = 25"
        assert isinstance((await rig.settle(declared)).outcome, Done)
        assert rig.world.things[1].fields == {"size": 25}
        item = rig.store.item(BOX)
        assert item is not None
        assert item.applied == {"size": 25}
        assert rig.statuses[-1].notes == {"/size": "25% of 100 = 25"}
        assert (await rig.once(declared)).learned.planned == ()

    rigged(body)


@pytest.mark.parametrize("drift", ["enforce", "warn", "off"])
def test_a_target_that_grew_is_no_drift_and_is_followed_whatever_drift_says(
    rigged: Rigged, drift: str
) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"part": 25}, drift=drift, reboot="whenNeeded")
        await rig.settle(declared)
        rig.world.width = 200
        foreseen = await rig.once(declared, FORESEE)
        (change,) = foreseen.learned.planned[0].step.changes
        assert (change.cause, change.observed, change.desired) == (Cause.COMPUTED, 25, 50)
        assert change.note == "25% of 200 = 50"
        assert rig.statuses[-1].drift_since is None
        assert isinstance((await rig.settle(declared)).outcome, Done)
        assert rig.world.things[1].fields == {"size": 50}

    rigged(body)


def test_a_computed_change_never_restarts_anything_that_its_policy_does_not_let_restart(
    rigged: Rigged,
) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"part": 25})
        await rig.settle(declared)
        rig.world.width = 200
        held = await rig.settle(declared)
        assert isinstance(held.outcome, Held)
        assert held.outcome.holds[0].rule is Rule.REBOOT_PENDING
        assert rig.world.effects == ["create", "set"]
        rig.world.width = 100
        await rig.settle(declared)
        assert rig.world.effects == ["create", "set", "set"]
        assert "restart" not in rig.world.effects

    rigged(body)


def test_what_somebody_changed_by_hand_is_drift_though_it_is_computed(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"part": 25}, drift="warn")
        await rig.settle(declared)
        rig.world.things[1].fields["size"] = 7
        held = await rig.once(declared)
        assert isinstance(held.outcome, Held)
        assert held.outcome.holds[0].rule is Rule.DRIFT_WARN
        assert [change.cause for change in rig.statuses[-1].changes] == [Cause.DRIFT]

    rigged(body)


def test_what_cannot_be_computed_is_left_alone_and_said_while_the_rest_goes_on(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"part": 25, "colour": "red"}))
        before = rig.store.item(BOX)
        rig.world.width = None
        held = await rig.settle(resource(BOX, {"part": 25, "colour": "blue"}))
        assert isinstance(held.outcome, Held)
        assert held.outcome.sentence == "nobody knows how wide the shelf is (measure it)"
        assert all(hold.passing for hold in held.outcome.holds)
        assert rig.world.things[1].fields == {"size": 25, "colour": "blue"}
        after = rig.store.item(BOX)
        assert before is not None
        assert after is not None
        assert (before.applied, after.applied) == (
            {"size": 25, "colour": "red"},
            {"size": 25, "colour": "blue"},
        )

    rigged(body)


def test_nothing_is_made_while_its_size_is_not_known(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.width = None
        declared = resource(BOX, {"part": 25})
        for stages in (FORESEE, LOOK):
            assert (await rig.once(declared, stages)).learned.planned == ()
        assert isinstance((await rig.settle(declared)).outcome, Held)
        assert rig.world.effects == []
        rig.world.width = 40
        assert isinstance((await rig.settle(declared)).outcome, Done)
        assert rig.world.things[1].fields == {"size": 10}

    rigged(body)


def test_a_refusal_while_it_is_computed_fails_that_look_alone(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"part": 25})
        await rig.settle(declared)

        async def refuse(scopes: tuple[str, ...]) -> None:
            if "rule" in scopes:
                raise RefusalError("the rule is lost")

        rig.world.trouble = refuse
        report = await rig.once(declared)
        rig.world.trouble = well
        assert isinstance(report.outcome, Failed)
        assert rig.statuses[-1].notes == {"/size": "25% of 100 = 25"}
        assert isinstance((await rig.settle(declared)).outcome, Done)

    rigged(body)
