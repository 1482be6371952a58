"""A VM against the emulated API: created, changed, grown, switched, and found again."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.model.errors import BusyError, ConflictError, RefusalError
from setpoint.model.observation import Present
from setpoint.model.plan import Disruption
from setpoint_proxmox.failures import TakenError
from setpoint_proxmox.kinds.virtual_machine.strings import NicText
from tests.systems.proxmox.drive import Driver
from tests.systems.proxmox.made import OWNER, spec

CONFIG = "nodes/pve1/qemu/1000/config"
DISK = {"storage": "local-zfs", "size": "10GiB"}
NIC = {"bridge": "vmbr0"}
FULL: dict[str, Any] = {
    "cores": 2,
    "memory": "2GiB",
    "disks": {"scsi0": DISK},
    "nics": {"net0": {"bridge": "vmbr0", "vlan": 20, "firewall": True}},
    "tags": ["Web", "prod"],
    "description": "Shop\n",
    "onboot": True,
}


def volumes(driver: Driver) -> list[str]:
    return sorted(volume["volid"] for volume in driver.lab.get("state")["content"])


async def test_an_absent_vm_is_created_and_started_with_two_calls(driver: Driver) -> None:
    declared = spec(power="running", **FULL)

    assert await driver.converge(declared) == ["create", "start"]

    assert (await driver.look(declared)).found.changes == ()
    assert driver.identity == {"vmid": 1000}
    assert driver.lab.writes() == ["POST /nodes/pve1/qemu", "POST /nodes/pve1/qemu/1000/status/start"]


async def test_a_vm_bears_our_mark_from_its_first_moment(driver: Driver) -> None:
    (create,) = (await driver.look(spec(**FULL))).steps
    await driver.act(create, finish=False)
    driver.lab.finish()

    (sent,) = driver.lab.get("ledger")

    assert sent["params"]["tags"] == "prod;setpoint;web"
    assert sent["params"]["description"].endswith("setpoint: home default/VirtualMachine/web01 vmid=1000")


async def test_a_vm_is_found_again_by_its_mark_alone(driver: Driver) -> None:
    await driver.converge(spec(**FULL))
    driver.identity = None
    driver.cluster.marks.clear()

    seen = await driver.look(spec(**FULL))

    assert isinstance(seen.observation, Present)
    assert seen.observation.identity["vmid"] == 1000
    assert OWNER.owns(seen.observation.mark, "1000")
    assert seen.steps == ()


async def test_a_declared_vmid_is_used(driver: Driver) -> None:
    await driver.converge(spec(vmid=150))

    assert (await driver.look(spec(vmid=150))).state.vmid == 150


async def test_a_moved_vm_is_no_drift(driver: Driver) -> None:
    await driver.converge(spec(**FULL))
    state = driver.lab.get("state")
    state["guests"][0]["node"] = "pve2"
    driver.lab.begin(state)

    seen = await driver.look(spec(**FULL))

    assert (seen.state.node, seen.found.changes) == ("pve2", ())


@pytest.mark.parametrize(
    ("power", "verbs"), [("stopped", ["configure"]), ("running", ["configure", "restart"])]
)
async def test_cores_change_at_once_or_at_the_next_restart(
    driver: Driver, power: str, verbs: list[str]
) -> None:
    await driver.converge(spec(cores=1, power=power))

    assert await driver.converge(spec(cores=4, power=power), restart=True) == verbs

    assert (await driver.look(spec(cores=4, power=power))).found.changes == ()


async def test_what_waits_for_a_restart_is_written_once_and_then_held(driver: Driver) -> None:
    await driver.converge(spec(cores=1, memory="512MiB", power="running"))
    declared = spec(cores=4, memory="1GiB", power="running")

    assert await driver.converge(declared) == ["configure"]

    seen = await driver.look(declared)
    assert {change.path: change.accepted for change in seen.found.changes} == {
        "/cores": True,
        "/memory": True,
    }
    assert [(step.verb, step.disruption) for step in seen.steps] == [("restart", Disruption.RESTART)]


async def test_what_a_failed_write_left_waiting_in_a_stopped_vm_is_taken_up(driver: Driver) -> None:
    await driver.converge(spec(cores=1))
    state = driver.lab.get("state")
    state["guests"][0]["file"] += "\n[PENDING]\ncores: 4\n"
    driver.lab.begin(state)

    assert await driver.converge(spec(cores=4)) == ["configure"]

    assert (await driver.look(spec(cores=4))).found.changes == ()


@pytest.mark.parametrize("power", ["stopped", "running"])
async def test_a_chosen_mac_address_is_kept_for_ever(driver: Driver, power: str) -> None:
    await driver.converge(spec(nics={"net0": NIC}, power=power))
    before = NicText.parse(str((await driver.look(spec())).state.current["net0"])).mac
    driver.lab.api("PUT", CONFIG, net0=f"virtio={before},bridge=vmbr0,queues=4,mtu=1400")

    assert await driver.converge(spec(nics={"net0": {"bridge": "vmbr1", "vlan": 7}}, power=power)) == [
        "configure"
    ]

    now = NicText.parse(str((await driver.look(spec())).state.current["net0"]))
    assert before.startswith("BC:24:11:")
    assert now.mac == before
    assert now.options == {"bridge": "vmbr1", "tag": "7", "queues": "4", "mtu": "1400"}


@pytest.mark.parametrize("power", ["stopped", "running"])
async def test_a_new_nic_is_added(driver: Driver, power: str) -> None:
    await driver.converge(spec(nics={"net0": NIC}, power=power))
    declared = spec(nics={"net0": NIC, "net1": NIC | {"model": "e1000"}}, power=power)

    assert await driver.converge(declared) == ["configure"]

    assert (await driver.look(declared)).found.changes == ()


@pytest.mark.parametrize("slot", ["scsi1", "sata0"])
@pytest.mark.parametrize("power", ["stopped", "running"])
async def test_a_new_disk_is_allocated_exactly_once(driver: Driver, power: str, slot: str) -> None:
    await driver.converge(spec(disks={"scsi0": DISK}, power=power))
    declared = spec(disks={"scsi0": DISK, slot: DISK | {"size": "4GiB"}}, power=power)

    await driver.converge(declared)
    await driver.converge(declared, restart=True)

    assert (await driver.look(declared)).found.changes == ()
    assert volumes(driver) == ["local-zfs:vm-1000-disk-0", "local-zfs:vm-1000-disk-1"]


async def test_a_detached_disk_is_neither_destroyed_nor_replaced_by_an_empty_one(driver: Driver) -> None:
    await driver.converge(spec(disks={"scsi0": DISK}))
    driver.lab.api("PUT", CONFIG, delete="scsi0")
    (step,) = (await driver.look(spec(disks={"scsi0": DISK}))).steps

    assert step.obstacle is not None
    assert "qm set 1000 --scsi0 local-zfs:vm-1000-disk-0" in step.obstacle.remedy
    assert volumes(driver) == ["local-zfs:vm-1000-disk-0"]
    driver.lab.api("PUT", CONFIG, scsi0="local-zfs:vm-1000-disk-0")
    assert (await driver.look(spec(disks={"scsi0": DISK}))).found.changes == ()


async def test_a_destroyed_disk_is_made_anew(driver: Driver) -> None:
    await driver.converge(spec(disks={"scsi0": DISK}))
    driver.lab.api("PUT", CONFIG, delete="scsi0")
    driver.lab.api("PUT", CONFIG, delete="unused0")

    assert await driver.converge(spec(disks={"scsi0": DISK})) == ["configure"]


@pytest.mark.parametrize("power", ["stopped", "running"])
async def test_a_disk_grows(driver: Driver, power: str) -> None:
    await driver.converge(spec(disks={"scsi0": DISK}, power=power))
    declared = spec(disks={"scsi0": DISK | {"size": "12GiB"}}, power=power)

    assert await driver.converge(declared) == ["resize"]

    assert (await driver.look(declared)).found.changes == ()


async def test_a_disk_never_shrinks(driver: Driver) -> None:
    await driver.converge(spec(disks={"scsi0": DISK}))
    (step,) = (await driver.look(spec(disks={"scsi0": DISK | {"size": "8GiB"}}))).steps

    assert step.obstacle is not None
    assert "cannot shrink it to 8GiB" in step.obstacle.why


@pytest.mark.parametrize("power", ["stopped", "running"])
async def test_a_disk_is_moved_to_another_storage(driver: Driver, power: str) -> None:
    await driver.converge(spec(disks={"scsi0": DISK}, power=power))
    declared = spec(disks={"scsi0": DISK | {"storage": "local"}}, power=power)

    assert await driver.converge(declared) == ["move"]

    assert (await driver.look(declared)).found.changes == ()
    assert [volume.partition(":")[0] for volume in volumes(driver)] == ["local"]


async def test_a_disk_that_somebody_moved_is_left_where_it_is(driver: Driver) -> None:
    await driver.converge(spec(disks={"scsi0": DISK}))
    driver.lab.api("POST", "nodes/pve1/qemu/1000/move_disk", disk="scsi0", storage="local", delete=1)

    (step,) = (await driver.look(spec(disks={"scsi0": DISK}))).steps

    assert step.obstacle is not None
    assert "lies on local and not on local-zfs" in step.obstacle.why


DRIFT: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("cores", {"cores": 2}, {"cores": 8}),
    ("memory", {"memory": "512MiB"}, {"memory": 4096}),
    ("tags", {"tags": ["a"]}, {"tags": "setpoint"}),
    (
        "description",
        {"description": "Shop"},
        {"description": f"Changed\nsetpoint: home default/VirtualMachine/web01 vmid={1000}"},
    ),
    ("onboot", {"onboot": True}, {"onboot": 0}),
    ("nic", {"nics": {"net0": NIC}}, {"net0": "virtio=BC:24:11:00:00:01,bridge=vmbr1"}),
    ("nic removed", {"nics": {"net0": NIC}}, {"delete": "net0"}),
]


@pytest.mark.parametrize(("fields", "by_hand"), [row[1:] for row in DRIFT], ids=[row[0] for row in DRIFT])
async def test_what_somebody_changed_is_corrected(
    driver: Driver, fields: dict[str, Any], by_hand: dict[str, Any]
) -> None:
    await driver.converge(spec(**fields))
    driver.lab.api("PUT", CONFIG, **by_hand)

    assert await driver.converge(spec(**fields)) == ["configure"]

    assert (await driver.look(spec(**fields))).found.changes == ()


PENDING: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("value", {"memory": "512MiB"}, {"memory": 4096}),
    ("option removed", {"memory": "2GiB"}, {"delete": "memory"}),
    ("disk detached", {"disks": {"ide0": DISK}}, {"delete": "ide0"}),
]


@pytest.mark.parametrize(("fields", "by_hand"), [row[1:] for row in PENDING], ids=[row[0] for row in PENDING])
async def test_what_somebody_changed_for_the_next_start_is_taken_back(
    driver: Driver, fields: dict[str, Any], by_hand: dict[str, Any]
) -> None:
    await driver.converge(spec(power="running", **fields))
    driver.lab.api("PUT", CONFIG, **by_hand)

    assert await driver.converge(spec(power="running", **fields)) == ["configure"]

    seen = await driver.look(spec(power="running", **fields))
    option = by_hand.get("delete") or next(iter(by_hand))
    assert seen.found.changes == ()
    assert seen.state.coming[option] == seen.state.current[option]


@pytest.mark.parametrize(
    ("wanted", "by_hand", "verbs"),
    [
        pytest.param("running", "stop", ["start"], id="stopped"),
        pytest.param("running", "suspend", ["resume"], id="paused"),
        pytest.param("stopped", "start", ["shutdown"], id="started"),
    ],
)
async def test_the_declared_power_state_is_restored(
    driver: Driver, wanted: str, by_hand: str, verbs: list[str]
) -> None:
    await driver.converge(spec(power=wanted))
    driver.lab.api("POST", f"nodes/pve1/qemu/1000/status/{by_hand}")

    assert await driver.converge(spec(power=wanted)) == verbs

    assert (await driver.look(spec(power=wanted))).found.changes == ()


async def test_a_vm_that_somebody_paused_can_be_stopped(driver: Driver) -> None:
    await driver.converge(spec(power="running"))
    driver.lab.api("POST", "nodes/pve1/qemu/1000/status/suspend")

    assert await driver.converge(spec(power="stopped")) == ["resume", "shutdown"]


@pytest.mark.parametrize("force", [False, True])
async def test_a_guest_that_ignores_us_is_switched_off_only_when_declared(
    driver: Driver, *, force: bool
) -> None:
    await driver.converge(spec(power="running"))
    driver.lab.happen("guest_behaviour", vmid=1000, acpi_shutdown="ignored")
    declared = spec(power="stopped", forceStop=force)
    (step,) = (await driver.look(declared)).steps

    error = await driver.act(step)

    assert error == ("" if force else "VM quit/powerdown failed - got timeout")
    assert (await driver.look(declared)).state.power == ("stopped" if force else "running")


async def test_a_write_based_on_an_old_look_is_refused(driver: Driver) -> None:
    await driver.converge(spec(cores=1))
    (step,) = (await driver.look(spec(cores=2))).steps
    driver.lab.api("PUT", CONFIG, cores=8)
    before = driver.lab.writes()

    with pytest.raises(ConflictError, match="checksum"):
        await driver.act(step)

    assert driver.lab.writes() == before


async def test_an_id_that_somebody_took_meanwhile_is_a_conflict(driver: Driver) -> None:
    (step,) = (await driver.look(spec())).steps
    driver.lab.api("POST", "nodes/pve2/qemu", vmid=1000)

    with pytest.raises(TakenError, match="VM 1000 already exists"):
        await driver.act(step)


async def test_a_vm_that_moved_meanwhile_is_a_conflict(driver: Driver) -> None:
    await driver.converge(spec(cores=1))
    (step,) = (await driver.look(spec(cores=2))).steps
    state = driver.lab.get("state")
    state["guests"][0]["node"] = "pve2"
    driver.lab.begin(state)

    with pytest.raises(ConflictError, match="does not exist"):
        await driver.act(step)


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("storage", {"disks": {"scsi0": DISK | {"storage": "nostore"}}}, "storage 'nostore' does not exist"),
    ("bridge", {"nics": {"net0": {"bridge": "vmbr9"}}}, "node pve1 has no bridge vmbr9.*it has vmbr0, vmbr1"),
]


@pytest.mark.parametrize(("fields", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
async def test_what_the_cluster_does_not_have_is_refused_before_anything_is_made(
    driver: Driver, fields: dict[str, Any], said: str
) -> None:
    (step,) = (await driver.look(spec(**fields))).steps

    with pytest.raises(RefusalError, match=said):
        await driver.act(step)

    assert driver.lab.writes() == []


async def test_a_node_that_the_cluster_does_not_have_is_said(driver: Driver) -> None:
    (step,) = (await driver.look(spec(node="pve9"))).steps

    assert step.obstacle is not None
    assert step.obstacle.why == "node pve9 is not in the cluster"
    assert step.obstacle.remedy == "set spec.node to one of pve1, pve2"


async def test_a_new_nic_on_an_unknown_bridge_is_refused(driver: Driver) -> None:
    await driver.converge(spec())
    (step,) = (await driver.look(spec(nics={"net0": {"bridge": "vmbr9"}}))).steps

    with pytest.raises(RefusalError, match="has no bridge vmbr9"):
        await driver.act(step)


async def test_without_quorum_nothing_is_written_and_it_is_tried_again(driver: Driver) -> None:
    (step,) = (await driver.look(spec())).steps
    driver.lab.happen("quorum", value=False)

    with pytest.raises(BusyError, match="no quorum"):
        await driver.act(step)


async def test_a_held_lock_is_busy(driver: Driver) -> None:
    await driver.converge(spec(cores=1))
    (step,) = (await driver.look(spec(cores=2))).steps
    driver.lab.happen("guest_lock_held", vmid=1000, longer_than_s=60)

    with pytest.raises(BusyError, match="got timeout"):
        await driver.act(step)


async def test_a_failed_task_says_why(driver: Driver) -> None:
    await driver.converge(spec())
    (step,) = (await driver.look(spec(power="running"))).steps
    driver.lab.happen("task_fails", exitstatus="start failed: no memory left")

    assert await driver.act(step) == "start failed: no memory left"
