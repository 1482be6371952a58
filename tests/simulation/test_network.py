"""The simulated network against the real one: for the same answers, the product's client gives the same."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from setpoint.model.errors import TargetError
from setpoint.run.gate import LaneGate
from setpoint_lab.proxmox.lab import Lab, Settings
from setpoint_lab.proxmox.server import listen
from setpoint_proxmox import client as product
from setpoint_proxmox.client import Client
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.transport import Login
from tests.simulation.life import Life
from tests.simulation.loop import SeededLoop
from tests.simulation.simulation import Simulation, end
from tests.systems.proxmox.drive import SECRET, TOKEN, world

CALLS: dict[str, tuple[str, tuple[str | int, ...], Mapping[str, Any]]] = {
    "a list": ("get", ("cluster", "resources"), {}),
    "a parameter": ("get", ("cluster", "resources"), {"type": "storage"}),
    "what is not there": ("get", ("nodes", "pve1", "qemu", 4711, "config"), {}),
    "an unknown node": ("get", ("nodes", "nowhere", "qemu"), {}),
    "an unknown path": ("get", ("nothing",), {}),
    "a parameter that is wrong": ("post", ("nodes", "pve1", "qemu"), {"vmid": 7}),
    "a privilege that is missing": ("post", ("pools",), {"poolid": "p"}),
    "a text with signs": ("post", ("nodes", "pve1", "qemu"), {"vmid": 4712, "description": "ä & b=c\nd+e%"}),
}
LOGIN = Login(TOKEN.partition("!")[0], TOKEN.partition("!")[2], SECRET)


async def told(client: Client, call: tuple[str, tuple[str | int, ...], Mapping[str, Any]]) -> str:
    """What came of a call, without what differs by time and place."""
    method, path, params = call
    try:
        answer = await getattr(client, method)(*path, **params)
    except TargetError as error:
        text = str(error).replace(client.endpoint, "there")
        return f"{type(error).__name__} {text}"
    found: Any = answer
    if isinstance(found, list):
        return str(sorted(sorted(row) for row in found))
    return str(found).split(":")[0]


async def over_sockets() -> dict[str, str]:
    lab = Lab(Settings(lag=0.0), world())
    runner, port = await listen(lab, "127.0.0.1", 0)
    client = Client([Endpoint("127.0.0.1", port, tls=False)], LOGIN, Trust(), LaneGate())
    try:
        return {name: await told(client, call) for name, call in CALLS.items()}
    finally:
        await client.close()
        lab.close()
        await runner.cleanup()


async def over_nothing(sim: Simulation) -> dict[str, str]:
    sim.build("alpha", 2, home=True)
    life = Life(1, sim.database, sim.clock, sim.dice)
    sim.network.sending = lambda life, site, request: None
    with life:
        client = Client([Endpoint("pve1.alpha", 8006)], LOGIN, Trust(), LaneGate())
    return {name: await told(client, call) for name, call in CALLS.items()}


def test_a_call_gives_the_same_over_the_simulated_network(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = asyncio.run(over_sockets())
    loop = SeededLoop(1)
    sim = Simulation(1, loop, tmp_path, {})
    monkeypatch.setattr(product, "open_api", sim.network.open_api)
    try:
        simulated = loop.run_until_complete(over_nothing(sim))
    finally:
        end(loop)
    assert simulated == real
    assert len({text.split()[0] for text in real.values()}) > 2
