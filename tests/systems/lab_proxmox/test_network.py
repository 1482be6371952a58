"""The interfaces of a node: written down first, up after a reload, and only on their node."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint_lab.proxmox.events import EVENTS
from setpoint_lab.proxmox.world import Node
from tests.systems.lab_proxmox.qemu_api import VM, Api

NETWORK = "/nodes/pve1/network"


@pytest.fixture
def api() -> Api:
    fresh = Api()
    fresh.world.nodes["pve2"] = Node("pve2", "10.99.0.2")
    return fresh


async def interfaces(api: Api, node: str = "pve1") -> dict[str, dict[str, Any]]:
    rows = (await api.ask("GET", f"/nodes/{node}/network")).data
    return {row.pop("iface"): row for row in rows}


async def test_an_interface_waits_for_the_reload_of_its_node(api: Api) -> None:
    added = await api.ask("POST", NETWORK, iface="vmbr1", type="bridge", cidr="10.5.0.1/16", comments="x")
    assert added.status == 200
    listed = await api.ask("GET", NETWORK)
    assert listed.document["changes"].startswith("+iface vmbr1")
    assert "active" not in (await interfaces(api))["vmbr1"]
    await api.create(net0="virtio,bridge=vmbr1")
    assert await api.done("POST", f"{VM}/status/start") == "start failed: QEMU exited with code 1"
    assert await api.done("PUT", NETWORK) == "OK"
    assert (await interfaces(api))["vmbr1"] == {
        "type": "bridge",
        "cidr": "10.5.0.1/16",
        "address": "10.5.0.1",
        "netmask": "16",
        "method": "static",
        "method6": "manual",
        "families": ["inet"],
        "bridge_fd": "0",
        "bridge_stp": "off",
        "bridge_ports": "",
        "comments": "x\n",
        "priority": 4,
        "active": 1,
    }
    assert "changes" not in (await api.ask("GET", NETWORK)).document
    assert await api.done("POST", f"{VM}/status/start") == "OK"
    assert "vmbr1" not in await interfaces(api, "pve2")


async def test_what_waits_can_be_forgotten(api: Api) -> None:
    await api.ask("POST", NETWORK, iface="vmbr1", type="bridge")
    assert (await api.ask("DELETE", NETWORK)).status == 200
    assert "vmbr1" not in await interfaces(api)


async def test_an_interface_is_changed_and_taken_away(api: Api) -> None:
    await api.ask("PUT", f"{NETWORK}/vmbr0", type="bridge", cidr="10.7.0.1/24", delete="bridge_ports")
    changed = (await api.ask("GET", f"{NETWORK}/vmbr0")).data
    assert (changed["address"], changed["cidr"], changed["bridge_ports"]) == ("10.7.0.1", "10.7.0.1/24", "")
    await api.ask("PUT", f"{NETWORK}/vmbr0", type="bridge", delete="cidr")
    assert (await api.ask("GET", f"{NETWORK}/vmbr0")).data["method"] == "manual"
    await api.ask("DELETE", f"{NETWORK}/vmbr0")
    await api.done("PUT", NETWORK)
    assert await interfaces(api) == {}


async def test_a_reload_that_fails_leaves_everything_as_it_is(api: Api) -> None:
    await api.ask("POST", NETWORK, iface="vmbr1", type="bridge")
    await EVENTS["apply_fails"](api.world, {"log_line": "ifreload died"})
    assert await api.done("PUT", NETWORK) == "ifreload died"
    assert "changes" in (await api.ask("GET", NETWORK)).document


REFUSED = {
    "one that is there": (
        ("POST", NETWORK, {"iface": "vmbr0", "type": "bridge"}),
        {"iface": "interface already exists"},
    ),
    "one that is not there": (
        ("PUT", f"{NETWORK}/vmbr7", {"type": "bridge"}),
        {"iface": "interface does not exist"},
    ),
    "a second gateway": (
        ("POST", NETWORK, {"iface": "vmbr2", "type": "bridge", "cidr": "10.8.0.2/24", "gateway": "10.8.0.1"}),
        {"gateway": "Default gateway already exists on interface 'vmbr1'."},
    ),
}


@pytest.mark.parametrize(("request_", "errors"), REFUSED.values(), ids=REFUSED)
async def test_refused_is(
    api: Api, request_: tuple[str, str, dict[str, Any]], errors: dict[str, str]
) -> None:
    await api.ask("POST", NETWORK, iface="vmbr1", type="bridge", cidr="10.6.0.2/24", gateway="10.6.0.1")
    method, path, params = request_
    refused = await api.ask(method, path, **params)
    assert (refused.status, refused.errors) == (400, errors)
