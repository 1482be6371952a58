"""The destruction with every way to fail: it is gone in the end, once, and nothing else goes with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from setpoint.model.tombstone import Phase
from tests.deletion.site import HOUR, Site, key, machine, phase, redeclare
from tests.rig.daemon import Running

RASH = {"deletion": "delete", "grace": "0s"}
KEPT = machine("kept", description="kept")
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "reply lost after the effect": ("reply_lost", {"status": 0, "executed": True}),
    "reply lost before the effect": ("reply_lost", {"status": 0, "executed": False}),
    "timed out and executed": ("reply_lost", {"status": 596, "executed": True}),
    "timed out and not executed": ("reply_lost", {"status": 596, "executed": False}),
    "executed late": ("reply_lost", {"status": 596, "later": 12}),
    "never arrived": ("reply_lost", {"status": 595}),
    "500": ("reply_fails", {"status": 500, "reason": "got timeout"}),
    "503": ("reply_fails", {"status": 503}),
    "403": ("reply_fails", {"status": 403}),
    "slow": ("latency", {"seconds": 40}),
}


@pytest.mark.parametrize("killed", [False, True], ids=["goes on", "restarted"])
@pytest.mark.parametrize("fault", FAULTS)
def test_after_a_fault_it_is_gone_once(site: Site, fault: str, *, killed: bool) -> None:
    site.declare(machine("web01", policy=RASH, description="mine"), KEPT)
    event, details = FAULTS[fault]

    async def until_hit(running: Running) -> None:
        await running.settle()
        site.lab.happen(event, method="DELETE", path="/nodes/*/qemu/*", count=1, **details)
        await redeclare(running, KEPT)
        destroying = running.estate.store.intent
        await running.until(
            lambda: (
                ((intent := destroying(key("web01"))) is not None and intent.verb == "destroy")
                or phase(running, "web01") is Phase.GONE
                or (
                    running.estate.store.status(key("web01")) is not None
                    and running.status("VirtualMachine/web01").outcome == "Failed"
                )
            )
        )
        if not killed:
            await gone(running)

    async def gone(running: Running) -> None:
        await running.until(lambda: phase(running, "web01") is Phase.GONE, patience=4 * HOUR)
        await asyncio.sleep(HOUR)

    site.run(until_hit)
    if killed:
        site.run(gone)
    assert site.guests() == {"kept"}
    assert (site.count("guest_gone"), site.count("volume_gone"), site.count("stopped")) == (1, 1, 1)


def test_a_task_that_fails_is_begun_again(site: Site) -> None:
    site.declare(machine("web01", policy=RASH, description="mine"), KEPT)

    async def script(running: Running) -> None:
        await running.settle()
        site.lab.happen("task_fails", type="qmdestroy", exitstatus="zfs error: dataset is busy", count=1)
        await redeclare(running, KEPT)
        await running.until(lambda: "dataset is busy" in running.status("VirtualMachine/web01").sentence)
        await running.until(lambda: phase(running, "web01") is Phase.GONE)

    site.run(script)
    assert site.guests() == {"kept"}


def test_a_number_that_is_anothers_by_now_is_not_destroyed(site: Site) -> None:
    """Our machine was destroyed by hand, and its number given to somebody else's before anybody looked."""
    site.declare(machine("web01", policy=RASH, description="mine"), KEPT)

    async def script(running: Running) -> None:
        await running.settle()
        number = site.vmid("web01")
        site.lab.api("POST", f"nodes/pve1/qemu/{number}/status/stop")
        site.lab.api("DELETE", f"nodes/pve1/qemu/{number}")
        site.lab.api("POST", "nodes/pve1/qemu", vmid=number, name="karls")
        await redeclare(running, KEPT)
        await asyncio.sleep(6 * HOUR)
        assert site.guests() == {"kept", "karls"}
        assert phase(running, "web01") is Phase.HELD

    site.run(script)
    assert site.count("guest_gone") == 1
