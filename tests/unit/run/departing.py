"""A daemon of boxes on a shelf in virtual time, whose declarations come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from structlog.testing import capture_logs

from setpoint.model.errors import SourceError
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.tombstone import Phase
from setpoint.run.deletion import scales
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.sources.snapshot import Snapshot
from setpoint.sources.source import Approved
from setpoint.store.records import EventKind, Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.testing.clock import VirtualLoop, virtual_loop, virtual_run
from tests.rig.estate import MemorySource, manifest
from tests.toy import KINDS, WORLDS, World

HOUR, DAY = 3600.0, 86400.0
DELETE = {"deletion": "delete"}
AT_ONCE = {**DELETE, "grace": "0s"}


def shelf(name: str = "s", world: str = "w") -> dict[str, str]:
    return {f"{name}.yaml": manifest("Shelf", name, {"world": world}, interval="6h")}


def box(name: str, spec: Mapping[str, Any] | None = None, /, **policy: Any) -> dict[str, str]:
    """One that looks like no other, and is looked at now and then only, for days pass here."""
    return {f"{name}.yaml": manifest("Box", name, spec or {"colour": name}, **{"interval": "6h", **policy})}


def on(target: str, files: Mapping[str, str]) -> dict[str, str]:
    """The same on that shelf."""
    return {path: text.replace('"kind"', f'"target": "{target}", "kind"', 1) for path, text in files.items()}


def boxes(count: int, /, **policy: Any) -> dict[str, str]:
    files: dict[str, str] = {}
    for number in range(count):
        files |= box(f"b{number}", **policy)
    return files


def key(name: str) -> Key:
    return Key("default", "Box", name)


class Faulty(MemorySource):
    """A source that can be out of order."""

    fault: SourceError | None = None

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        if self.fault is not None:
            raise self.fault
        return await super().fetch(previous, approved)


@dataclass
class Departing:
    """One life of the daemon."""

    supervisor: Supervisor
    source: Faulty
    worlds: Mapping[str, World] = field(default_factory=lambda: WORLDS)

    @property
    def estate(self) -> Estate:
        return self.supervisor.estate

    @property
    def store(self) -> Store:
        return self.estate.store

    @property
    def effects(self) -> list[str]:
        """What was done to boxes, their making left out."""
        return [verb for world in self.worlds.values() for verb in world.effects if verb != "create"]

    def names(self, world: str = "w") -> set[str]:
        """The boxes that are there."""
        return {thing.mark.key.name for thing in self.worlds[world].things.values() if thing.mark}

    async def declare(self, *parts: Mapping[str, str]) -> None:
        """Declare exactly this."""
        self.source.files = {path: text for part in parts for path, text in part.items()}
        await self.supervisor.look()

    async def settle(self, seconds: float = 120.0) -> None:
        await self.supervisor.settle(0.0)
        await asyncio.sleep(seconds)

    def phase(self, name: str) -> Phase | None:
        tombstone = self.store.tombstone(key(name))
        return None if tombstone is None else tombstone.phase

    def phases(self) -> dict[str, str]:
        return {one.key.name: str(one.phase) for one in self.store.tombstones().values()}

    def status(self, name: str) -> Status:
        found = self.store.status(key(name))
        assert found is not None, name
        return found

    def holds(self, name: str) -> tuple[Hold, ...]:
        return self.status(name).holds

    def rules(self, name: str) -> set[Rule]:
        return {hold.rule for hold in self.holds(name)}

    def tokens(self) -> Collection[str]:
        return {verdict.token for verdict in scales(self.estate).verdicts().values()} - {""}

    def told(self, kind: EventKind) -> list[str]:
        return [event.sentence for event in self.store.history() if event.kind is kind]


Body = Callable[[Departing], Awaitable[None]]


def live(
    store: Store,
    files: Mapping[str, str],
    body: Body,
    kinds: Mapping[str, Kind[Any, Any]] = KINDS,
    start: float | None = None,
) -> None:
    """A daemon over `store`, from `start` on, seconds since the epoch; the worlds are made by who calls."""

    async def main() -> None:
        loop = virtual_loop()
        ports = Ports(loop.wall, lambda: 0.5, lambda: "r")
        source = Faulty(files)
        supervisor = Supervisor(Estate("home", kinds, store, StoreInline(), ports), source)
        stop = asyncio.Event()
        running = asyncio.create_task(supervisor.run(stop))
        daemon = Departing(supervisor, source)
        try:
            await daemon.settle()
            await body(daemon)
        finally:
            stop.set()
            await running

    with capture_logs():
        virtual_run(main(), None if start is None else VirtualLoop(start))


def one_life(files: Mapping[str, str], body: Body, *worlds: str) -> None:
    """A daemon that begins with nothing but these worlds."""
    WORLDS.clear()
    WORLDS.update({name: World(name) for name in worlds or ("w",)})
    store = Store.in_memory()
    try:
        live(store, files, body)
    finally:
        store.close()
        WORLDS.clear()
