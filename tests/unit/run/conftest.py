from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from setpoint.model.hold import Hold
from setpoint.model.identity import Owner
from setpoint.model.key import Key
from setpoint.model.limit import Caution
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.resource import Resource
from setpoint.run.conclude import conclude
from setpoint.run.desk import Desk, Pass, Report
from setpoint.run.estate import Estate
from setpoint.run.lane import Lane
from setpoint.run.pipeline import RECONCILE, run
from setpoint.run.ports import Ports
from setpoint.run.spaces import Spaces
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.testing.clock import virtual_loop, virtual_run
from tests.toy import KINDS, WORLDS, World

SHELF = Key("default", "Shelf", "s")
BOX = Key("default", "Box", "b")


def resource(key: Key, spec: dict[str, Any], **policy: Any) -> Resource:
    return Resource(
        key=key,
        spec=spec,
        policy=Policy.model_validate(policy),
        origin=Origin("x.yaml", 1, 1),
        spec_hash=repr((spec, policy)),
        target=SHELF if key.kind == "Box" else None,
        references=(SHELF,) if key.kind == "Box" else (),
    )


@dataclass
class Rig:
    """One lane over the toy world, in virtual time."""

    world: World
    store: Store
    lane: Lane
    ports: Ports
    statuses: list[Status] = field(default_factory=list)
    caution: Caution = field(default_factory=Caution)

    async def once(self, declared: Resource, stages: Any = RECONCILE) -> Report:
        kind = KINDS[declared.key.kind]
        desk = Desk(
            lane=self.lane,
            store=self.store,
            calls=StoreInline(),
            ports=self.ports,
            caution=self.caution,
            estate="home",
            version="v1",
            ready=self._ready,
            lane_at=self._lane_at,
            unmet=list,
            peers=list,
            doubt=self._doubt,
            spaces=Spaces(Estate("home", KINDS, self.store, StoreInline(), self.ports)),
            strangers=lambda _: (),
            group=lambda _: None,
            search=self._search,
            reconcile_id="r",
            requested=self.store.last_request(declared.key),
            not_before=self.ports.now(),
        )
        start = Pass(
            declared,
            kind,
            kind.spec.model_validate(declared.spec),
            Owner("home", declared.key, declared.formerly),
        )
        report = await run(desk, start, stages)
        self.statuses.append(await conclude(desk, report))
        return report

    async def settle(self, declared: Resource, passes: int = 10) -> Report:
        """Reconcile until the pass neither changed nor waits for something that goes on."""
        for _ in range(passes):
            self.world.finish()
            report = await self.once(declared)
            if type(report.outcome).__name__ not in ("Changed", "Wait"):
                return report
            await asyncio.sleep(40)
        raise AssertionError(f"did not settle: {report.outcome}")

    def _ready(self, key: Key) -> bool:
        return True

    def _lane_at(self, target: Key) -> Lane | None:
        return None

    def _doubt(self, declared: Resource) -> Hold | None:
        return None

    async def _search(self, lane: Lane) -> None:
        pass


@pytest.fixture
def rigged() -> Iterator[Callable[[Callable[[Rig], Awaitable[None]]], None]]:
    """Runs an async test body on a rig in virtual time."""

    def go(body: Callable[[Rig], Awaitable[None]]) -> None:
        async def main() -> None:
            world = WORLDS["w"] = World()
            ports = Ports(now=virtual_loop().wall, chance=lambda: 0.5, new_id=lambda: "r")
            lane = Lane(SHELF, KINDS["Shelf"], ports)
            await lane.declare(resource(SHELF, {}))
            await body(Rig(world, Store.in_memory(), lane, ports))

        virtual_run(main())

    yield go
    WORLDS.clear()
