"""The real daemon over a simulated host: real git, Nix, sshd and guard, in real time."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from setpoint.model.kind import Kind
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.store.lock import StateLock
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from setpoint_nixos.kinds.host import KIND as HOST
from setpoint_nixos.kinds.nixos_host import KIND as NIXOS_HOST
from setpoint_nixos.shop import shop
from tests.rig.estate import MemorySource
from tests.systems.dns import living
from tests.systems.dns.living import Clock, manifest
from tests.systems.nixos.simhost import PROFILE, RUNNING, SimHost

NAME: Final = "NixosHost/web01"
PATIENCE: Final = 90.0
KINDS: Final[Mapping[str, Kind[Any, Any]]] = {"Host": HOST, "NixosHost": NIXOS_HOST}


class Life(living.Life):
    """A daemon that runs, and is given the time that deploys take."""

    async def _in_time(self, waits: Any) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                await waits
        except TimeoutError:
            told = {str(s.key): f"{s.outcome}: {s.sentence}" for s in self.estate.store.statuses()}
            raise AssertionError(told) from None

    async def comes_to(self, outcome: str, name: str = NAME) -> str:
        """Look again until it has that outcome, or one at which it rests; and what it says then."""
        await self.supervisor.resync([self.key(name)], "test")
        await self.until(lambda: self._seen(name) in {outcome, "Done", "Failed", "Held"})
        assert self.outcome(name) == outcome, self.sentence(name)
        return self.sentence(name)

    def looked_at(self, name: str) -> bool:
        return self.estate.store.status(self.key(name)) is not None

    def _seen(self, name: str) -> str:
        status = self.estate.store.status(self.key(name))
        asked = self.estate.store.last_request(self.key(name))
        return status.outcome if status is not None and status.handled >= asked else ""


def host(simulated: SimHost, **spec: Any) -> str:
    """The manifest of a Host."""
    access = {
        "address": simulated.address,
        "port": simulated.port,
        "hostKey": simulated.host_key,
        "key": {"file": str(simulated.root / "key")},
    }
    return manifest("Host", simulated.name, {**access, **spec})


def nixos(url: str, policy: Mapping[str, Any] | None = None, *, name: str = "web01", **spec: Any) -> str:
    """The manifest of a NixosHost."""
    return manifest(
        "NixosHost",
        name,
        {"flake": {"url": f"git+{url}", "ref": "main"}, **spec},
        policy=policy or {},
        target=name,
    )


def systems(simulated: SimHost) -> tuple[str, str]:
    """What runs, and what boots."""
    return simulated.points(RUNNING), simulated.points(PROFILE)


@asynccontextmanager
async def alive(folder: Path, **files: str) -> AsyncGenerator[Life]:
    """One life of the daemon on a state directory; a second one is a restart."""
    with StateLock(folder):
        store = Store.open(folder / "setpoint.db")
        source = MemorySource({f"{name}.yaml": text for name, text in files.items()})
        clock = Clock()
        supervisor = Supervisor(Estate("home", KINDS, store, StoreInline(), Ports(clock.now)), source)
        stop = asyncio.Event()
        shop().flakes._within = 0.0  # pyright: ignore[reportPrivateUsage]  # a commit is seen at once
        running = asyncio.create_task(supervisor.run(stop))
        try:
            yield Life(supervisor, source, clock)
        finally:
            stop.set()
            await running
            store.close()


async def _live_on(folder: Path) -> None:
    files: dict[str, str] = json.loads((folder / "files.json").read_text())
    async with alive(folder, **files):
        await asyncio.Event().wait()


if __name__ == "__main__":
    # A process of its own, to be killed: a life on a folder with declarations in `files.json`.
    asyncio.run(_live_on(Path(sys.argv[1])))
