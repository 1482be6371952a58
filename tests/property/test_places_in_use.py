"""Long operations under random troubles and kills: never more side by side than there are places, and none leaks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeAlias

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setpoint.model.errors import BusyError, ConflictError, RefusalError, TransportError
from setpoint.model.resource import Resource
from setpoint.store.records import EventKind
from setpoint.store.store import Store
from tests.toy import World, lose_reply
from tests.unit.run.shelves import Shelves, box, declared, in_virtual_time, serving, shelf, worlds

SHELF = shelf("a")
DRAWERS = ("1", "2", "3")
PLACES = 2
LASTS = 20.0
Fault: TypeAlias = Callable[[str, str], None]


def failing(error: Exception) -> Fault:
    def fault(moment: str, verb: str) -> None:
        if moment == "before":
            raise error

    return fault


FAULTS: dict[str, Fault] = {
    "nothing": lambda moment, verb: None,
    "lost replies": lose_reply,
    "transport": failing(TransportError("no route")),
    "refusal": failing(RefusalError("no")),
    "conflict": failing(ConflictError("moved")),
    "busy": failing(BusyError("locked")),
    "a bug": failing(ZeroDivisionError("a bug")),
}
LIVES = st.lists(
    st.tuples(st.sampled_from(sorted(FAULTS)), st.floats(0.1, 60)), max_size=5
)  # fmt: skip
DECLARED = st.lists(st.sampled_from(DRAWERS), min_size=1, max_size=12)


def boxes(drawers: list[str]) -> list[tuple[str, str]]:
    return [(f"b{number}", drawer) for number, drawer in enumerate(drawers)]


async def life(store: Store, drawers: list[str], seconds: float, seed: int) -> None:
    """The daemon starts, works for some seconds, and is killed wherever it is."""
    async with serving(store, everything(drawers), seed):
        await asyncio.sleep(seconds)


def everything(drawers: list[str]) -> list[Resource]:
    return [
        declared(SHELF, None, {"world": "a", "places": PLACES}),
        *(declared(box(name), SHELF, {"drawer": drawer}) for name, drawer in boxes(drawers)),
    ]


def done(shelves: Shelves, drawers: list[str]) -> bool:
    return shelves.outcomes(SHELF) == {"Done": len(drawers)}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DECLARED, LIVES, st.integers(0, 100))
def test_no_place_is_used_twice_nor_lost_whatever_happens(
    drawers: list[str], lives: list[tuple[str, float]], seed: int
) -> None:
    async def body() -> None:
        world, store = worlds("a")["a"], Store.in_memory()
        world.slow, world.lasting = True, LASTS
        for number, (fault, seconds) in enumerate(lives):
            world.fault = FAULTS[fault]
            await life(store, drawers, seconds, seed + number)
        world.fault = FAULTS["nothing"]
        async with serving(store, everything(drawers), seed) as shelves:
            await shelves.until(lambda: done(shelves, drawers), patience=7200, step=5)
            lane = shelves.estate.lanes[SHELF]
            assert lane.slots.usage() == {}
            assert lane.slots.waiting() == ()
        assert_within_places(world, drawers)

    in_virtual_time(body)


def assert_within_places(world: World, drawers: list[str]) -> None:
    assert max(world.busiest.values(), default=0) <= PLACES
    assert len(world.things) == len(drawers)


def test_many_long_operations_take_little_more_than_their_places_allow() -> None:
    """60 operations of 60 s on a cart with two places: 30 rounds at best."""
    drawers = [DRAWERS[number % 3] for number in range(60)]

    async def body() -> None:
        world = worlds("a")["a"]
        world.slow, world.lasting = True, 60.0
        async with serving(Store.in_memory(), everything(drawers)) as shelves:
            took = await shelves.until(lambda: done(shelves, drawers), patience=7200, step=20)
        assert world.busiest["cart"] == PLACES
        assert took <= 1.2 * 60.0 * 30

    in_virtual_time(body)


def test_whoever_waits_for_a_place_says_so_takes_no_step_and_fails_never() -> None:
    drawers = ["1"] * 30

    async def body() -> None:
        world = worlds("a")["a"]
        world.slow, world.lasting = True, 3600.0
        async with serving(Store.in_memory(), everything(drawers)) as shelves:
            await asyncio.sleep(3000)
            assert shelves.outcomes(SHELF) == {"Wait": 30}
            waiting = shelves.estate.lanes[SHELF].slots.waiting()
            assert len(waiting) == 28
            assert all("2 of 2 in use by Box/b" in shelves.status(key).sentence for key in waiting)
            history = shelves.estate.store.history(waiting[0])
            assert not [event for event in history if event.kind is EventKind.STEP]

    in_virtual_time(body)
