"""Whom the invariant of disruptions counts: everybody to whom something was done, or may yet be."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from setpoint.model.errors import TargetError
from setpoint.run.gate import LaneGate
from setpoint_lab.proxmox.dispatch import Request
from setpoint_proxmox import client as product
from setpoint_proxmox.client import Client
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.transport import Login
from tests.simulation.life import Life
from tests.simulation.loop import SeededLoop
from tests.simulation.network import Loss
from tests.simulation.rules import too_much_disturbed
from tests.simulation.simulation import Simulation, end
from tests.simulation.site import Site
from tests.simulation.truth import Write
from tests.systems.proxmox.drive import SECRET, TOKEN

LOGIN = Login(TOKEN.partition("!")[0], TOKEN.partition("!")[2], SECRET)
GUESTS = range(1000, 1004)
Trouble = Callable[[Simulation, Site], Awaitable[None]]


async def none(_sim: Simulation, _site: Site) -> None:
    """Every call is executed and answered."""


async def rights_taken(_sim: Simulation, site: Site) -> None:
    for who in ("setpoint@pve", TOKEN):
        await site.happen("acl_taken", path="/vms", ugid=who)


async def rights_taken_after_one_call(sim: Simulation, site: Site) -> None:
    """Each is shut down, and refused when that is asked once more."""
    for vmid in GUESTS[:3]:
        await shut_down(sim, vmid)
    await rights_taken(sim, site)


async def errors(_sim: Simulation, site: Site) -> None:
    await site.happen("reply_fails", method="POST", status=500, for_s=60)


async def errors_tell_wrong(_sim: Simulation, site: Site) -> None:
    """What was executed is said not to have been."""
    await site.happen("reply_lost", method="POST", status=595, executed=True, for_s=60)


async def gateway_gives_up(_sim: Simulation, site: Site) -> None:
    """Nothing was executed when a proxy on the way says so, but it will be."""
    await site.happen("reply_lost", method="POST", status=596, later=20, for_s=120)


async def answers_lost(sim: Simulation, _site: Site) -> None:
    sim.network.losses.append(Loss(frozenset({"POST"}), "after", slow=False, left=3))


async def tasks_fail(_sim: Simulation, site: Site) -> None:
    await site.happen("task_fails", exitstatus="no luck", for_s=60)


async def shut_down(sim: Simulation, vmid: int) -> None:
    life = Life(1, sim.database, sim.clock, sim.dice)
    with life:
        client = Client([Endpoint("pve1.alpha", 8006)], LOGIN, Trust(), LaneGate())
    with suppress(TargetError):
        await client.post("nodes", "pve1", "qemu", vmid, "status", "shutdown")


async def fourth(sim: Simulation, trouble: Trouble) -> str:
    """What is said of the fourth of four that are shut down, of which three meet `trouble`."""
    site, said = sim.build("alpha", 2, home=True), ""

    def judge(_life: Life, site: Site, request: Request) -> None:
        nonlocal said
        write = Write.read(site, request)
        if write.verb == "status/shutdown":
            said = too_much_disturbed(sim.rules, write, f"vm{write.vmid}")

    sim.network.sending = judge
    for vmid in GUESTS:
        assert await site.by_hand("POST", "nodes/pve1/qemu", vmid=vmid) == 200
        assert await site.by_hand("POST", f"nodes/pve1/qemu/{vmid}/status/start") == 200
    await trouble(sim, site)
    for vmid in GUESTS[:3]:
        await shut_down(sim, vmid)
        assert not said
    await shut_down(sim, GUESTS[3])
    return said


@pytest.mark.parametrize(
    ("trouble", "counted"),
    [
        pytest.param(none, True, id="executed"),
        pytest.param(rights_taken, False, id="refused"),
        pytest.param(rights_taken_after_one_call, True, id="executed once, then refused"),
        pytest.param(errors, False, id="failed before anything was done"),
        pytest.param(errors_tell_wrong, True, id="executed, and said to have failed"),
        pytest.param(gateway_gives_up, True, id="executed later"),
        pytest.param(answers_lost, True, id="executed, with the answer lost"),
        pytest.param(tasks_fail, True, id="begun, and failed half-way"),
    ],
)
def test_a_fourth_is_too_many_unless_the_others_were_refused(
    trouble: Trouble, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, counted: bool
) -> None:
    loop = SeededLoop(1)
    sim = Simulation(1, loop, tmp_path, {})
    monkeypatch.setattr(product, "open_api", sim.network.open_api)
    try:
        said = loop.run_until_complete(fourth(sim, trouble))
    finally:
        end(loop)
    assert said == ("after those of vm1000, vm1001, vm1002" if counted else "")
