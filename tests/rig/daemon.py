"""The real daemon (supervisor, lanes, workers, store in a file, Proxmox client over HTTP) against the emulator,
both in one virtual time: what takes minutes there takes a fraction of a second here.

    with start_proxmox(clock="virtual", lag=0) as emulator:
        lab = Lab(emulator.url)
        lab.begin(world())
        daemon = VirtualDaemon(lab.url, tmp_path, {"lab.yaml": cluster(lab.url), "web01.yaml": vm("web01", SPEC)})

        async def script(running: Running) -> None:
            await running.settle()
            lab.happen("guest_dies", vmid=1000)
            await asyncio.sleep(900)
            assert running.status("VirtualMachine/web01").outcome == "Done"

        daemon.run(script)

A second `run` is a restart on the same state directory. Time passes only while everything waits for it: not during
a call to the emulator, and not while a script computes. Whatever a script tells the emulator by `Lab`, it blocks the
daemon meanwhile; that is what makes one run like the other.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.store.lock import StateLock
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreCalls, StoreInline
from setpoint.systems import installed_kinds
from setpoint.testing.clock import VirtualLoop, virtual_run
from tests.rig.emulator import Plane
from tests.rig.estate import SECRET_NAME, MemorySource
from tests.systems.proxmox.drive import SECRET

T = TypeVar("T")
PATIENCE = 4 * 3600.0
"""Seconds of virtual time after which `settle` gives up."""


@cache
def shipped_kinds() -> Mapping[str, Kind[Any, Any]]:
    """What is installed; looked for once, for that takes a third of a short life."""
    return installed_kinds()


@dataclass
class Running:
    """A daemon that runs; what a script sees of it. Times are wall clock, seconds since the epoch."""

    supervisor: Supervisor
    source: MemorySource
    loop: VirtualLoop
    plane: Plane

    @property
    def estate(self) -> Estate:
        return self.supervisor.estate

    def now(self) -> float:
        return self.loop.wall()

    def status(self, name: str) -> Status:
        """The status of `Kind/name`."""
        kind, _, plain = name.partition("/")
        found = self.estate.store.status(Key("default", kind, plain))
        assert found is not None, f"{name} was not looked at yet"
        return found

    def statuses(self) -> dict[str, Status]:
        """Every status by `Kind/name`."""
        return {f"{found.key.kind}/{found.key.name}": found for found in self.estate.store.statuses()}

    async def until(self, holds: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until it holds after some reconcile, or `patience` seconds are over."""
        try:
            async with asyncio.timeout(patience):
                async for _ in self.supervisor.updates():
                    if holds():
                        return
        except TimeoutError:
            raise AssertionError({name: s.sentence for name, s in self.statuses().items()}) from None

    async def settle(self, since: float = 0.0, patience: float = PATIENCE) -> None:
        """Wait until every declared key rests after a reconcile that ended after `since`; see Supervisor.settle."""
        try:
            async with asyncio.timeout(patience):
                await self.supervisor.settle(since)
        except TimeoutError:
            raise AssertionError({name: s.sentence for name, s in self.statuses().items()}) from None

    async def declare(self, files: Mapping[str, str | None]) -> None:
        """Change declarations (None removes a file) and wait until they are in force."""
        self.source.replace(files)
        await self.supervisor.look()

    async def look_again(self) -> None:
        """Ask for a fresh look at everything, and wait until it was given."""
        asked = await self.supervisor.resync(list(self.estate.resources), "test")
        await self.until(
            lambda: all(
                (status := self.estate.store.status(key)) is not None and status.handled >= number
                for key, number in asked.items()
            )
        )


Script = Callable[[Running], Awaitable[T]]


async def settled(running: Running) -> dict[str, Status]:
    """The script of tests that only want to see what comes of the declarations."""
    await running.settle()
    return running.statuses()


class VirtualDaemon:
    """A daemon of the estate `home` over a state directory; each `run` is one life of it.

    Args:
        url: of an emulator with a virtual clock.
        folder: the state directory.
        files: what is declared at first, path -> manifest.
        kinds: what can be declared; everything that is installed by default.
        calls: how the store is called; in place, for a thread of its own changes nothing that can be seen here.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        files: Mapping[str, str],
        *,
        kinds: Mapping[str, Kind[Any, Any]] | None = None,
        calls: StoreCalls | None = None,
    ) -> None:
        self.url = url
        self.folder = folder
        self.files = dict(files)
        self._kinds = kinds or shipped_kinds()
        self._calls = calls or StoreInline()

    def run(self, script: Script[T]) -> T:
        """Start the daemon, run `script` beside it, stop it in order; what the script gave."""
        os.environ[SECRET_NAME] = SECRET
        with ExitStack() as stack:
            plane = Plane(self.url)
            stack.callback(plane.close)
            stack.enter_context(StateLock(self.folder))
            store = Store.open(self.folder / "setpoint.db")
            stack.callback(store.close)
            loop = self.make_loop(plane)
            result: T = virtual_run(self._live(loop, plane, store, script), loop)
        return result

    def make_loop(self, plane: Plane) -> VirtualLoop:
        """The loop of one life, in the emulator's time."""
        return VirtualLoop(plane.now(), plane.pass_to)

    async def _live(self, loop: VirtualLoop, plane: Plane, store: Store, script: Script[T]) -> T:
        ids = itertools.count(1)
        ports = Ports(loop.wall, random.Random(0).random, lambda: f"r{next(ids)}")  # noqa: S311  # the same each run
        source = MemorySource(self.files)
        supervisor = Supervisor(Estate("home", self._kinds, store, self._calls, ports), source)
        stop = asyncio.Event()
        daemon = asyncio.create_task(supervisor.run(stop))
        try:
            return await _first(
                daemon, asyncio.ensure_future(script(Running(supervisor, source, loop, plane)))
            )
        finally:
            self.files = source.files
            stop.set()
            await daemon


async def _first(daemon: asyncio.Task[None], script: asyncio.Future[T]) -> T:
    """What the script gives; a daemon that ends before it fails the test."""
    await asyncio.wait((daemon, script), return_when=asyncio.FIRST_COMPLETED)
    if script.done():
        return script.result()
    script.cancel()
    daemon.result()
    raise AssertionError("the daemon ended by itself")
