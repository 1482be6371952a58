"""Two clusters, one in trouble, in real time: what is looked at on the other goes on as fast as before."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.outages.test_outages import EVERYTHING, spec
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.emulator import Plane
from tests.rig.estate import cluster, vm
from tests.systems.proxmox.drive import Lab, world

EACH = 4
ROUNDS = 6
PACE = 1.0
"""Seconds between two requests to look at everything: so far below what a machine can do that the count tells nothing
of its speed. Only waiting for the other cluster could make it smaller."""
SHARE = 0.9


class _RealLoop(asyncio.SelectorEventLoop):
    def wall(self) -> float:
        return time.time()


class RealDaemon(VirtualDaemon):
    """The same daemon in real time."""

    def make_loop(self, plane: Plane) -> Any:
        return _RealLoop()


@pytest.fixture(scope="module")
def clusters() -> Generator[tuple[Lab, Lab]]:
    with start_proxmox(lag=0) as good, start_proxmox(lag=0) as bad:
        yield Lab(good.url), Lab(bad.url)


FAULTS: dict[str, list[tuple[str, dict[str, Any]]]] = {
    "hangs": [("packets_dropped", {"node": "pve1"})],
    "times out": [("reply_lost", {**EVERYTHING, "status": 596, "executed": False})],
    "refuses": [("reply_lost", {**EVERYTHING, "status": 595})],
    "drops": [("reply_lost", {**EVERYTHING, "status": 0, "executed": False})],
    "storm": [("reply_fails", {**EVERYTHING, "status": 503})],
}


@pytest.mark.timeout(300)
def test_the_other_targets_resources_are_reconciled_at_nine_tenths_of_the_usual_rate(
    clusters: tuple[Lab, Lab], tmp_path: Path, record_property: Callable[[str, str], None]
) -> None:
    good, bad = clusters
    files = {"good.yaml": named(cluster(good.url), "good"), "bad.yaml": named(cluster(bad.url), "bad")}
    for target, lab in (("good", good), ("bad", bad)):
        lab.begin(world(cluster={"name": target}))
        for number in range(EACH):
            files[f"{target}{number}.yaml"] = on(target, vm(f"{target}-{number}", spec("pve1")))
    daemon = RealDaemon(good.url, tmp_path, files)

    async def script(running: Running) -> dict[str, int]:
        await running.settle()
        found = {"nothing": await press(running)}
        for name, events in FAULTS.items():
            for kind, details in events:
                bad.happen(kind, **details)
            found[name] = await press(running)
            bad.happen("calm")
        return found

    found = daemon.run(script)

    shares = ", ".join(f"{name} {count}" for name, count in found.items())
    record_property("figure", f"reconciles of a target's VMs while another one is in trouble: {shares}")
    assert found["nothing"] >= SHARE * EACH * ROUNDS
    assert {name for name, count in found.items() if count < SHARE * found["nothing"]} == set()


async def press(running: Running) -> int:
    """Ask for everything again and again; how many of the looks at the good target's VMs were given in time."""
    given = 0
    for _ in range(ROUNDS):
        asked = running.now()
        await running.supervisor.resync(list(running.estate.resources), "test")
        await asyncio.sleep(PACE)
        looked = {name: status.reconciled_at for name, status in running.statuses().items()}
        given += sum(name.startswith("VirtualMachine/good-") and at >= asked for name, at in looked.items())
    return given


def named(manifest: str, name: str) -> str:
    return json.dumps({**json.loads(manifest), "metadata": {"name": name}})


def on(target: str, manifest: str) -> str:
    return json.dumps({**json.loads(manifest), "target": target})
