"""What only a running VM tells: asked when there is somebody to ask, believed with care, and left alone when silent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from setpoint.model.errors import TransportError
from setpoint.model.identity import Mark
from setpoint.model.kind import Looking
from setpoint.model.observation import Present
from setpoint.model.tree import Json
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.observe_inside import LONGEST_PAUSE, Told, addresses
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.drive import ROLES, Driver, world
from tests.systems.proxmox.gates import connected
from tests.systems.proxmox.made import KEY, OWNER, spec
from tests.systems.proxmox.served import answer, serve

NIC = "virtio=BC:24:11:00:00:01,bridge=vmbr0"
CONFIG = {"agent": "1", "net0": NIC, "net1": "e1000=bc:24:11:00:00:02,bridge=vmbr0"}
ROW = {"name": "eth0", "hardware-address": "bc:24:11:00:00:01"}
VM = VmState(1000, "pve1", current=CONFIG)
RUNNING: dict[str, Json] = {"status": "running", "qmpstatus": "running", "pid": 7}


def ours(status: str = "running", **config: str) -> dict[str, Any]:
    marked = {"name": "web01", "tags": "setpoint", "description": with_mark("", Mark("home", KEY, "1000"))}
    return {"vmid": 1000, "type": "qemu", "node": "pve1", "status": status, "config": {**marked, **config}}


async def state_of(driver: Driver, at: float = 0.0) -> VmState:
    seen = replace(await driver.survey(), begun=at)
    found = await KIND.observe(driver.cluster, Looking(spec(), OWNER, {"vmid": 1000}, seen))
    assert isinstance(found, Present)
    return found.state


def answers(driver: Driver, **cards: list[str]) -> None:
    driver.lab.happen("guest_behaviour", vmid=1000, guest_agent="running", addresses=cards)


async def test_addresses_are_known_by_the_nic_that_has_them(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(**CONFIG)]))
    answers(driver, net0=["203.0.113.5/24", "2001:db8::5/64"])

    state = await state_of(driver)

    assert state.addresses == {"net0": ("203.0.113.5/24", "2001:db8::5/64"), "net1": ()}
    assert state.silence == ""
    assert KIND.status(state)["addresses"] == {"net0": ["203.0.113.5/24", "2001:db8::5/64"], "net1": []}


@pytest.mark.parametrize(
    ("status", "config"),
    [
        pytest.param("stopped", CONFIG, id="stopped"),
        pytest.param("running", {"net0": NIC}, id="no agent"),
        pytest.param("running", {"net0": NIC, "agent": "enabled=0,fstrim_cloned_disks=1"}, id="switched off"),
        pytest.param("running", {"net0": NIC, "agent": "fstrim_cloned_disks=1"}, id="only options"),
    ],
)
async def test_nobody_is_asked_where_nobody_can_answer(
    driver: Driver, status: str, config: dict[str, str]
) -> None:
    driver.lab.begin(world(guests=[ours(status, **config)]))
    answers(driver, net0=["203.0.113.5/24"])

    state = await state_of(driver)

    assert (state.addresses, state.silence, driver.cluster.silences) == (None, "", {})


async def test_a_paused_vm_is_not_asked(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(**CONFIG)]))
    driver.lab.api("POST", "nodes/pve1/qemu/1000/status/suspend")

    assert (await state_of(driver)).silence == ""


async def test_a_silent_agent_is_no_failure_and_is_left_alone_longer_and_longer(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(**CONFIG)]))

    first = await state_of(driver)
    assert first.addresses is None
    assert "QEMU guest agent is not running" in first.silence
    assert KIND.status(first)["guestAgent"] == first.silence
    answers(driver, net0=["203.0.113.5/24"])

    assert (await state_of(driver, at=59.0)).silence == first.silence
    assert (await state_of(driver, at=60.0)).addresses == {"net0": ("203.0.113.5/24",), "net1": ()}
    assert driver.cluster.silences == {}


async def test_the_pause_doubles_up_to_a_quarter_of_an_hour(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(**CONFIG)]))
    now, pauses = 0.0, list[float]()
    for _ in range(6):
        await state_of(driver, at=now)
        silence = driver.cluster.silences[1000]
        now = silence.until
        pauses.append(silence.pause)

    assert pauses == [60.0, 120.0, 240.0, 480.0, 960.0, 960.0]
    assert pauses[-1] == LONGEST_PAUSE


async def test_a_machine_that_was_started_anew_is_asked_at_once(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(**CONFIG)]))
    await state_of(driver)
    driver.lab.api("POST", "nodes/pve1/qemu/1000/status/stop")
    driver.lab.api("POST", "nodes/pve1/qemu/1000/status/start")
    answers(driver, net0=["203.0.113.5/24"])

    assert (await state_of(driver, at=1.0)).addresses == {"net0": ("203.0.113.5/24",), "net1": ()}


async def test_a_missing_privilege_is_told_with_the_command_that_grants_it(driver: Driver) -> None:
    few = [{"roleid": "Few", "privs": "Sys.Audit,VM.Audit,VM.Allocate"}]
    driver.lab.begin(world({**ROLES, "/": "Few", "/vms": "Few"}, roles=few, guests=[ours(**CONFIG)]))

    state = await state_of(driver)

    assert state.addresses is None
    assert "VM.GuestAgent.Audit" in state.silence
    assert "pveum acl modify /vms" in state.silence


@pytest.mark.parametrize(
    ("result", "told"),
    [
        pytest.param([], {"net0": (), "net1": ()}, id="nothing"),
        pytest.param([ROW], {"net0": (), "net1": ()}, id="no addresses"),
        pytest.param(
            [ROW | {"ip-addresses": [{"ip-address": "fe80::1%eth0", "prefix": 64}]}],
            {"net0": ("fe80::1/64",), "net1": ()},
            id="with a scope",
        ),
        pytest.param(
            [
                ROW | {"name": name, "ip-addresses": [{"ip-address": ip, "prefix": 24}]}
                for name, ip in [("eth0", "10.0.0.5"), ("eth0.7", "10.0.7.5")]
            ],
            {"net0": ("10.0.0.5/24", "10.0.7.5/24"), "net1": ()},
            id="what lies on top",
        ),
        pytest.param([{"name": "lo"}, {"hardware-address": None}], {"net0": (), "net1": ()}, id="no MAC"),
        pytest.param(
            [ROW | {"ip-addresses": [{"ip-address": f"10.0.{n}.1", "prefix": 24} for n in range(200)]}],
            {"net0": tuple(f"10.0.{n}.1/24" for n in range(64)), "net1": ()},
            id="far too many",
        ),
    ],
)
async def test_what_an_agent_says_is_sorted_by_nic(
    result: list[dict[str, Any]], told: dict[str, tuple[str, ...]]
) -> None:
    assert await asked(result) == Told(told)


@pytest.mark.parametrize(
    "result",
    [
        pytest.param({"error": {"class": "CommandNotFound"}}, id="an error"),
        pytest.param(None, id="null"),
        pytest.param("x", id="text"),
        pytest.param([["x"]], id="lists"),
        pytest.param([ROW | {"ip-addresses": "x"}], id="addresses as text"),
        pytest.param([ROW | {"ip-addresses": [{"ip-address": "evil.example.org"}]}], id="no address"),
        pytest.param([ROW | {"ip-addresses": [{"ip-address": "10.0.0.1", "prefix": "x"}]}], id="no prefix"),
    ],
)
async def test_nonsense_from_inside_a_guest_does_no_more_harm_than_silence(result: object) -> None:
    told = await asked(result)

    assert told.addresses is None
    assert told.silence


async def asked(result: object) -> Told:
    async with serve(answer("200 OK", json.dumps({"data": {"result": result}}))) as server:
        cluster = connected(server.port)
        try:
            return await addresses(cluster, VM, RUNNING, 0.0)
        finally:
            await cluster.api.close()


async def test_a_node_that_fails_is_not_taken_for_a_silent_agent() -> None:
    async with serve(answer("595 No route to host", "")) as server:
        cluster = connected(server.port)
        with pytest.raises(TransportError):
            await addresses(cluster, VM, RUNNING, 0.0)
        await cluster.api.close()

    assert cluster.silences == {}


CLOUD = {"ide2": "local-zfs:cloudinit", "ciuser": "anna", "net0": NIC}


@pytest.mark.parametrize(
    ("change", "current"),
    [
        pytest.param({}, True, id="nothing changed"),
        pytest.param({"ciuser": "berta"}, False, id="changed"),
        pytest.param({"nameserver": "10.0.0.1"}, False, id="added"),
        pytest.param({"delete": "ciuser"}, False, id="removed"),
        pytest.param({"cipassword": "secret"}, True, id="a password never shows"),
        pytest.param({"ipconfig0": "ip=dhcp"}, True, id="an address never shows"),
        pytest.param({"cores": 2}, True, id="something else"),
    ],
)
async def test_whether_a_cloud_init_drive_shows_the_present_settings(
    driver: Driver, change: dict[str, Any], *, current: bool
) -> None:
    await made(driver)
    if change:
        driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", **change)

    assert (await state_of(driver)).image_current is current


async def test_a_drive_that_was_made_anew_is_current(driver: Driver) -> None:
    await made(driver)
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", ciuser="berta")
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/cloudinit")

    assert (await state_of(driver)).image_current is True


async def test_a_stopped_vm_gets_its_drive_at_the_start(driver: Driver) -> None:
    await made(driver, running=False)

    assert (await state_of(driver)).image_current is None


async def test_a_vm_without_such_a_drive_has_no_image(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(ciuser="anna", ide2="none,media=cdrom")]))

    assert (await state_of(driver)).image_current is None


async def made(driver: Driver, *, running: bool = True) -> None:
    """VM 1000 with a cloud-init drive."""
    driver.lab.begin(world())
    marked = ours()["config"]
    driver.lab.api("POST", "nodes/pve1/qemu", vmid=1000, **marked, **CLOUD)
    if running:
        driver.lab.api("POST", "nodes/pve1/qemu/1000/status/start")
