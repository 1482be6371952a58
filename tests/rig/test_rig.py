from __future__ import annotations

import asyncio
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.rig.daemon import Running, VirtualDaemon, settled
from tests.rig.estate import cluster, vm
from tests.systems.proxmox.drive import Lab, world

WEB = "VirtualMachine/web01"
SPEC: dict[str, Any] = {"node": "pve1", "nics": {"net0": {"bridge": "vmbr0"}}, "power": "running"}


@pytest.fixture(scope="module")
def emulator() -> Generator[str]:
    with start_proxmox(clock="virtual") as running:
        yield running.url


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    found.begin(world())
    return found


@pytest.fixture
def daemon(lab: Lab, tmp_path: Path) -> VirtualDaemon:
    return VirtualDaemon(lab.url, tmp_path, {"lab.yaml": cluster(lab.url), "web01.yaml": vm("web01", SPEC)})


def test_what_is_declared_comes_true_and_a_restart_has_nothing_to_do(lab: Lab, daemon: VirtualDaemon) -> None:
    assert {status.outcome for status in daemon.run(settled).values()} == {"Done"}
    writes = lab.writes()
    assert len(writes) == 2

    again = daemon.run(settled)

    assert {status.outcome for status in again.values()} == {"Done"}
    assert lab.writes() == writes


def test_the_daemon_and_the_emulator_have_one_time(lab: Lab, daemon: VirtualDaemon) -> None:
    async def script(running: Running) -> tuple[float, float]:
        await asyncio.sleep(1234.5)
        return running.now(), lab.get("clock")["now"]

    ours, theirs = daemon.run(script)
    assert ours == pytest.approx(theirs, abs=1e-3)


def test_the_daemon_waits_as_long_as_a_call_takes_in_the_emulators_time(
    lab: Lab, daemon: VirtualDaemon
) -> None:
    lab.happen("reply_lost", status=596, executed=True)

    async def script(running: Running) -> float:
        begun = running.now()
        await running.until(lambda: running.statuses().get(WEB) is not None)
        assert running.status(WEB).outcome == "Wait"
        return running.status(WEB).reconciled_at - begun

    assert daemon.run(script) == pytest.approx(30, abs=1)


def test_a_script_declares_lets_time_pass_and_sees_drift_corrected(lab: Lab, daemon: VirtualDaemon) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare({"web01.yaml": vm("web01", {**SPEC, "tags": ["blue"]})})
        await running.until(lambda: running.status(WEB).outcome == "Done" and "blue" in _config(lab)["tags"])
        lab.api("PUT", "nodes/pve1/qemu/1000/config", tags="setpoint;red")
        await asyncio.sleep(1500)
        assert "blue" in _config(lab)["tags"]

    daemon.run(script)


def test_what_fails_in_a_script_ends_the_daemon_and_is_raised(daemon: VirtualDaemon) -> None:
    async def script(_: Running) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        daemon.run(script)
    assert {status.outcome for status in daemon.run(settled).values()} == {"Done"}


def test_two_runs_from_the_same_beginning_send_the_same_calls_in_the_same_time(
    lab: Lab, tmp_path: Path
) -> None:
    def once(folder: Path) -> tuple[list[str], float]:
        lab.begin(world())
        files = {f"w{n}.yaml": vm(f"w{n}", SPEC) for n in range(5)}
        made = VirtualDaemon(lab.url, folder, {"lab.yaml": cluster(lab.url), **files})
        made.run(settled)
        # Calls of one moment leave from threads of their own, and arrive in any order.
        return sorted(lab.writes()), lab.get("clock")["now"]

    assert once(tmp_path / "a") == once(tmp_path / "b")


def _config(lab: Lab) -> Any:
    return lab.api("GET", "nodes/pve1/qemu/1000/config")
