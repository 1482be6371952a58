"""Several shelves of boxes, served by the real lanes and workers in virtual time."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from structlog.testing import capture_logs

from setpoint.model.condition import Condition, ConditionType
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.limit import Caution
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.run.declare import arrange_lanes
from setpoint.run.estate import Estate
from setpoint.run.lane import WORKERS
from setpoint.run.ports import Ports
from setpoint.run.wake import wake
from setpoint.run.worker import work
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreCalls, StoreInline
from setpoint.testing.clock import virtual_loop, virtual_run
from tests.toy import KINDS, WORLDS, World


def shelf(name: str) -> Key:
    return Key("default", "Shelf", name)


def box(name: str) -> Key:
    return Key("default", "Box", name)


def declared(key: Key, target: Key | None, spec: Mapping[str, Any], **policy: Any) -> Resource:
    return Resource(
        key=key,
        spec=dict(spec),
        policy=Policy.model_validate(policy),
        origin=Origin("x.yaml", 1, 1),
        spec_hash=repr((spec, policy)),
        target=target,
        references=(target,) if target else (),
    )


@dataclass
class Shelves:
    """One life of the daemon's lanes over a store.

    Attributes:
        ended: how every reconcile left its key.
    """

    estate: Estate
    ended: list[Status] = field(default_factory=list)
    last: dict[Key, Status] = field(default_factory=dict)
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def status(self, key: Key) -> Status:
        found = self.estate.store.status(key)
        assert found is not None, key
        return found

    def ready(self, key: Key) -> Condition:
        return next(c for c in self.status(key).conditions if c.type is ConditionType.READY)

    def outcomes(self, target: Key) -> Counter[str]:
        """How the boxes of a shelf are."""
        keys = [key for key, resource in self.estate.resources.items() if resource.target == target]
        return Counter(status.outcome for key in keys if (status := self.estate.store.status(key)))

    def reconciles(self, target: Key, since: float = 0.0) -> int:
        """How often the boxes of a shelf were reconciled."""
        return sum(
            self.estate.resources[status.key].target == target and status.reconciled_at >= since
            for status in self.ended
        )

    async def note(self) -> None:
        """One more reconcile has ended."""
        for status in self.estate.store.statuses():
            if self.last.get(status.key) is not status:
                self.last[status.key] = status
                self.ended.append(status)

    async def until(self, holds: Callable[[], bool], patience: float = 3600.0, step: float = 1.0) -> float:
        """Wait until it holds; the seconds that took."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        while not holds():
            assert loop.time() - began < patience, {s.key: s.sentence for s in self.estate.store.statuses()}
            await asyncio.sleep(step)
        return loop.time() - began


@asynccontextmanager
async def serving(
    store: Store,
    resources: list[Resource],
    seed: int = 0,
    *,
    calls: StoreCalls | None = None,
    caution: Caution | None = None,
    kinds: Mapping[str, Kind[Any, Any]] = KINDS,
) -> AsyncIterator[Shelves]:
    """The lanes work until the block ends, and are killed then."""
    chance = random.Random(seed)  # noqa: S311  # the same in every run
    ports = Ports(virtual_loop().wall, chance.random, lambda: "r")
    estate = Estate("home", kinds, store, calls or StoreInline(), ports, caution=caution or Caution())
    estate.resources = {resource.key: resource for resource in resources}
    shelves = Shelves(estate)
    await arrange_lanes(estate)
    for resource in resources:
        wake(estate, resource.key)
    for lane in estate.every_lane():
        shelves.tasks += [asyncio.create_task(work(estate, lane, shelves.note)) for _ in range(WORKERS)]
    try:
        yield shelves
        for task in shelves.tasks:
            if task.done():
                task.result()
    finally:
        for task in shelves.tasks:
            task.cancel()
        await asyncio.gather(*shelves.tasks, return_exceptions=True)


def worlds(*names: str) -> dict[str, World]:
    WORLDS.clear()
    WORLDS.update({name: World(name) for name in names})
    return {name: WORLDS[name] for name in names}


def in_virtual_time(body: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        await body()

    with capture_logs():
        virtual_run(main())
    WORLDS.clear()
