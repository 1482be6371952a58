from __future__ import annotations

import asyncio

import pytest

from setpoint.decide import schedule
from setpoint.model.key import Key
from setpoint.run.estate import Estate
from setpoint.run.lane import Lane
from setpoint.run.ports import Ports
from setpoint.run.wake import wake
from setpoint.run.worker import work
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.testing.clock import virtual_loop, virtual_run
from tests.toy import KINDS, WORLDS, World
from tests.unit.run.conftest import BOX, SHELF, resource


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
