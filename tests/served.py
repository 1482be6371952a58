"""A daemon over the toy system with its socket, in this process; the client speaks to it from a thread."""

from __future__ import annotations

import asyncio
import io
import logging
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from setpoint.cli.client import Client
from setpoint.model.kind import Kind
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.settings import LogSettings
from setpoint.sources.directory import DirectorySource
from setpoint.store.store import Store
from setpoint.store.thread import StoreThread
from setpoint.surface.log import set_up_log
from setpoint.surface.socket import serve_socket
from tests.toy import KINDS, WORLDS, World

SHELF = "kind: Shelf\nmetadata: {name: s}\nspec: {world: w}\n"

SETTINGS = "estate: home\nsource: {directory: {path: estate}}\nstate: .\n"


def box(name: str, spec: str = "", policy: str = "", labels: str = "") -> str:
    return f"kind: Box\nmetadata: {{name: {name}, labels: {{{labels}}}}}\npolicy: {{{policy}}}\nspec: {{{spec}}}\n"


@dataclass
class Served:
    """A daemon that is running and can be asked."""

    folder: Path
    world: World
    supervisor: Supervisor
    client: Client
    stop: asyncio.Event

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.yaml").write_text(text)

    def fields(self, name: str) -> dict[str, Any]:
        """What is really there of the box of that name."""
        return next(t.fields for t in self.world.things.values() if t.mark and t.mark.key.name == name)

    async def get(self, route: str, **query: Any) -> dict[str, Any]:
        return await asyncio.to_thread(lambda: self.client.get(route, **query))

    async def post(self, route: str, document: dict[str, Any]) -> dict[str, Any]:
        return await asyncio.to_thread(self.client.post, route, document)

    async def until(self, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first status for which it holds."""
        async with asyncio.timeout(20):
            while not holds(status := await self.get("/v1/status")):
                await asyncio.sleep(0.02)
        return status

    async def in_sync(self, *keys: str) -> dict[str, Any]:
        return await self.until(lambda status: set(keys) <= ready_keys(status))


def ready_keys(status: dict[str, Any]) -> set[str]:
    return {row["key"] for row in status["resources"] if row["ready"] == "True"}


def row(status: dict[str, Any], key: str) -> dict[str, Any]:
    """What is told of one resource; nothing when it is not there."""
    return next((row for row in status["resources"] if row["key"] == key), {})


@contextmanager
def logs_away() -> Generator[None]:
    """Nothing is logged, so that what a verb prints stands alone."""
    root = logging.getLogger()
    before = root.handlers, root.level
    set_up_log(LogSettings(), io.StringIO())
    yield
    root.handlers, root.level = before[0], before[1]
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@asynccontextmanager
async def serve_toy(tmp_path: Path, kinds: Mapping[str, Kind[Any, Any]] = KINDS) -> AsyncGenerator[Served]:
    """Two red boxes on a shelf, and a daemon that looks after them."""
    folder = tmp_path / "estate"
    folder.mkdir()
    world = WORLDS["w"] = World()
    (folder / "shelf.yaml").write_text(SHELF)
    (folder / "a.yaml").write_text(box("a", "colour: red", labels="tier: front"))
    (folder / "b.yaml").write_text(box("b", "colour: red"))
    (tmp_path / "setpoint.yaml").write_text(SETTINGS)
    store = Store.open(tmp_path / "setpoint.db")
    calls = StoreThread()
    supervisor = Supervisor(Estate("home", kinds, store, calls, Ports()), DirectorySource(folder))
    stop = asyncio.Event()
    path = tmp_path / "setpoint.sock"
    async with serve_socket(path, supervisor, None):
        running = asyncio.create_task(supervisor.run(stop))
        yield Served(folder, world, supervisor, Client(path), stop)
        stop.set()
        await running
    await calls.close()
    store.close()
    WORLDS.clear()
