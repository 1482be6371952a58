"""A wave of restarts stops by itself: over many workers, over lives of the daemon, until a person lets it go on."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeAlias, TypeVar

import pytest

from setpoint.model.errors import BusyError
from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.model.limit import Caution, Limit
from setpoint.model.outcome import Changed, Held
from setpoint.model.plan import Disruption
from setpoint.run.preview import Preview
from setpoint.run.supervisor import Supervisor
from setpoint.store.store import Store
from tests.rig.estate import MemorySource
from tests.unit.run.conftest import BOX, Rig, resource
from tests.unit.run.shelves import Shelves, box, declared, in_virtual_time, serving, shelf, worlds

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
P = ParamSpec("P")
R = TypeVar("R")
DAY = 86_400.0
A, B = shelf("a"), shelf("b")


@dataclass
class Hopping:
    """Calls as of a thread: others go on before and after each, and never within one."""

    async def call(self, method: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        await asyncio.sleep(0)
        answer = method(*args, **kwargs)
        await asyncio.sleep(0)
        return answer

    async def close(self) -> None:
        """Nothing to end."""


def estate(size: int, boxes: int = 40, *targets: Key) -> list[Any]:
    """Boxes of one size on each shelf; another size takes effect after a restart."""
    made: list[Any] = []
    for target in targets or (A,):
        made.append(declared(target, None, {"world": target.name, "places": 100}))
        made += [
            declared(box(f"{target.name}{number}"), target, {"size": size}, reboot="whenNeeded")
            for number in range(boxes)
        ]
    return made


def restarts(name: str) -> int:
    return WORLD[name].effects.count("restart")


WORLD: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def _fresh() -> None:
    WORLD.clear()
    WORLD.update(worlds("a", "b"))


def rest(shelves: Shelves, target: Key, **outcomes: int) -> Callable[[], bool]:
    return lambda: shelves.outcomes(target) == outcomes


def held_tokens(shelves: Shelves) -> set[str]:
    statuses = shelves.estate.store.statuses()
    return {hold.token for one in statuses for hold in one.holds if hold.rule is Rule.BLAST_RADIUS}


async def made(store: Store, resources: list[Any]) -> None:
    async with serving(store, resources) as shelves:
        done = {"Done": len(resources)}
        await shelves.until(lambda: Counter(one.outcome for one in store.statuses()) == done)


def test_of_forty_four_are_restarted_the_rest_is_held_with_one_token_and_goes_when_that_is_approved() -> None:
    async def body() -> None:
        store = Store.in_memory()
        await made(store, estate(1))
        async with serving(store, estate(2), calls=Hopping()) as shelves:
            await shelves.until(rest(shelves, A, Done=4, Held=36))
            (token,) = held_tokens(shelves)
            assert token.startswith("Box@Shelf/a:restart:")
            assert restarts("a") == 4
            await Supervisor(shelves.estate, MemorySource({})).approve(token, "anna")
            await shelves.until(rest(shelves, A, Done=40), patience=120)
            assert restarts("a") == 40

    in_virtual_time(body)


def test_a_restart_of_the_daemon_counts_on() -> None:
    async def body() -> None:
        store = Store.in_memory()
        await made(store, estate(1))
        for _ in range(5):
            # Killed, each time in the middle of something else.
            async with serving(store, estate(2), calls=Hopping()) as shelves:
                await shelves.until(lambda: restarts("a") >= 2, step=0.001)
        async with serving(store, estate(2), calls=Hopping()) as shelves:
            await shelves.until(rest(shelves, A, Done=4, Held=36))
        assert restarts("a") == 4

    in_virtual_time(body)


def test_in_a_rolling_day_no_more_than_may_be_go_by_themselves() -> None:
    async def body() -> None:
        store = Store.in_memory()
        await made(store, estate(1, 10))
        async with serving(store, estate(2, 10)) as shelves:
            took = await shelves.until(lambda: restarts("a") == 10, patience=4 * DAY, step=60.0)
        moments = [one.at for one in store.disruptions()]
        assert 3 * DAY < took < 3 * DAY + 3600
        assert all(later - earlier >= DAY for earlier, later in zip(moments, moments[3:], strict=False))

    in_virtual_time(body)


def test_each_target_has_a_limit_of_its_own_and_the_settings_widen_it() -> None:
    async def body() -> None:
        store = Store.in_memory()
        await made(store, estate(1, 8, A, B))
        async with serving(store, estate(2, 8, A, B), caution=Caution({"Box": Limit(number=5)})) as shelves:
            await shelves.until(rest(shelves, A, Done=5, Held=3))
            await shelves.until(rest(shelves, B, Done=5, Held=3))
            assert len(held_tokens(shelves)) == 2

    in_virtual_time(body)


def test_what_was_restarted_already_may_be_restarted_again_within_the_limit() -> None:
    async def body() -> None:
        store = Store.in_memory()
        await made(store, estate(1, 3))
        for lives in (1, 2):
            async with serving(store, estate(lives + 1, 3)) as shelves:
                await shelves.until(lambda: restarts("a") == 3 * lives)  # noqa: B023  # awaited in the loop

    in_virtual_time(body)


def test_a_step_that_was_certainly_not_executed_counts_for_nothing(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, {"size": 1}))
        grown = resource(BOX, {"size": 2}, reboot="whenNeeded")
        await rig.once(grown)

        def break_down(moment: str, verb: str) -> None:
            if (moment, verb) == ("before", "restart"):
                raise BusyError("it is locked")

        rig.world.fault = break_down
        await rig.once(grown)
        assert rig.store.disruptions() == []
        rig.world.fault = lambda moment, verb: None
        await rig.settle(grown)
        assert [(one.key, one.target, one.disruption) for one in rig.store.disruptions()] == [
            (BOX, rig.lane.target, Disruption.RESTART)
        ]

    rigged(body)


def test_a_plan_shows_how_many_would_go_and_writes_nothing_to_the_store_that_it_is_a_copy_of() -> None:
    async def body() -> None:
        store = Store.in_memory()
        await made(store, estate(1, 10))
        for thing in WORLD["a"].things.values():
            thing.pending = {"size": 2}
        async with serving(store, estate(1, 10)) as shelves:
            now = shelves.estate
        now.resources = {one.key: one for one in estate(2, 10)}
        reports = await Preview(now).of([key for key in now.resources if key != A])
        outcomes = [report.outcome for report in reports]
        assert sum(isinstance(outcome, Changed) for outcome in outcomes) == 3
        held = [outcome for outcome in outcomes if isinstance(outcome, Held)]
        assert {hold.rule for one in held for hold in one.holds} == {Rule.BLAST_RADIUS}
        assert restarts("a") == 0

    in_virtual_time(body)
