"""(c) Which calls are made to a cluster, counted on the wire: for a look at 100 VMs at rest, and to create one."""

from __future__ import annotations

import asyncio
import subprocess
from collections import Counter
from collections.abc import Iterator

from setpoint.run.queue import Class
from setpoint.run.wake import wake
from tests.bench import canned
from tests.bench.child import SideError
from tests.bench.daemon import COMMAND, Daemon, daemon
from tests.bench.estate import manifest, prepare
from tests.bench.figures import Figure
from tests.bench.plan import Plan
from tests.bench.plant import SECRETS, Wire, counted, declared, plant
from tests.rig.daemon import Running, VirtualDaemon
from tests.served import logs_away

SIZE = 100
"""VMs at rest."""
INTERVAL = 600.0
"""Seconds between two looks at a resource, unless it says otherwise."""
PER_VM = "GET /nodes/*/qemu/*/pending"
PER_CLUSTER = dict.fromkeys(
    ("GET /cluster/resources", "GET /cluster/status", "GET /version", "GET /access/permissions"), 1
)
"""What a look should cost: the listing and three more, whatever the number of VMs."""


def measure(plan: Plan) -> Iterator[Figure]:
    """The daemon on the emulator, through a proxy that counts."""
    size = min(SIZE, plan.small)
    with plant(size) as lab, counted(lab.url) as wire:
        texts = ((path, manifest(*parts)) for path, parts in declared(wire.url, size).items())
        folder = prepare(plan.folder("calls"), texts, secrets=SECRETS, systems=False)
        with daemon(folder) as running:
            running.in_sync()
            yield _asked_for(running, wire, size)
            yield _created(running, wire, size)
    yield from _polls(plan, size)


def _asked_for(running: Daemon, wire: Wire, size: int) -> Figure:
    wire.calls.clear()
    _setpoint(running, "resync", "VirtualMachine", "--wait")
    calls, wanted = Counter(wire.calls), _wanted(size)
    return Figure(
        part="c",
        what=f"calls of a look at {size:,} VMs that somebody asked for",
        figure=f"{calls.total():,}, {wire.writes()} writes",
        beside=f"more than at rest: {_listed(calls - wanted) or 'none'}",
        values={"calls": dict(calls)},
    )


def _polls(plan: Plan, size: int) -> Iterator[Figure]:
    """In virtual time: all at one moment, and for ten minutes, in which each VM is looked at at its own moment."""
    with plant(size, clock="virtual") as lab, counted(lab.url) as wire:
        parts = declared(wire.url, size).items()
        files = {path: manifest(*part, interval="10m") for path, part in parts}

        async def script(running: Running) -> tuple[Counter[str], int, Counter[str]]:
            await running.settle()
            await asyncio.sleep(2 * INTERVAL)
            wire.calls.clear()
            begun = running.now()
            for key in running.estate.resources:
                wake(running.estate, key, Class.RESYNC)
            await running.settle(begun)
            together, writes = Counter(wire.calls), wire.writes()
            await asyncio.sleep(INTERVAL)
            wire.calls.clear()
            await asyncio.sleep(INTERVAL)
            return together, writes, Counter(wire.calls)

        with logs_away():
            together, writes, apart = VirtualDaemon(lab.url, plan.folder("interval"), files).run(script)
    yield _at_rest(together, writes, size)
    what = f"calls in {INTERVAL / 60:g} min of polls, {size:,} VMs at rest"
    yield Figure("c", what, f"{apart.total():,}", _listed(apart), values={"calls": dict(apart)})


def _at_rest(calls: Counter[str], writes: int, size: int) -> Figure:
    wanted = _wanted(size)
    total, aim = calls.total(), wanted.total()
    return Figure(
        part="c",
        what=f"calls of a look at {size:,} VMs at rest",
        figure=f"{total:,}, {writes} writes",
        beside=f"more than wanted: {_listed(calls - wanted) or 'none'}",
        aim=f"<= {aim:,}, 0 writes",
        met=total <= aim and not writes,
        values={"calls": dict(calls)},
    )


def _wanted(size: int) -> Counter[str]:
    return Counter(PER_CLUSTER) + Counter({PER_VM: size})


def _created(running: Daemon, wire: Wire, size: int) -> Figure:
    name = canned.name(size)
    wire.calls.clear()
    place = running.folder.declarations / f"{name}.yaml"
    place.write_text(manifest("VirtualMachine", name, {**canned.spec(size), "power": "stopped"}))
    running.until(lambda: _is_done(running, name), f"{name} in sync")
    calls = Counter(wire.calls)
    what = f"calls to create one more, of which {wire.writes()} writes"
    return Figure("c", what, f"{calls.total():,}", _listed(calls), values={"calls": dict(calls)})


def _is_done(running: Daemon, name: str) -> bool:
    rows = running.status().get("resources", [])
    return any(row["key"].endswith(f"/{name}") and row["outcome"] == "Done" for row in rows)


def _setpoint(running: Daemon, *arguments: str) -> None:
    command = (*COMMAND, *arguments)
    ended = subprocess.run(
        command, capture_output=True, text=True, env=running.folder.environment, check=False
    )
    if ended.returncode:
        raise SideError(f"{' '.join(arguments)} gave {ended.returncode}: {ended.stderr}")


def _listed(calls: Counter[str]) -> str:
    return ", ".join(f"{number} {call}" for call, number in calls.most_common())
