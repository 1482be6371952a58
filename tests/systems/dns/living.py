"""The real daemon (supervisor, lanes, workers, store in a file) over real DNS servers, in real time.

async with alive(tmp_path, {"a.yaml": server(pdns), "z.yaml": zone(records={"www": {"A": "192.0.2.1"}})}) as life:
    await life.settle()
    assert life.outcome() == "Done"
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from setpoint.model.condition import Truth
from setpoint.model.key import Key
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.store.lock import StateLock
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint.systems import installed_kinds
from tests.rig.estate import MemorySource
from tests.systems.dns.servers.pdns import API_KEY, Pdns
from tests.systems.dns.servers.program import SECRET, Program

ZONE = "example.test"
NAME = f"DnsZone/{ZONE}"
KINDS = installed_kinds()
PATIENCE = 20.0
LATER = 120.0
NAMESERVERS = ["ns1.example.net.", "ns2.example.net."]


def manifest(kind: str, name: str, spec: Mapping[str, Any], **envelope: Any) -> str:
    """A manifest as JSON, which is YAML."""
    return json.dumps({"kind": kind, "metadata": {"name": name}, **envelope, "spec": spec})


def secret(folder: Path, text: str) -> dict[str, str]:
    """A reference to a file with this secret."""
    place = folder / f"secret-{len(list(folder.glob('secret-*')))}"
    place.write_text(text)
    place.chmod(0o600)
    return {"file": str(place)}


def powerdns(pdns: Pdns, folder: Path, *, url: str = "", key: str = API_KEY, **spec: Any) -> str:
    access = {"endpoint": url or pdns.url, "key": secret(folder, key)}
    return manifest("DnsServer", "ns1", {"powerdns": access, **spec})


def rfc2136(
    server: Program,
    folder: Path,
    *,
    name: str = "ns1",
    key: str = "setpoint",
    port: int = 0,
    text: str = SECRET,
    **spec: Any,
) -> str:
    tsig = {"name": key, "secret": secret(folder, text)}
    access = {"endpoint": f"127.0.0.1:{port or server.port}", "key": tsig}
    return manifest("DnsServer", name, {"rfc2136": access, **spec})


def zone(
    records: Mapping[str, Any] | None = None,
    *,
    name: str = ZONE,
    target: str = "ns1",
    policy: Mapping[str, Any] | None = None,
    **spec: Any,
) -> str:
    """The manifest of `example.test` with nameservers, unless they are None."""
    spec = {"nameservers": NAMESERVERS, **spec, "records": records or {}}
    given = {field: value for field, value in spec.items() if value is not None}
    return manifest("DnsZone", name, given, policy=policy or {}, target=target)


@dataclass
class Clock:
    """The wall clock, ahead of the real one by some seconds."""

    ahead: float = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


@dataclass
class Life:
    """A daemon that runs."""

    supervisor: Supervisor
    source: MemorySource
    clock: Clock

    @property
    def estate(self) -> Estate:
        return self.supervisor.estate

    def status(self, name: str = NAME) -> Status:
        found = self.estate.store.status(Key.parse(name))
        assert found is not None, f"{name} was not looked at yet"
        return found

    @staticmethod
    def key(name: str) -> Key:
        return Key.parse(name)

    def sentence(self, name: str = NAME) -> str:
        return self.status(name).sentence

    def rules(self, name: str = NAME) -> list[str]:
        """What holds it."""
        return [str(hold.rule) for hold in self.status(name).holds]

    def reasons(self, name: str = NAME) -> set[str]:
        """Why it is not well, as its conditions tell."""
        return {one.reason for one in self.status(name).conditions if one.status is not Truth.TRUE}

    async def approve(self, name: str = NAME) -> None:
        """Release what holds it, and wait until it rests."""
        for hold in self.status(name).holds:
            assert hold.token
            await self.supervisor.approve(hold.token, "test")
        await self.look_again(name)
        await self.settle()

    def outcome(self, name: str = NAME) -> str:
        return self.status(name).outcome

    def steps(self) -> list[str]:
        """What was done, first to last."""
        events = self.estate.store.history(limit=1000)
        return [event.sentence for event in reversed(events) if event.kind == "step"]

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

    async def much_later(self, name: str = NAME) -> None:
        """Look again when nothing that was sent can still be executed, and wait until everything rests."""
        self.clock.ahead += LATER
        await self.look_again(name)
        await self.settle()

    async def look_again(self, name: str = NAME) -> None:
        """Ask for a fresh look, and wait until it came to an end."""
        asked = await self.supervisor.resync([Key.parse(name)], "test")
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
            async with asyncio.timeout(PATIENCE):
                await waits
        except TimeoutError:
            told = {str(s.key): f"{s.outcome}: {s.sentence}" for s in self.estate.store.statuses()}
            raise AssertionError(told) from None


@asynccontextmanager
async def alive(folder: Path, files: Mapping[str, str]) -> AsyncGenerator[Life]:
    """One life of the daemon on a state directory; a second one is a restart."""
    with StateLock(folder):
        store = Store.open(folder / "setpoint.db")
        source = MemorySource({f"{name}.yaml": text for name, text in files.items()})
        clock = Clock()
        supervisor = Supervisor(Estate("home", KINDS, store, StoreInline(), Ports(clock.now)), source)
        stop = asyncio.Event()
        running = asyncio.create_task(supervisor.run(stop))
        try:
            yield Life(supervisor, source, clock)
        finally:
            stop.set()
            await running
            store.close()


async def _live_on(folder: Path) -> None:
    files: dict[str, str] = json.loads((folder / "files.json").read_text())
    async with alive(folder, files):
        await asyncio.Event().wait()


if (
    __name__ == "__main__"
):  # A process of its own, to be killed: a life on a folder with declarations in `files.json`.
    asyncio.run(_live_on(Path(sys.argv[1])))
