"""What `policy.manage` leaves to people is shown and not done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from setpoint.model.hold import Rule
from setpoint.model.outcome import Done, Held
from setpoint.store.store import Store
from tests.toy import Thing
from tests.unit.run.conftest import BOX, Rig, resource
from tests.unit.run.shelves import box, declared, in_virtual_time, serving, shelf, worlds

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]


def rules(outcome: Any) -> set[Rule]:
    assert isinstance(outcome, Held)
    return {hold.rule for hold in outcome.holds}


@pytest.mark.parametrize("mode", ["observe", "updateOnly"])
def test_nothing_is_made(rigged: Rigged, mode: str) -> None:
    async def body(rig: Rig) -> None:
        outcome = (await rig.settle(resource(BOX, {"colour": "red"}, manage=mode))).outcome
        assert rules(outcome) == {Rule.MANAGE}
        assert rig.world.effects == []
        assert rig.store.intents(rig.lane.target) == []

    rigged(body)


@pytest.mark.parametrize(("mode", "free"), [("observe", False), ("updateOnly", True), ("noDelete", True)])
def test_what_is_there_is_changed_unless_it_is_only_observed(
    rigged: Rigged, mode: str, *, free: bool
) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"colour": "red"}))
        outcome = (await rig.settle(resource(BOX, {"colour": "blue"}, manage=mode))).outcome
        assert rig.world.effects == (["create", "set"] if free else ["create"])
        assert isinstance(outcome, Done if free else Held)

    rigged(body)


def test_an_object_of_somebody_else_can_be_observed_and_is_never_marked(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.things[7] = Thing({"colour": "red"}, None)
        watched = resource(BOX, {"number": 7, "colour": "red"}, manage="observe")
        report = await rig.settle(watched)
        assert isinstance(report.outcome, Done)
        assert report.learned.outputs == {"number": 7, "colour": "red"}
        rig.world.things[7].fields["colour"] = "blue"
        assert rules((await rig.settle(watched)).outcome) == {Rule.MANAGE}
        assert (rig.world.effects, rig.store.item(BOX)) == ([], None)

    rigged(body)


def test_an_operation_under_way_is_polled_to_its_end_although_the_mode_changed(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.slow = True
        declared = resource(BOX, {"colour": "red"})
        await rig.once(declared)
        assert rig.store.intent(BOX) is not None
        observed = replace(declared, policy=resource(BOX, {}, manage="observe").policy)
        assert isinstance((await rig.settle(observed)).outcome, Done)
        assert rig.store.intent(BOX) is None

    rigged(body)


def test_a_change_of_what_runs_waits_for_its_hours_and_is_done_as_they_begin() -> None:
    async def body() -> None:
        world, store = worlds("a")["a"], Store.in_memory()

        def estate(colour: str) -> list[Any]:
            hours = {"windows": {"hot": "02:00-03:00"}, "interval": "365d"}
            return [
                declared(shelf("a"), None, {"world": "a"}),
                declared(box("x"), shelf("a"), {"colour": colour}, **hours),
            ]

        async with serving(store, estate("red")) as shelves:
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Done": 1})
        async with serving(store, estate("blue")) as shelves:
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Held": 1})
            (hold,) = shelves.status(box("x")).holds
            assert hold.rule is Rule.WINDOW
            await shelves.until(lambda: "set" in world.effects, patience=90_000.0)
            assert 0 <= shelves.estate.ports.now() - hold.until < 10

    in_virtual_time(body)
