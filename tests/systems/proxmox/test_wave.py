"""A change that would stop or restart forty machines does so to four, and to the others when a person lets them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from setpoint.model.hold import Rule
from tests.rig.daemon import Running, VirtualDaemon
from tests.rig.estate import cluster, vm
from tests.systems.proxmox.drive import Lab

NAMES = [f"w{number:02}" for number in range(40)]


def machines(memory: str, power: str = "running") -> dict[str, str | None]:
    spec = {"node": "pve1", "memory": memory, "power": power}
    return {f"{name}.yaml": vm(name, spec, reboot="whenNeeded", interval="1h") for name in NAMES}


def outcomes(running: Running) -> Mapping[str, int]:
    return Counter(one.outcome for one in running.estate.store.statuses() if one.key.kind != "ProxmoxCluster")


def restarts(lab: Lab) -> int:
    return sum(call.endswith("/status/reboot") for call in lab.writes())


def waits(running: Running) -> bool:
    return outcomes(running) == {"Done": 4, "Held": 36}


def test_of_forty_machines_four_are_restarted_over_lives_of_the_daemon_and_all_once_that_is_approved(
    lab: Lab, tmp_path: Path
) -> None:
    files = {"lab.yaml": cluster(lab.url), **{path: str(text) for path, text in machines("512MiB").items()}}
    daemon = VirtualDaemon(lab.url, tmp_path, files)

    async def made(running: Running) -> None:
        await running.settle()
        assert outcomes(running) == {"Done": 40}
        await running.declare(machines("1GiB"))
        await running.until(lambda: restarts(lab) >= 2)

    daemon.run(made)

    async def held(running: Running) -> str:
        await running.until(lambda: waits(running))
        await asyncio.sleep(6 * 3600)
        assert (waits(running), restarts(lab)) == (True, 4)
        holds = {hold for one in running.estate.store.statuses() for hold in one.holds}
        (token,) = {hold.token for hold in holds}
        assert {hold.rule for hold in holds} == {Rule.BLAST_RADIUS}
        await running.supervisor.approve(token, "anna")
        await running.until(lambda: outcomes(running) == {"Done": 40})
        return token

    token = daemon.run(held)
    assert token.startswith("VirtualMachine@ProxmoxCluster/lab:restart:20")
    assert restarts(lab) == 40


def test_a_default_that_would_stop_forty_machines_stops_four(lab: Lab, tmp_path: Path) -> None:
    files = {"lab.yaml": cluster(lab.url), **{path: str(text) for path, text in machines("512MiB").items()}}

    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(machines("512MiB", power="stopped"))
        await running.until(lambda: waits(running))
        await asyncio.sleep(6 * 3600)
        (token,) = {hold.token for one in running.estate.store.statuses() for hold in one.holds}
        assert token.startswith("VirtualMachine@ProxmoxCluster/lab:stop:20")

    VirtualDaemon(lab.url, tmp_path, files).run(script)
    assert sum(call.endswith("/status/shutdown") for call in lab.writes()) == 4
