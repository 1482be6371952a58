from __future__ import annotations

import pytest

from tests.systems.lab_proxmox.qemu_api import VM, Api


@pytest.fixture
async def api() -> Api:
    api = Api()
    assert await api.create(scsi0="local-zfs:1", net0="virtio,bridge=vmbr0") == "OK"
    return api


@pytest.fixture
async def running(api: Api) -> Api:
    assert await api.done("POST", f"{VM}/status/start") == "OK"
    return api


@pytest.mark.parametrize("call", ["stop", "shutdown"])
async def test_turning_off_what_is_off_is_fine(api: Api, call: str) -> None:
    assert await api.done("POST", f"{VM}/status/{call}") == "OK"


@pytest.mark.parametrize("call", ["reboot", "suspend", "resume", "reset"])
async def test_what_needs_a_running_machine_says_so_at_once(api: Api, call: str) -> None:
    answered = await api.ask("POST", f"{VM}/status/{call}")
    assert (answered.status, answered.reason) == (500, "VM 100 not running")


async def test_starting_what_runs_fails_in_the_task(running: Api) -> None:
    assert await running.done("POST", f"{VM}/status/start") == "VM 100 already running"


@pytest.mark.parametrize("call", ["start", "stop", "shutdown", "reboot"])
async def test_a_lock_is_found_in_the_task(running: Api, call: str) -> None:
    if call == "start":
        await running.done("POST", f"{VM}/status/stop")
    await running.put(lock="backup")
    assert await running.done("POST", f"{VM}/status/{call}") == "VM is locked (backup)"
    status = await running.ask("GET", f"{VM}/status/current")
    assert status.data["lock"] == "backup"
    assert status.data["status"] == ("stopped" if call == "start" else "running")


@pytest.mark.parametrize("call", ["start", "stop", "shutdown"])
async def test_root_ignores_a_lock(running: Api, call: str) -> None:
    if call == "start":
        await running.done("POST", f"{VM}/status/stop")
    await running.put(lock="backup")
    assert await running.done("POST", f"{VM}/status/{call}", skiplock=1) == "OK"


@pytest.mark.parametrize(
    ("call", "text"),
    [
        ("start", "Configuration file 'nodes/pve1/qemu-server/101.conf' does not exist"),
        ("stop", "unable to find configuration file for VM 101 on node 'pve1'"),
        ("shutdown", "unable to find configuration file for VM 101 on node 'pve1'"),
    ],
)
async def test_that_there_is_no_such_vm_is_found_in_the_task(api: Api, call: str, text: str) -> None:
    assert await api.done("POST", f"/nodes/pve1/qemu/101/status/{call}") == text


async def test_the_state_follows_the_calls(running: Api) -> None:
    async def states() -> tuple[str, str]:
        data = (await running.ask("GET", f"{VM}/status/current")).data
        return data["status"], data["qmpstatus"]

    assert await states() == ("running", "running")
    assert await running.done("POST", f"{VM}/status/suspend") == "OK"
    assert await states() == ("running", "paused")
    assert (await running.ask("POST", f"{VM}/status/shutdown")).reason == "VM is paused - cannot shutdown"
    assert await running.done("POST", f"{VM}/status/resume") == "OK"
    assert await states() == ("running", "running")
    assert await running.done("POST", f"{VM}/status/suspend") == "OK"
    assert await running.done("POST", f"{VM}/status/shutdown", forceStop=1) == "OK"
    assert await states() == ("stopped", "stopped")


async def test_time_passes_while_it_runs(running: Api) -> None:
    await running.world.clock.advance(90)
    data = (await running.ask("GET", f"{VM}/status/current")).data
    assert 90 <= data["uptime"] < 95
    assert data["nics"] == {"tap100i0": {"netin": 0, "netout": 0}}


async def test_a_guest_that_ignores_acpi_is_asked_in_vain(running: Api) -> None:
    running.behave(acpi_shutdown="ignored")
    start = running.world.clock.now()
    error = "VM quit/powerdown failed - got timeout"
    assert await running.done("POST", f"{VM}/status/shutdown", timeout=7) == error
    assert running.world.clock.now() - start >= 7
    assert running.vm.status == "running"
    assert await running.done("POST", f"{VM}/status/reboot", timeout=1) == error


async def test_force_stops_a_guest_that_ignores_acpi(running: Api) -> None:
    running.behave(acpi_shutdown="ignored")
    assert await running.done("POST", f"{VM}/status/shutdown", timeout=2, forceStop=1) == "OK"
    assert running.log("qmshutdown") == ["VM still running - terminating now with SIGTERM", "TASK OK"]
    assert running.vm.status == "stopped"


async def test_an_absent_agent_costs_time(running: Api) -> None:
    await running.put(delete="net0")
    assert await running.done("POST", f"{VM}/status/stop") == "OK"
    await running.put(agent="enabled=1")
    await running.done("POST", f"{VM}/status/start")
    assert await running.done("POST", f"{VM}/status/shutdown") == "OK"
    assert running.log("qmshutdown")[0].startswith("QEMU Guest Agent is not running - VM 100 qga command")
    running.behave(guest_agent="running")
    await running.done("POST", f"{VM}/status/start")
    assert await running.done("POST", f"{VM}/status/shutdown") == "OK"
    assert running.log("qmshutdown") == ["TASK OK"]


async def test_the_startup_option_says_how_long_a_shutdown_may_take(running: Api) -> None:
    running.behave(acpi_shutdown="ignored")
    await running.put(startup="order=1,down=30")
    start = running.world.clock.now()
    await running.done("POST", f"{VM}/status/shutdown")
    assert 30 <= running.world.clock.now() - start < 32


async def test_suspending_to_disk_keeps_a_lock_until_the_next_start(running: Api) -> None:
    assert await running.done("POST", f"{VM}/status/suspend", todisk=1) == "OK"
    assert (running.vm.status, running.vm.lock) == ("stopped", "suspended")
    assert (await running.put(cores=2)).reason == "VM is locked (suspended)"
    assert await running.done("POST", f"{VM}/status/resume") == "OK"
    assert (running.vm.status, running.vm.lock) == ("running", None)


async def test_a_missing_bridge_is_found_at_the_start(api: Api) -> None:
    await api.put(net0="virtio,bridge=nosuchbr")
    assert await api.done("POST", f"{VM}/status/start") == "start failed: QEMU exited with code 1"
    assert api.log("qmstart")[0] == "bridge 'nosuchbr' does not exist"


async def test_a_missing_device_is_waited_for_at_the_start(api: Api) -> None:
    api.world.missing_devices.add("local-zfs:vm-100-disk-0")
    error = await api.done("POST", f"{VM}/status/start")
    assert error == "timeout: no zvol device link for 'vm-100-disk-0' found after 300 sec."


async def test_a_template_does_not_start(api: Api) -> None:
    await api.put(template=1)
    assert await api.done("POST", f"{VM}/status/start") == "you can't start a vm if it's a template"


async def test_the_cloudinit_image_is_made_at_every_start(api: Api) -> None:
    await api.put(ide2="local-zfs:cloudinit")
    assert await api.done("POST", f"{VM}/status/start") == "OK"
    assert api.log("qmstart") == ["generating cloud-init ISO", "TASK OK"]


async def test_without_quorum_nothing_starts(api: Api) -> None:
    api.world.quorate = False
    assert (await api.ask("POST", f"{VM}/status/start")).reason == "cluster not ready - no quorum?"
