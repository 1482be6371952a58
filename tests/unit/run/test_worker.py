from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from setpoint.decide import schedule
from setpoint.model.condition import Truth
from setpoint.model.key import Key
from setpoint.model.kind import Acting, Looking
from setpoint.model.observation import Observation
from setpoint.model.plan import ActResult
from setpoint.run.estate import Estate
from setpoint.run.lane import WORKERS, Lane
from setpoint.run.ports import Ports
from setpoint.run.wake import wake
from setpoint.run.worker import work
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.testing.clock import virtual_loop, virtual_run
from tests.toy import BOX as BOX_KIND
from tests.toy import KINDS, WORLDS, BoxSpec, BoxState, World, create_box, observe_box
from tests.unit.run.conftest import BOX, SHELF, resource
from tests.unit.run.shelves import box, declared, in_virtual_time, serving, worlds
from tests.unit.run.shelves import shelf as shelves_key


@pytest.mark.parametrize("key", [SHELF, BOX], ids=str)
def test_polls_begin_at_the_keys_own_place_in_its_interval(key: Key) -> None:
    """In virtual time; by chance 0.5 an interval is neither lengthened nor shortened."""
    ends: list[float] = []

    async def main() -> None:
        WORLDS["w"] = World()
        loop, store = virtual_loop(), Store.in_memory()
        ports = Ports(now=loop.wall, chance=lambda: 0.5, new_id=lambda: "r")
        estate = Estate("home", KINDS, store, StoreInline(), ports)
        lane = estate.lanes[SHELF] = Lane(SHELF, KINDS["Shelf"], ports)
        await lane.declare(resource(SHELF, {}))
        estate.resources = {one: resource(one, {}, interval="1h") for one in {SHELF, key}}

        async def note() -> None:
            status = store.status(key)
            if status is not None and status.outcome == "Done" and status.reconciled_at not in ends:
                ends.append(status.reconciled_at)

        for one in estate.resources:
            wake(estate, one)
        worker = asyncio.create_task(work(estate, lane, note))
        await asyncio.sleep(4 * 3600)
        lane.queue.close()
        await worker

    virtual_run(main())
    interval = resource(key, {}, interval="1h").policy.interval
    first = schedule.first_look(key, interval).total_seconds()
    assert [later - ends[0] for later in ends[1:4]] == pytest.approx(
        [first, first + 3600, first + 7200], abs=1
    )


@pytest.mark.parametrize("crash", ["the declaration", "the inventory", "the look", "the act"])
def test_a_bug_in_every_pass_of_many_keys_leaves_the_lane_to_the_others_and_is_told(
    monkeypatch: pytest.MonkeyPatch, crash: str
) -> None:
    """More keys than workers, so a worker lost or a place kept per crash would stop the lane."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError

    def observed(world: World, looking: Looking[BoxSpec]) -> Awaitable[Observation[BoxState]]:
        if looking.spec.colour == "bad" and crash == "the look":
            raise ZeroDivisionError
        return observe_box(world, looking)

    async def created(world: World, acting: Acting) -> ActResult:
        if acting.arguments["colour"] == "bad" and crash == "the act":
            raise ZeroDivisionError
        return await create_box(world, acting)

    if crash == "the inventory":
        monkeypatch.setattr("setpoint.run.worker.rebuild", broken)
    kind = replace(BOX_KIND, observe=observed, acts={**BOX_KIND.acts, "create": created})
    monkeypatch.setitem(KINDS, "Box", kind)
    spec = {"colour": "bad", "size": "none"} if crash == "the declaration" else {"colour": "bad"}

    async def body() -> None:
        target = shelves_key("a")
        worlds("a")
        bad = [declared(box(f"bad-{n}"), target, {**spec, "drawer": "1"}) for n in range(2 * WORKERS)]
        good = declared(box("good"), target, {"colour": "red", "drawer": "1"})
        async with serving(Store.in_memory(), [declared(target, None, {"world": "a"}), *bad]) as shelves:
            await asyncio.sleep(600)
            shelves.estate.resources[good.key] = good
            wake(shelves.estate, good.key)
            await shelves.until(lambda: shelves.estate.store.status(good.key) is not None, patience=900)
            await asyncio.sleep(900)
            assert not [task for task in shelves.tasks if task.done()]
            if crash != "the inventory":
                assert shelves.status(good.key).outcome == "Done"
                assert not [one.key for one in bad if shelves.ready(one.key).status is Truth.TRUE]
                told = [shelves.status(one.key).sentence for one in bad]
                assert sum("a bug in Setpoint" in sentence for sentence in told) >= (
                    crash != "the act"
                ) * len(bad)

    in_virtual_time(body)


def ended(logs: Sequence[Mapping[str, Any]], key: Key) -> list[str]:
    return [log["outcome"] for log in logs if log["event"] == "reconcile_ended" and log["key"] == str(key)]


@pytest.mark.parametrize("level", [logging.INFO, logging.DEBUG], ids=logging.getLevelName)
def test_a_look_that_finds_nothing_new_is_told_to_who_asks_for_everything(
    caplog: pytest.LogCaptureFixture, level: int
) -> None:
    target, one = shelves_key("a"), box("b")
    caplog.set_level(level, "setpoint.worker")

    async def body() -> None:
        worlds("a")
        resources = [declared(target, None, {"world": "a"}), declared(one, target, {"colour": "red"})]
        async with serving(Store.in_memory(), resources) as shelves:
            with capture_logs() as logs:
                await asyncio.sleep(3 * 3600)
            every = [status.outcome for status in shelves.ended if status.key == one]
        assert every[:2] == ["Changed", "Done"]
        assert set(every[2:]) == {"Done"}
        assert len(every) > 10
        assert ended(logs, one) == (every[:2] if level == logging.INFO else every)

    in_virtual_time(body)


def test_a_look_that_finds_nothing_new_writes_nothing() -> None:
    target, one = shelves_key("a"), box("b")

    async def body() -> None:
        worlds("a")
        resources = [declared(target, None, {"world": "a"}), declared(one, target, {"colour": "red"})]
        store = Store.in_memory()
        async with serving(store, resources) as shelves:
            await asyncio.sleep(600)
            store._db.run("PRAGMA query_only = ON")
            before = len(shelves.ended)
            await asyncio.sleep(3600)
            assert len(shelves.ended) > before + 5
            assert {status.outcome for status in shelves.ended[before:]} == {"Done"}
            store._db.run("PRAGMA query_only = OFF")
            seen, status = store.item(one), store.status(one)
            assert seen is not None
            assert status is not None
            assert min(seen.seen_at, status.reconciled_at) > virtual_loop().wall() - 1000
            store.flush()
            assert Store(store._db).item(one) == seen

    in_virtual_time(body)
