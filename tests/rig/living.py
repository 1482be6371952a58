"""The real daemon (supervisor, lanes, workers, store in a file) over real servers and hosts, in real time."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setpoint.model.condition import Truth
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.store.lock import StateLock
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.systems import installed_kinds
from tests.rig.estate import MemorySource

KINDS = installed_kinds()
PATIENCE = 60.0
LATER = 120.0
"""Seconds after which nothing that was sent can still be executed."""


def manifest(kind: str, name: str, spec: Mapping[str, Any], **envelope: Any) -> str:
    """A manifest as JSON, which is YAML."""
    return json.dumps({"kind": kind, "metadata": {"name": name}, **envelope, "spec": spec})


@dataclass
class Clock:
    """The wall clock, ahead of the real one by some seconds."""

    ahead: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


@dataclass
class Life:
    """A daemon that runs.

    Attributes:
        name: of the resource that is meant where none is named.
        patience: seconds for which anything is waited for.
    """

    supervisor: Supervisor
    source: MemorySource
    clock: Clock
    name: str
    patience: float

    @property
    def estate(self) -> Estate:
        return self.supervisor.estate

    def status(self, name: str = "") -> Status:
        found = self.estate.store.status(self.key(name))
        assert found is not None, f"{name or self.name} was not looked at yet"
        return found

    def key(self, name: str = "") -> Key:
        return Key.parse(name or self.name)

    def sentence(self, name: str = "") -> str:
        return self.status(name).sentence

    def rules(self, name: str = "") -> list[str]:
        """What holds it."""
        return [str(hold.rule) for hold in self.status(name).holds]

    def reasons(self, name: str = "") -> set[str]:
        """Why it is not well, as its conditions tell."""
        return {one.reason for one in self.status(name).conditions if one.status is not Truth.TRUE}

    async def approve(self, name: str = "") -> None:
        """Release what holds it, and wait until it rests."""
        for hold in self.status(name).holds:
            assert hold.token
            await self.supervisor.approve(hold.token, "test")
        await self.look_again(name)
        await self.settle()

    def outcome(self, name: str = "") -> str:
        return self.status(name).outcome

    def steps(self) -> list[str]:
        """What was done, first to last."""
        events = self.estate.store.history(limit=1000)
        return [event.sentence for event in reversed(events) if event.kind == "step"]

    async def comes_to(self, outcome: str, name: str = "") -> str:
        """Look again until it has that outcome, or one at which it rests; and what it says then."""
        await self.supervisor.resync([self.key(name)], "test")
        await self.until(lambda: self._seen(name) in {outcome, "Done", "Failed", "Held"})
        assert self.outcome(name) == outcome, self.sentence(name)
        return self.sentence(name)

    def looked_at(self, name: str) -> bool:
        return self.estate.store.status(self.key(name)) is not None

    def _seen(self, name: str) -> str:
        """The outcome since it was last asked for; empty until there is one."""
        status = self.estate.store.status(self.key(name))
        asked = self.estate.store.last_request(self.key(name))
        return status.outcome if status is not None and status.handled >= asked else ""

    async def settle(self, since: float = 0.0) -> None:
        """Wait until everything rests."""
        await self._in_time(self.supervisor.settle(since))

    async def begin_anew(self) -> None:
        """For a second life: wait until everything was looked at in this one."""
        await self.settle(self.clock.now())

    async def declare(self, **files: str | None) -> None:
        """Change declarations (None removes one), and wait until everything rests."""
        await self.submit(**files)
        assert not self.estate.problems, self.estate.problems
        hashes = {key: one.spec_hash for key, one in self.estate.resources.items()}
        store = self.estate.store
        await self.until(
            lambda: all((s := store.status(key)) and s.spec_hash == hash_ for key, hash_ in hashes.items())
        )
        await self.settle()

    async def submit(self, **files: str | None) -> None:
        """Change declarations, and wait for nothing."""
        self.source.replace({f"{name}.yaml": text for name, text in files.items()})
        await self.supervisor.look()

    async def much_later(self, name: str = "") -> None:
        """Look again when nothing that was sent can still be executed, and wait until everything rests."""
        self.clock.ahead += LATER
        await self.look_again(name)
        await self.settle()

    async def look_again(self, name: str = "") -> None:
        """Ask for a fresh look, and wait until it came to an end."""
        asked = await self.supervisor.resync([self.key(name)], "test")
        await self.until(
            lambda: all(self.status(str(key)).handled >= number for key, number in asked.items())
        )

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds after some reconcile."""

        async def wait() -> None:
            if holds():
                return
            async for _ in self.supervisor.updates():
                if holds():
                    return

        await self._in_time(wait())

    async def _in_time(self, waits: Any) -> None:
        try:
            async with asyncio.timeout(self.patience):
                await waits
        except TimeoutError:
            told = {str(s.key): f"{s.outcome}: {s.sentence}" for s in self.estate.store.statuses()}
            raise AssertionError(told) from None


@asynccontextmanager
async def alive(
    folder: Path,
    files: Mapping[str, str],
    name: str,
    kinds: Mapping[str, Kind[Any, Any]] = KINDS,
    patience: float = PATIENCE,
) -> AsyncGenerator[Life]:
    """One life of the daemon on a state directory; a second one is a restart.

    Args:
        files: the declarations, by name without `.yaml`.
        name: of the resource that is meant where none is named.
    """
    with StateLock(folder):
        store = Store.open(folder / "setpoint.db")
        source = MemorySource({f"{file}.yaml": text for file, text in files.items()})
        clock = Clock()
        supervisor = Supervisor(Estate("home", kinds, store, StoreInline(), Ports(clock.now)), source)
        stop = asyncio.Event()
        running = asyncio.create_task(supervisor.run(stop))
        try:
            yield Life(supervisor, source, clock, name, patience)
        finally:
            stop.set()
            await running
            store.close()
