from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lab_proxmox.qemu_api import VM, Api

INTERFACES = f"{VM}/agent/network-get-interfaces"
MAC = "BC:24:11:00:00:05"


async def running(**words: Any) -> Api:
    api = Api()
    await api.create(
        agent="1", net0=f"virtio={MAC},bridge=vmbr0", name="web.example.org", ipconfig0="ip=10.0.0.9/24"
    )
    api.world.other["guest_behaviour"] = [{"vmid": 100, **words}]
    await api.done("POST", f"{VM}/status/start")
    return api


def addresses(rows: list[dict[str, Any]]) -> dict[str, list[str]]:
    return {
        row["name"]: [f"{given['ip-address']}/{given['prefix']}" for given in row.get("ip-addresses", [])]
        for row in rows
    }


async def test_the_agent_tells_the_addresses_that_its_behaviour_says() -> None:
    api = await running(guest_agent="running", addresses={"net0": ["10.0.0.5/24", "fd00::5/64"]})
    rows = (await api.ask("GET", INTERFACES)).data["result"]
    assert addresses(rows) == {"lo": ["127.0.0.1/8", "::1/128"], "eth0": ["10.0.0.5/24", "fd00::5/64"]}
    assert [row["hardware-address"] for row in rows] == ["00:00:00:00:00:00", MAC.lower()]


async def test_without_words_about_addresses_a_card_has_those_of_cloud_init() -> None:
    api = await running(guest_agent="running")
    assert addresses((await api.ask("GET", INTERFACES)).data["result"])["eth0"] == ["10.0.0.9/24"]


async def test_words_without_a_number_are_about_every_other_vm() -> None:
    api = await running()
    assert (await api.ask("POST", f"{VM}/agent/ping")).status == 500
    api.world.other["guest_behaviour"] = [{"guest_agent": "running", "addresses": {"net0": []}}]
    assert (await api.ask("POST", f"{VM}/agent/ping")).data == {"result": {}}
    assert addresses((await api.ask("GET", INTERFACES)).data["result"])["eth0"] == []


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("info", {"version"}),
        ("get-osinfo", {"id", "version-id", "kernel-release"}),
        ("get-host-name", {"host-name"}),
        ("get-timezone", {"zone", "offset"}),
    ],
)
async def test_a_running_agent_answers(call: str, words: set[str]) -> None:
    api = await running(guest_agent="running")
    assert words <= (await api.ask("GET", f"{VM}/agent/{call}")).data["result"].keys()


async def test_a_silent_agent_costs_three_seconds() -> None:
    api = await running(guest_agent="never running")
    before = api.world.clock.now()
    answered = await api.ask("GET", INTERFACES)
    assert (answered.status, answered.reason) == (500, "QEMU guest agent is not running")
    assert api.world.clock.now() - before == pytest.approx(3)


async def test_an_agent_that_needs_time_answers_when_the_guest_is_up() -> None:
    api = await running(guest_agent="running", agent_after_s=20)
    assert (await api.ask("POST", f"{VM}/agent/ping")).status == 500
    await api.world.clock.advance(20)
    assert (await api.ask("POST", f"{VM}/agent/ping")).status == 200


async def test_an_agent_that_cannot_be_there_is_not_waited_for() -> None:
    api = await running(guest_agent="running")
    await api.done("POST", f"{VM}/status/stop")
    assert (await api.ask("POST", f"{VM}/agent/ping")).reason == "VM 100 is not running"
    await api.put(agent="0")
    assert (await api.ask("POST", f"{VM}/agent/ping")).reason == "No QEMU guest agent configured"
