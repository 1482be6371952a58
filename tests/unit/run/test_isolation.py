"""One shelf in trouble: the others go on as before, it alone tells of it, and afterwards all is as declared."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable

import pytest

from setpoint.decide.breaker import FIRST_WINDOW, JITTER
from setpoint.model.condition import Truth
from setpoint.model.errors import BusyError, RefusalError, TransportError
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.run.declare import release
from setpoint.run.wake import SPREAD
from setpoint.store.store import Store
from setpoint.testing.clock import virtual_loop
from tests.toy import well
from tests.unit.run.shelves import Shelves, box, declared, in_virtual_time, serving, shelf, worlds

NAMES = ("a", "b", "c")
EACH = 12
OUTAGE = 900.0
BAD, GOOD = shelf("a"), (shelf("b"), shelf("c"))


def resources() -> list[Resource]:
    boxes = [
        declared(box(f"{name}-{n}"), shelf(name), {"colour": "red", "drawer": str(n % 4)}, interval="1m")
        for name in NAMES
        for n in range(EACH)
    ]
    return [*(declared(shelf(name), None, {"world": name}, interval="1m") for name in NAMES), *boxes]


async def hangs(scopes: tuple[str, ...]) -> None:
    await asyncio.sleep(1e9)


async def times_out(scopes: tuple[str, ...]) -> None:
    await asyncio.sleep(20)
    raise TransportError("no answer within 20 s", scope=scopes[0] if scopes else "")


async def cannot_be_reached(scopes: tuple[str, ...]) -> None:
    raise TransportError("no route to host")


async def refuses(scopes: tuple[str, ...]) -> None:
    raise RefusalError("401: the token has expired")


STEADY = {
    "hangs": hangs,
    "times out": times_out,
    "cannot be reached": cannot_be_reached,
    "refuses": refuses,
}


def all_done(shelves: Shelves) -> bool:
    return all(shelves.outcomes(shelf(name)) == {"Done": EACH} for name in NAMES)


def alerts(shelves: Shelves) -> list[Key]:
    return [key for key in shelves.estate.resources if shelves.ready(key).status is Truth.FALSE]


def usual() -> int:
    """How often the boxes of the other shelves are reconciled while nothing is wrong."""
    counts: list[int] = []

    async def life() -> None:
        worlds(*NAMES)
        async with serving(Store.in_memory(), resources()) as shelves:
            await shelves.until(lambda: all_done(shelves))
            counts.append(await others(shelves))

    in_virtual_time(life)
    return counts[0]


async def others(shelves: Shelves) -> int:
    """How often the boxes of the other shelves are reconciled from now on while the outage lasts."""
    began = virtual_loop().wall()
    await asyncio.sleep(OUTAGE)
    return sum(shelves.reconciles(good, began) for good in GOOD)


@pytest.fixture(scope="module")
def fault_free() -> int:
    count = usual()
    assert count > 2 * EACH * OUTAGE / 60 * 0.8
    return count


@pytest.mark.parametrize("trouble", STEADY.values(), ids=STEADY.keys())
def test_the_others_go_on_and_the_bad_one_alone_tells(
    fault_free: int, trouble: Callable[[tuple[str, ...]], Awaitable[None]]
) -> None:
    async def life() -> None:
        world = worlds(*NAMES)["a"]
        async with serving(Store.in_memory(), resources()) as shelves:
            await shelves.until(lambda: all_done(shelves))
            world.trouble = trouble
            assert await others(shelves) >= 0.9 * fault_free

            assert alerts(shelves) == [BAD]
            assert shelves.ready(BAD).reason == "TargetDown"
            assert shelves.outcomes(BAD) == {"Blocked": EACH}
            statuses = [shelves.status(box(f"a-{n}")) for n in range(EACH)]
            assert {status.attempts for status in statuses} == {0}
            assert {shelves.ready(status.key).status for status in statuses} == {Truth.UNKNOWN}
            world.trouble = well
            await shelves.until(lambda: shelves.ready(BAD).status is Truth.TRUE)
            assert await shelves.until(lambda: all_done(shelves)) <= SPREAD + 5

    in_virtual_time(life)


def test_beside_one_that_fails_every_other_call_the_others_go_on(fault_free: int) -> None:
    async def life() -> None:
        world, turns = worlds(*NAMES)["a"], itertools.cycle((True, False))

        async def fails(scopes: tuple[str, ...]) -> None:
            if next(turns):
                raise TransportError("connection reset")

        async with serving(Store.in_memory(), resources()) as shelves:
            await shelves.until(lambda: all_done(shelves))
            world.trouble = fails
            assert await others(shelves) >= 0.9 * fault_free

            assert set(alerts(shelves)) <= {BAD}
            assert all(shelves.status(box(f"a-{n}")).attempts <= 1 for n in range(EACH))
            world.trouble = well
            await shelves.until(lambda: shelves.ready(BAD).status is Truth.TRUE)
            assert await shelves.until(lambda: all_done(shelves)) <= SPREAD + 5

    in_virtual_time(life)


def test_a_target_that_is_down_gets_one_probe_per_window() -> None:
    async def body() -> None:
        world = worlds(*NAMES)["a"]
        async with serving(Store.in_memory(), resources()) as shelves:
            await asyncio.sleep(120)
            world.trouble = cannot_be_reached
            lane = shelves.estate.lanes[BAD]
            await shelves.until(lambda: bool(lane.gate.troubles()))
            world.arrived.clear()
            await asyncio.sleep(OUTAGE)
            probes = [moment for moment, _ in world.arrived]
            gaps = [later - sooner for sooner, later in itertools.pairwise(probes)]
            assert 4 <= len(probes) <= 8
            assert min(gaps) >= FIRST_WINDOW * (1 - JITTER)
            assert max(gaps) <= 310

    in_virtual_time(body)


def test_a_part_that_is_down_is_told_by_its_target_and_stops_its_own_boxes_only() -> None:
    async def body() -> None:
        world = worlds(*NAMES)["a"]

        async def one_drawer(scopes: tuple[str, ...]) -> None:
            if "drawer/1" in scopes:
                await asyncio.sleep(20)
                raise TransportError("the drawer is stuck", scope="drawer/1")

        async with serving(Store.in_memory(), resources()) as shelves:
            await asyncio.sleep(120)
            world.trouble = one_drawer
            await asyncio.sleep(OUTAGE)
            world.arrived.clear()
            moment = virtual_loop().wall()
            await asyncio.sleep(OUTAGE)
            assert shelves.outcomes(BAD) == {"Blocked": EACH // 4, "Done": EACH * 3 // 4}
            assert alerts(shelves) == [BAD]
            assert shelves.ready(BAD).reason == "BreakerOpen"
            assert "drawer/1 is down since" in shelves.ready(BAD).message
            assert sum(scopes == ("drawer/1",) for _, scopes in world.arrived) <= 5
            assert shelves.reconciles(BAD, moment) >= EACH * 3 / 4 * OUTAGE / 66

            world.trouble = well
            await shelves.until(lambda: shelves.ready(BAD).status is Truth.TRUE)
            assert await shelves.until(lambda: all_done(shelves)) <= SPREAD + 5

    in_virtual_time(body)


def test_a_dead_target_does_not_wait_for_its_own_poll_to_be_told_of() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        boxes = [declared(box(str(n)), BAD, {}, interval="1m") for n in range(3)]
        async with serving(
            Store.in_memory(), [declared(BAD, None, {"world": "a"}, interval="24h"), *boxes]
        ) as shelves:
            await asyncio.sleep(60)
            world.trouble = cannot_be_reached
            assert await shelves.until(lambda: shelves.ready(BAD).status is Truth.FALSE) < 90

    in_virtual_time(body)


@pytest.mark.parametrize("lasts", [60.0, 3600.0])
def test_a_busy_target_is_asked_again_soon_and_counts_as_failing_only_in_the_end(lasts: float) -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        loop = asyncio.get_running_loop()

        def busy(moment: str, verb: str) -> None:
            if moment == "before" and loop.time() < lasts:
                asked.append(loop.time())
                raise BusyError("it is locked")

        asked: list[float] = []
        world.fault = busy
        async with serving(
            Store.in_memory(), [declared(BAD, None, {"world": "a"}), declared(box("x"), BAD, {"drawer": "1"})]
        ) as shelves:
            await asyncio.sleep(40)
            assert shelves.status(box("x")).outcome == "Wait"
            assert shelves.estate.store.intent(box("x")) is None
            assert shelves.estate.lanes[BAD].slots.usage() == {}
            gaps = [later - sooner for sooner, later in itertools.pairwise(asked)]
            assert gaps[:3] == pytest.approx([2, 4, 8], abs=0.1)
            await asyncio.sleep(400)
            assert shelves.status(box("x")).outcome == ("Done" if lasts < 400 else "Failed")
            assert shelves.estate.lanes[BAD].busy.keys() == (set() if lasts < 400 else {box("x")})

    in_virtual_time(body)


def test_what_hangs_in_the_middle_of_a_step_is_given_up_and_read_back() -> None:
    """The client has no limit of its own; first the calls that begin operations hang, then those that ask for them."""

    async def body() -> None:
        world = worlds("a")["a"]
        world.slow, world.lasting = True, 600.0
        boxes = [declared(box(str(n)), BAD, {"drawer": str(n)}) for n in range(4)]

        async def writes_hang(scopes: tuple[str, ...]) -> None:
            if scopes and not world.things:
                await asyncio.sleep(1e9)

        async with serving(Store.in_memory(), [declared(BAD, None, {"world": "a"}), *boxes]) as shelves:
            world.trouble = writes_hang
            await asyncio.sleep(600)
            assert world.effects == []
            world.trouble = well
            await shelves.until(lambda: len(world.effects) == 2)
            world.trouble = hangs
            await asyncio.sleep(1200)
            assert shelves.outcomes(BAD) == {"Blocked": 4}
            assert shelves.estate.lanes[BAD].slots.usage()["cart"] == 2
            world.trouble = well
            await shelves.until(lambda: shelves.outcomes(BAD) == {"Done": 4})
            assert world.effects == ["create"] * 4
            assert world.busiest["cart"] == 2

    in_virtual_time(body)


def test_the_keys_of_a_target_that_is_back_are_spread() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        many = [declared(box(str(n)), BAD, {}) for n in range(120)]
        async with serving(Store.in_memory(), [declared(BAD, None, {"world": "a"}), *many]) as shelves:
            await shelves.until(lambda: shelves.outcomes(BAD) == {"Done": 120})
            world.trouble = cannot_be_reached
            await asyncio.sleep(2000)
            assert shelves.outcomes(BAD) == {"Blocked": 120}
            world.trouble = well
            await shelves.until(lambda: shelves.ready(BAD).status is Truth.TRUE)
            began = virtual_loop().wall()
            await shelves.until(lambda: shelves.outcomes(BAD) == {"Done": 120})
            ends = sorted(shelves.status(one.key).reconciled_at - began for one in many)
            assert SPREAD - 5 <= ends[-1] <= SPREAD + 5
            assert all(sum(at <= end < at + 10 for end in ends) <= 25 for at in range(int(SPREAD)))

    in_virtual_time(body)


def test_an_operation_on_a_target_that_is_busy_is_not_taken_for_ended() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        world.slow, world.lasting = True, 300.0

        async def busy(scopes: tuple[str, ...]) -> None:
            if world.effects and 60 < asyncio.get_running_loop().time() < 200:
                raise BusyError("too much to do")

        world.trouble = busy
        async with serving(
            Store.in_memory(), [declared(BAD, None, {"world": "a"}), declared(box("x"), BAD, {"drawer": "1"})]
        ) as shelves:
            await shelves.until(lambda: shelves.outcomes(BAD) == {"Done": 1})
            assert world.effects == ["create"]

    in_virtual_time(body)


def test_what_leaves_the_estate_gives_its_places_back() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        world.slow, world.lasting = True, 3600.0
        boxes = [declared(box(str(n)), BAD, {"drawer": "1"}) for n in range(3)]
        async with serving(Store.in_memory(), [declared(BAD, None, {"world": "a"}), *boxes]) as shelves:
            lane, estate = shelves.estate.lanes[BAD], shelves.estate
            await shelves.until(lambda: len(world.effects) == 2)
            waiting = lane.slots.waiting()
            gone = next(one for one in boxes if one.key not in waiting)
            del estate.resources[gone.key]
            await release(estate, gone.key, gone)
            await shelves.until(lambda: len(world.effects) == 3, patience=10)
            assert not lane.slots.knows(gone.key)

    in_virtual_time(body)
