"""Of (h): copies to a host over the bridge and its one connection, beside those by the OpenSSH client."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from setpoint_nixos.nix import commands
from setpoint_nixos.nix.bridge import bridge, place, store
from setpoint_nixos.nix.openssh import settings
from setpoint_nixos.nix.remote import Remote
from setpoint_nixos.nix.run import Bounds, Nix
from setpoint_nixos.ssh.session import Session
from tests.bench.child import SideError
from tests.bench.farm import Farm, straight
from tests.bench.figures import Figure, Spread
from tests.bench.machine import processors
from tests.bench.plan import Plan
from tests.systems.nixos.nixes import call
from tests.systems.nixos.servers.sshd import OpenGate
from tests.systems.nixos.simhost import SimHost

SMALL = 100
"""Paths of a kilobyte each."""
BIG = 200 << 20
"""Bytes of one path."""
_BOUNDS = Bounds(timedelta(minutes=10))

Copy = Callable[[Sequence[str]], Awaitable[None]]


@dataclass(frozen=True)
class Run:
    """One copy: seconds, and seconds of processors on this side."""

    seconds: float
    work: float


def figures(plan: Plan, estate: Farm) -> Iterator[Figure]:
    """The sides take turns; what one has copied is removed from the host before the other does."""
    host = next(iter(estate.hosts.values()))
    count, size = min(SMALL, plan.small), min(BIG, plan.small << 20)
    small = _added(estate.nix, plan.folder("small"), [1 << 10] * count)
    big = _added(estate.nix, plan.folder("big"), [size])
    host.receive(estate.nix, *small)
    yield _figure("a copy of what is there", asyncio.run(_turns(plan, estate.nix, host, small, anew=False)))
    yield _figure(
        f"a copy of {count} small paths", asyncio.run(_turns(plan, estate.nix, host, small, anew=True))
    )
    yield _figure(
        f"a copy of one path, {size >> 20:,} MiB",
        asyncio.run(_turns(plan, estate.nix, host, big, anew=True)),
        size,
    )


def _figure(what: str, runs: dict[str, list[Run]], size: int = 0) -> Figure:
    (here, work), (there, other) = (
        (Spread(tuple(run.seconds for run in side)), Spread(tuple(run.work for run in side)))
        for side in (runs["bridge"], runs["client"])
    )
    rate = f"; {size / here.middle / 1e6:,.0f} MB/s beside {size / there.middle / 1e6:,.0f}" if size else ""
    return Figure(
        part="h",
        what=f"{what}, bridge beside OpenSSH",
        figure=f"{there.middle / here.middle:.1f} x faster, {other.middle / work.middle:.1f} x less CPU",
        beside=f"{here.show(',.0f', 1e3)} ms beside {there.show(',.0f', 1e3)} ms; "
        f"{work.middle * 1e3:,.0f} ms of processors beside {other.middle * 1e3:,.0f} ms{rate}",
        values={"here": here.runs, "there": there.runs, "work": work.runs, "otherWork": other.runs},
    )


async def _turns(
    plan: Plan, nix: Nix, host: SimHost, paths: Sequence[str], *, anew: bool
) -> dict[str, list[Run]]:
    runs: dict[str, list[Run]] = {"bridge": [], "client": []}
    async with _bridge(nix, host) as over_bridge:
        sides = {"bridge": over_bridge, "client": _client(nix, host)}
        for _ in range(plan.rounds):
            for name, copy in sides.items():
                if anew:
                    await asyncio.to_thread(_removed, host, paths)
                runs[name].append(await _measured(copy, paths))
    return runs


async def _measured(copy: Copy, paths: Sequence[str]) -> Run:
    worked, began = processors(), time.perf_counter()
    await copy(paths)
    return Run(time.perf_counter() - began, processors() - worked)


@asynccontextmanager
async def _bridge(nix: Nix, host: SimHost) -> AsyncGenerator[Copy]:
    """As the daemon does it: over a connection that stands."""
    session = Session(straight(host), OpenGate())
    try:
        await session.run("exit 0", timeout=30.0)
        with place() as folder:
            async with bridge(Remote(host.name, session), Path(folder) / "0") as made:

                async def copy(paths: Sequence[str]) -> None:
                    await _copied(nix, paths, store(made.socket), {})

                yield copy
    finally:
        await session.close()


def _client(nix: Nix, host: SimHost) -> Copy:
    """As `nix copy --to ssh-ng://` does it: a connection each time."""

    async def copy(paths: Sequence[str]) -> None:
        with place() as folder:
            extra = settings({host.name: straight(host)}, Path(folder))
            await _copied(nix, paths, f"ssh-ng://{host.name}", dict(extra))

    return copy


async def _copied(nix: Nix, paths: Sequence[str], to: str, extra: dict[str, str]) -> None:
    ended = await nix.run(commands.copy(paths, to), _BOUNDS, extra=extra)
    if ended.code:
        raise SideError(f"the copy to {to} ended with {ended.code}\n{ended.errors[-3000:]}")


def _added(nix: Nix, folder: Path, sizes: Sequence[int]) -> list[str]:
    """Paths of noise in the store here."""
    files = [folder / f"noise-{number}" for number in range(len(sizes))]
    for file, size in zip(files, sizes, strict=True):
        file.write_bytes(os.urandom(size))
    return call(nix, "nix-store", "--add", *map(str, files)).split()


def _removed(host: SimHost, paths: Sequence[str]) -> None:
    host.run(f"nix-store --delete --ignore-liveness {' '.join(paths)}")
