from __future__ import annotations

from typing import Any

import pytest

from setpoint_lab.proxmox.inside import Insides
from setpoint_lab.proxmox.snapshot import write_state
from setpoint_lab.proxmox.state import read_state
from setpoint_lab.proxmox.world import World
from tests.systems.lab_proxmox.qemu_api import VM, Api

AGENT = f"{VM}/agent"


async def running(**words: Any) -> Api:
    api = Api()
    assert await api.create(agent="1", scsi0="local-zfs:1", name="web") == "OK"
    api.world.other["guest_behaviour"] = [{"vmid": 100, "guest_agent": "running", **words}]
    assert await api.done("POST", f"{VM}/status/start") == "OK"
    return api


async def test_a_program_ends_well_and_silently() -> None:
    api = await running()
    pid = (await api.ask("POST", f"{AGENT}/exec", command="true")).data["pid"]
    assert (await api.ask("GET", f"{AGENT}/exec-status", pid=pid)).data == {"exited": 1, "exitcode": 0}


async def test_a_program_ends_as_the_behaviour_says_of_its_line() -> None:
    api = await running(programs={"uname -r": {"exitcode": 3, "out": "6.12\n", "err": "odd"}})
    inside = api.world.part(Insides).of(100)
    path = f"{AGENT}/exec?command=uname&command=-r"
    pid = (await api.ask("POST", path)).data["pid"]
    assert inside.commands == ["uname -r"]
    assert (await api.ask("GET", f"{AGENT}/exec-status", pid=pid)).data == {
        "exited": 1,
        "exitcode": 3,
        "out-data": "6.12\n",
        "err-data": "odd",
    }


async def test_how_a_program_ended_is_told_once() -> None:
    api = await running()
    pid = (await api.ask("POST", f"{AGENT}/exec", command="true")).data["pid"]
    await api.ask("GET", f"{AGENT}/exec-status", pid=pid)
    again = await api.ask("GET", f"{AGENT}/exec-status", pid=pid)
    assert (again.status, again.reason) == (500, f"Agent error: PID {pid} does not exist")


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {"content": "grüße\n"}),
        ({"decode": 0}, {"content": "Z3LDvMOfZQo="}),
        ({"count": 2}, {"content": "gr", "truncated": 1}),
        ({"offset": 4, "count": 9}, {"content": "ße\n"}),
    ],
)
async def test_a_file_is_read_as_it_was_written(params: dict[str, Any], expected: dict[str, Any]) -> None:
    api = await running()
    assert (await api.ask("POST", f"{AGENT}/file-write", file="/etc/x", content="grüße\n")).status == 200
    assert (await api.ask("GET", f"{AGENT}/file-read", file="/etc/x", **params)).data == expected


async def test_a_file_can_come_in_base64() -> None:
    api = await running()
    await api.ask("POST", f"{AGENT}/file-write", file="/etc/x", content="aGk=", encode=0)
    assert (await api.ask("GET", f"{AGENT}/file-read", file="/etc/x")).data == {"content": "hi"}
    assert (await api.ask("POST", f"{AGENT}/file-write", file="/etc/x", content="%", encode=0)).status == 500


async def test_a_file_that_is_not_there_cannot_be_read() -> None:
    api = await running()
    assert "No such file" in (await api.ask("GET", f"{AGENT}/file-read", file="/none")).reason


async def test_frozen_file_systems_thaw_by_word_or_by_a_restart() -> None:
    api = await running()

    async def state() -> str:
        return str((await api.ask("POST", f"{AGENT}/fsfreeze-status")).data["result"])

    assert (await api.ask("POST", f"{AGENT}/fsfreeze-freeze")).data == {"result": 1}
    assert await state() == "frozen"
    assert (await api.ask("POST", f"{AGENT}/fsfreeze-freeze")).status == 500
    assert (await api.ask("POST", f"{AGENT}/fsfreeze-thaw")).data == {"result": 1}
    assert (await api.ask("POST", f"{AGENT}/fsfreeze-thaw")).data == {"result": 0}
    await api.ask("POST", f"{AGENT}/fsfreeze-freeze")
    await api.done("POST", f"{VM}/status/stop")
    await api.done("POST", f"{VM}/status/start")
    assert await state() == "thawed"


@pytest.mark.parametrize("how", ["shutdown", "suspend-disk"])
async def test_the_system_turns_its_machine_off_by_itself(how: str) -> None:
    api = await running()
    assert (await api.ask("POST", f"{AGENT}/{how}")).data == {"result": {}}
    assert api.vm.status == "running"
    await api.world.clock.advance(3)
    assert api.vm.status == "stopped"


@pytest.mark.parametrize("how", ["suspend-ram", "suspend-hybrid"])
async def test_a_sleeping_system_is_woken(how: str) -> None:
    api = await running()
    await api.ask("POST", f"{AGENT}/{how}")
    assert (await api.ask("GET", f"{VM}/status/current")).data["qmpstatus"] == "suspended"
    assert (await api.ask("POST", f"{AGENT}/ping")).status == 500
    await api.done("POST", f"{VM}/status/resume")
    assert (await api.ask("GET", f"{VM}/status/current")).data["qmpstatus"] == "running"


async def test_a_command_can_be_named_in_the_request() -> None:
    api = await running()
    named = (await api.ask("POST", AGENT, command="get-host-name")).data
    assert named == (await api.ask("GET", f"{AGENT}/get-host-name")).data == {"result": {"host-name": "web"}}
    assert "command" in (await api.ask("POST", AGENT, command="exec")).errors


async def test_what_is_inside_outlives_the_machine_and_the_state() -> None:
    api = await running()
    await api.ask("POST", f"{AGENT}/file-write", file="/etc/x", content="1")
    await api.ask("POST", f"{AGENT}/set-user-password", username="ann", password="secret")
    again = World(api.world.clock, seed=1, lag=0)
    read_state(again, write_state(api.world))
    assert again.part(Insides).of(100).files == {"/etc/x": "1"}
    assert again.part(Insides).of(100).passwords == {"ann": "secret"}


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("exec", {"command": "true"}),
        ("file-write", {"file": "/x", "content": "1"}),
        ("fsfreeze-freeze", {}),
        ("set-user-password", {"username": "ann", "password": "secret"}),
    ],
)
async def test_without_an_agent_nothing_inside_is_reached(path: str, params: dict[str, Any]) -> None:
    api = await running(guest_agent="never")
    refused = await api.ask("POST", f"{AGENT}/{path}", **params)
    assert refused.reason == "QEMU guest agent is not running"


@pytest.mark.parametrize(
    ("command", "printed", "status"),
    [
        ("info status", "VM status: running\r\n", "running"),
        ("info name", "web\r\n", "running"),
        ("stop", "", "paused"),
        ("quit", "", "stopped"),
        ("boot_set c", "", "running"),
        ("dance", "unknown command: 'dance'\r\n", "running"),
    ],
)
async def test_the_monitor_prints_and_acts(command: str, printed: str, status: str) -> None:
    api = await running()
    assert (await api.ask("POST", f"{VM}/monitor", command=command)).data == printed
    assert (await api.ask("GET", f"{VM}/status/current")).data["qmpstatus"] == status


async def test_the_monitor_of_a_vm_that_is_off_says_so_in_text() -> None:
    api = await running()
    await api.done("POST", f"{VM}/status/stop")
    assert (await api.ask("POST", f"{VM}/monitor", command="info status")).data == (
        "ERROR: VM 100 not running\n"
    )


@pytest.mark.parametrize(
    ("role", "command", "status"),
    [
        ("PVEVMUser", "info status", 403),
        ("PVESysAdmin", "info status", 200),
        ("PVESysAdmin", "stop", 403),
        ("PVESysAdmin", "device_del x", 403),
        ("Administrator", "stop", 200),
        ("Administrator", "device_del x", 403),
    ],
)
async def test_the_monitor_is_for_those_who_may(role: str, command: str, status: int) -> None:
    api = await running()
    api.become(("/vms", role))
    assert (await api.ask("POST", f"{VM}/monitor", command=command)).status == status


async def test_the_helper_of_live_moves_needs_a_machine() -> None:
    api = await running()
    assert (await api.ask("POST", f"{VM}/dbus-vmstate", action="start")).status == 200
    await api.done("POST", f"{VM}/status/stop")
    assert (await api.ask("POST", f"{VM}/dbus-vmstate", action="start")).reason == "VM 100 not running"
    assert (await api.ask("POST", f"{VM}/dbus-vmstate", action="stop")).status == 200
