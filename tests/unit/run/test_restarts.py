"""A restart is the last thing that anybody wants to see twice: once per change, and then it is a matter for people."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeAlias

import pytest

from setpoint.model.errors import BusyError, OutcomeUnknownError
from setpoint.model.kind import Acting
from setpoint.model.outcome import Done, Held
from setpoint.model.plan import ActResult, Applied, Started
from setpoint.store.store import Store
from tests.toy import BOX as BOX_KIND
from tests.toy import KINDS, World, lose_reply
from tests.unit.run.conftest import BOX, Rig, resource
from tests.unit.run.shelves import box, declared, in_virtual_time, serving, shelf, worlds

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
DAY = 86400.0


async def in_vain(world: World, acting: Acting) -> ActResult:
    world.effect("restart", lambda: None)
    return Applied()


async def long_in_vain(world: World, acting: Acting) -> ActResult:
    operation = f"restart-{next(world.ids)}"
    world.effect("restart", lambda: None)
    world.running[operation] = False
    return Started(operation)


async def long_and_failing(world: World, acting: Acting) -> ActResult:
    operation = f"restart-{next(world.ids)}"
    world.effect("restart", lambda: None)
    world.running[operation], world.failures[operation] = False, "the guest did not stop in time"
    return Started(operation)


async def unanswered(world: World, acting: Acting) -> ActResult:
    world.effect("restart", lambda: None)
    raise OutcomeUnknownError("the reply was lost")


def restarting(monkeypatch: pytest.MonkeyPatch, act: Any) -> None:
    monkeypatch.setitem(KINDS, "Box", replace(BOX_KIND, acts={**BOX_KIND.acts, "restart": act}))


@pytest.mark.parametrize(
    ("act", "most"),
    [
        pytest.param(in_vain, 1, id="at once"),
        pytest.param(long_in_vain, 1, id="by an operation"),
        pytest.param(long_and_failing, 3, id="by an operation that fails"),
        pytest.param(unanswered, 3, id="by a call whose reply is lost"),
    ],
)
def test_a_restart_that_does_not_help_is_not_repeated_in_days_and_over_lives_of_the_daemon(
    monkeypatch: pytest.MonkeyPatch, act: Any, most: int
) -> None:
    restarting(monkeypatch, act)

    def both(size: int) -> list[Any]:
        return [
            declared(shelf("a"), None, {"world": "a"}),
            declared(box("x"), shelf("a"), {"size": size}, reboot="whenNeeded"),
        ]

    async def body() -> None:
        world, store = worlds("a")["a"], Store.in_memory()
        async with serving(store, both(1)) as shelves:
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Done": 1})
        for _ in range(3):
            async with serving(store, both(2)) as shelves:
                await asyncio.sleep(DAY)
                assert shelves.outcomes(shelf("a")) == {"Held": 1}
                assert "although there was one" in shelves.status(box("x")).sentence
        assert world.effects.count("restart") == most

    in_virtual_time(body)


def test_several_changes_take_one_restart_and_a_later_one_another(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}, reboot="whenNeeded"))
        for size in (2, 3, 4):
            assert isinstance(
                (await rig.settle(resource(BOX, {"size": size}, reboot="whenNeeded"))).outcome, Done
            )
        assert rig.world.effects == ["create", *["set", "restart"] * 3]
        item = rig.store.item(BOX)
        assert item is not None
        assert item.restarts.begun == 0

    rigged(body)


def test_one_more_restart_in_vain_takes_an_approval_each(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarting(monkeypatch, in_vain)

    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        grown = resource(BOX, {"size": 2}, reboot="whenNeeded")
        for times in (1, 2, 3):
            outcome = (await rig.settle(grown)).outcome
            assert isinstance(outcome, Held)
            assert rig.world.effects.count("restart") == times
            rig.store.approve(outcome.holds[0].token, "anna", rig.ports.now())

    rigged(body)


def test_another_value_may_be_tried_by_another_restart(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    restarting(monkeypatch, in_vain)

    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        for size in (2, 2, 3, 3):
            await rig.settle(resource(BOX, {"size": size}, reboot="whenNeeded"))
        assert rig.world.effects.count("restart") == 2

    rigged(body)


@pytest.mark.parametrize("after", ["busy", "a lost reply"])
def test_a_restart_that_was_refused_for_now_or_whose_reply_was_lost_is_not_taken_for_a_vain_one(
    rigged: Rigged, after: str
) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        grown = resource(BOX, {"size": 2}, reboot="whenNeeded")

        def refuse(moment: str, verb: str) -> None:
            if verb == "restart" and moment == "before":
                raise BusyError("it is locked")

        rig.world.fault = refuse if after == "busy" else lose_reply
        for _ in range(8):
            await rig.once(grown)
            await asyncio.sleep(40)
        rig.world.fault = lambda moment, verb: None
        assert isinstance((await rig.settle(grown)).outcome, Done)
        assert rig.world.effects.count("restart") == 1

    rigged(body)


def test_a_restart_that_waits_for_its_window_is_made_when_it_opens_and_costs_nothing_until_then() -> None:
    async def body() -> None:
        world, store = worlds("a")["a"], Store.in_memory()
        target = declared(shelf("a"), None, {"world": "a"}, interval="1h")

        def sized(size: int) -> Any:
            return declared(
                box("x"), shelf("a"), {"size": size}, interval="1h", reboot="window", window="02:00-03:00"
            )

        async with serving(store, [target, sized(1)]) as shelves:
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Done": 1})
        async with serving(store, [target, sized(2)]) as shelves:
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Held": 1})
            (hold,) = shelves.status(box("x")).holds
            before = len(shelves.ended)
            began = hold.until
            await shelves.until(lambda: "restart" in world.effects, patience=DAY)
            done = shelves.status(box("x")).reconciled_at
            assert 0 <= done - began <= 5
            hours = (done - shelves.ended[before - 1].reconciled_at) / 3600
            assert len(shelves.ended) - before <= 2 * 1.2 * hours + 6
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Done": 1})
            assert world.effects.count("restart") == 1

    in_virtual_time(body)
