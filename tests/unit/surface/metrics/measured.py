"""The toy's lanes at work in virtual time, measured as by the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.exposition import generate_latest
from structlog.testing import capture_logs

from setpoint.model.key import Key
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.run.declare import arrange_lanes
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Phase, Supervisor
from setpoint.run.wake import wake
from setpoint.run.worker import work
from setpoint.sources.directory import DirectorySource
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.surface.metrics.collector import EstateCollector
from setpoint.surface.metrics.measures import metrics_of
from setpoint.surface.metrics.meters import PrometheusMeters
from setpoint.surface.metrics.series import ResourceSeries
from setpoint.surface.metrics.serve import Page
from setpoint.surface.metrics.snapshot import take
from setpoint.testing.clock import virtual_loop, virtual_run
from tests.toy import KINDS, WORLDS, World
from tests.unit.surface.metrics.reading import value

SHELF = Key("default", "Shelf", "s")


def box(name: str) -> Key:
    return Key("default", "Box", name)


def shelf() -> Resource:
    return Resource(SHELF, {"world": "w"}, Policy(), Origin("s.yaml", 1, 1), "s1")


def boxed(name: str, policy: dict[str, object] | None = None, **spec: object) -> Resource:
    """A declared box on the shelf."""
    return Resource(
        key=box(name),
        spec=dict(spec),  # type: ignore[arg-type]  # plain data
        policy=Policy.model_validate(policy or {}),
        origin=Origin("b.yaml", 1, 1),
        spec_hash=repr((spec, policy)),
        target=SHELF,
        references=(SHELF,),
    )


@dataclass
class Measured:
    """The estate, its world, and the page that Prometheus would get."""

    world: World
    supervisor: Supervisor
    meters: PrometheusMeters
    series: ResourceSeries

    @property
    def estate(self) -> Estate:
        return self.supervisor.estate

    def page(self) -> str:
        shot = take(self.supervisor)
        text, count = self.series.render(shot.resources, shot.statuses, shot.now)
        self.meters.keep(str(target) for target in shot.lanes)
        return text + generate_latest(Page(self.meters.registry, EstateCollector(shot, count))).decode()

    def value(self, metric: str, /, **labels: str) -> float | None:
        return value(self.page(), f"setpoint_{metric}", **labels)

    async def until(self, holds: Callable[[], object]) -> None:
        deadline = asyncio.get_running_loop().time() + 3600
        while not holds():
            assert asyncio.get_running_loop().time() < deadline, self.estate.store.statuses()
            await asyncio.sleep(2)

    async def is_ready(self, name: str) -> None:
        await self.until(lambda: self.value("resource_condition", name=name, type="Ready") == 1)


@asynccontextmanager
async def at_work(resources: Iterable[Resource]) -> AsyncIterator[Measured]:
    """The lanes of what is declared work until the block ends."""
    meters, loop = PrometheusMeters(), virtual_loop()
    meters.expect(KINDS)
    ports = Ports(loop.wall, lambda: 0.5, lambda: "r", meters)
    estate = Estate("home", KINDS, Store.in_memory(), StoreInline(), ports)
    estate.resources = {resource.key: resource for resource in resources}
    estate.declared = dict.fromkeys(estate.resources, loop.wall())
    await arrange_lanes(estate)
    supervisor = Supervisor(estate, DirectorySource(Path("nowhere")), Phase.RUNNING)
    for key in estate.resources:
        wake(estate, key)
    tasks = [
        asyncio.create_task(work(estate, lane, supervisor.announce))
        for lane in estate.lanes.values()
        for _ in range(4)
    ]
    try:
        yield Measured(WORLDS["w"], supervisor, meters, ResourceSeries(metrics_of(KINDS)))
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def measured(body: Callable[[Measured], Awaitable[None]], *resources: Resource) -> None:
    """Runs an async test body beside the lanes of a shelf and these boxes."""

    async def main() -> None:
        WORLDS["w"] = World()
        async with at_work((shelf(), *resources)) as rig:
            await body(rig)

    with capture_logs():
        virtual_run(main())
    WORLDS.clear()
