"""What is frozen is looked at and left alone; what was under way is brought to its end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import pytest

from setpoint.model.freeze import Freeze, Scope
from setpoint.model.hold import Rule
from setpoint.model.outcome import Done, Held, Wait
from setpoint.run.freezing import freeze, thaw
from setpoint.store.records import EventKind
from setpoint.store.store import Store
from tests.toy import lose_reply
from tests.unit.run.conftest import BOX, SHELF, Rig, resource
from tests.unit.run.shelves import box, declared, in_virtual_time, serving, shelf, worlds

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
DAY = 86400.0


def order(scope: Scope, name: str = "", at: float = 0.0, until: float = 0.0) -> Freeze:
    return Freeze(scope, name, "anna", "the fair is open", at, until)


EVERYTHING = order(Scope.ALL)


def boxes(colour: str, *names: str) -> list[Any]:
    return [
        declared(shelf("a"), None, {"world": "a"}),
        *(declared(box(name), shelf("a"), {"colour": colour}, interval="1h") for name in names),
    ]


@pytest.mark.parametrize(
    "what", [EVERYTHING, order(Scope.TARGET, "Shelf/a"), order(Scope.KIND, "Box"), order(Scope.KEY, "Box/x")]
)
def test_nothing_begins_in_days_and_over_lives_until_it_is_ended_and_then_at_once(what: Freeze) -> None:
    async def body() -> None:
        world, store = worlds("a")["a"], Store.in_memory()
        async with serving(store, boxes("red", "x")) as shelves:
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Done": 1})
            await freeze(shelves.estate, what)
        for _ in range(2):
            async with serving(store, boxes("blue", "x")) as shelves:
                await asyncio.sleep(DAY)
                assert shelves.outcomes(shelf("a")) == {"Held": 1}
                assert "by anna: the fair is open" in shelves.status(box("x")).sentence
                assert world.effects == ["create"]
        async with serving(store, boxes("blue", "x")) as shelves:
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Held": 1})
            await thaw(shelves.estate, what, "bert")
            assert await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Done": 1}) < 60
        assert world.effects == ["create", "set"]
        told = [(e.kind, e.actor) for e in store.history() if e.kind in (EventKind.FROZEN, EventKind.THAWED)]
        assert told == [(EventKind.THAWED, "bert"), (EventKind.FROZEN, "anna")]

    in_virtual_time(body)


def test_one_that_is_paused_keeps_nobody_else_waiting() -> None:
    async def body() -> None:
        world, store = worlds("a")["a"], Store.in_memory()
        async with serving(store, boxes("red", "x", "y")) as shelves:
            await freeze(shelves.estate, order(Scope.KEY, "Box/x"))
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Held": 1, "Done": 1})
            assert shelves.status(box("x")).holds[0].rule is Rule.PAUSED
        assert world.effects == ["create"]

    in_virtual_time(body)


def test_it_ends_by_itself_at_its_moment() -> None:
    async def body() -> None:
        world, store = worlds("a")["a"], Store.in_memory()
        async with serving(store, boxes("red", "x")) as shelves:
            now = shelves.estate.ports.now()
            await freeze(shelves.estate, order(Scope.ALL, at=now, until=now + 1800))
            await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Held": 1})
            passed = await shelves.until(lambda: shelves.outcomes(shelf("a")) == {"Done": 1})
            assert 1700 < passed < 1815
        assert world.effects == ["create"]

    in_virtual_time(body)


def test_a_step_under_way_is_polled_to_its_end(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.world.slow = True
        declared = resource(BOX, {"colour": "red"})
        await rig.once(declared)
        rig.store.freeze(EVERYTHING)
        assert isinstance((await rig.once(declared)).outcome, Wait)
        rig.world.finish()
        assert isinstance((await rig.once(declared)).outcome, Done)
        assert (rig.store.intent(BOX), rig.world.effects) == (None, ["create"])

    rigged(body)


def test_a_step_whose_reply_was_lost_is_not_forgotten_while_it_may_still_be_executed(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        declared = resource(BOX, {"colour": "red"})
        await rig.settle(declared)
        changed = resource(BOX, {"colour": "blue"})

        def lose(moment: str, verb: str) -> None:
            if moment == "before":
                lose_reply("after", verb)

        rig.world.fault = lose
        await rig.once(changed)
        rig.store.freeze(EVERYTHING)
        assert isinstance((await rig.once(changed)).outcome, Wait)
        assert rig.store.intent(BOX) is not None
        await asyncio.sleep(60)
        assert isinstance((await rig.once(changed)).outcome, Held)
        assert rig.store.intent(BOX) is None

    rigged(body)


def test_a_freeze_that_comes_while_the_intent_is_written_comes_first(
    rigged: Rigged, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        grown = resource(BOX, {"size": 2}, reboot="whenNeeded")
        await rig.once(grown)
        written = Store.open_intent

        def beside(store: Store, *about: Any) -> None:
            store.freeze(EVERYTHING)
            written(store, *about)

        monkeypatch.setattr(Store, "open_intent", beside)
        outcome = (await rig.once(grown)).outcome
        assert (
            outcome == Wait(outcome.sentence, outcome.after, idle=True)
            if isinstance(outcome, Wait)
            else False
        )
        assert (rig.world.effects, rig.store.intent(BOX)) == (["create", "set"], None)
        item = rig.store.item(BOX)
        assert item is not None
        assert item.restarts.begun == 0

    rigged(body)


def test_a_target_can_be_paused_too(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        rig.store.freeze(order(Scope.KEY, str(SHELF)))
        assert isinstance((await rig.settle(resource(BOX, {"colour": "red"}))).outcome, Done)

    rigged(body)
