"""Present, absent by proof, or not known: unreachable is not deleted, and hidden is not absent."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.model.identity import Mark
from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Present, Unknown
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.remark import remark
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.drive import Driver, world
from tests.systems.proxmox.made import KEY, OWNER, spec, vm


def guest(vmid: int, kind: str = "qemu", node: str = "pve1", **config: str) -> dict[str, Any]:
    return {"vmid": vmid, "type": kind, "node": node, "name": "x", "status": "stopped", "config": config}


def ours(vmid: int, of: int | None = None, node: str = "pve1") -> dict[str, Any]:
    mark = Mark("home", KEY, str(of or vmid))
    return guest(vmid, node=node, name="web01", tags="setpoint", description=with_mark("", mark))


async def test_nothing_bears_our_mark_so_it_is_absent(driver: Driver) -> None:
    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Absent)
    assert seen.proof == "no guest of lab bears the mark of VirtualMachine/web01"


async def test_a_free_id_proves_absence(driver: Driver) -> None:
    seen, _ = await driver.observe(spec(vmid=150))

    assert seen == Absent("vmid 150 is free")


async def test_our_vm_is_present_wherever_it_is(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(1000, node="pve2")]))

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Present)
    assert seen.mark == Mark("home", KEY, "1000")
    assert seen.state.node == "pve2"


async def test_a_clone_bears_a_copied_mark_and_is_not_taken_for_ours(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(1000), ours(1001, of=1000)]))

    seen, _ = await driver.observe(spec())
    assert driver.identity == {"vmid": 1000}
    clone, _ = await driver.observe(spec(vmid=1001))

    assert isinstance(seen, Present)
    assert isinstance(clone, Present)
    assert not OWNER.owns(clone.mark, KIND.object_id(clone.identity))


@pytest.mark.parametrize("kind", ["qemu", "lxc"])
async def test_somebody_elses_guest_in_our_way_is_present_without_our_mark(driver: Driver, kind: str) -> None:
    driver.lab.begin(world(guests=[guest(150, kind)]))

    seen, _ = await driver.observe(spec(vmid=150))

    assert isinstance(seen, Present)
    assert seen.mark is None
    assert seen.state.kind == kind


@pytest.mark.parametrize("lock", ["create", "clone"])
async def test_a_vm_that_is_being_made_is_not_known(driver: Driver, lock: str) -> None:
    driver.lab.begin(world(guests=[guest(1000, lock=lock)]))
    driver.identity = {"vmid": 1000}

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Unknown)
    assert f"VM 1000 is locked ({lock}) on node pve1" in seen.why
    assert "qm unlock 1000" in seen.why


async def test_without_memory_a_guest_that_is_being_made_may_be_ours(driver: Driver) -> None:
    driver.lab.begin(world(guests=[guest(1000, lock="create")]))

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Unknown)
    assert "1000 is locked (create)" in seen.why


async def test_a_guest_that_is_being_made_outside_our_range_is_not_ours(driver: Driver) -> None:
    driver.lab.begin(world(guests=[guest(300, lock="create")]))

    assert isinstance((await driver.observe(spec()))[0], Absent)


@pytest.mark.parametrize("lock", ["backup", "snapshot", "migrate"])
async def test_a_vm_that_is_worked_on_is_still_seen(driver: Driver, lock: str) -> None:
    entry = ours(1000)
    entry["config"]["lock"] = lock
    driver.lab.begin(world(guests=[entry]))

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Present)
    assert [problem.reason for problem in KIND.problems(seen.state)] == ["Locked"]


async def test_a_vm_of_an_offline_node_is_not_known(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(1000, node="pve2")]))
    driver.identity = {"vmid": 1000}
    driver.lab.happen("node_offline", value="pve2")

    seen, _ = await driver.observe(spec())

    assert seen == Unknown("VM 1000 is on node pve2, which is offline")


async def test_without_memory_an_offline_node_may_hold_ours(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(1000, node="pve2")]))
    driver.lab.happen("node_offline", value="pve2")

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Unknown)
    assert "is on pve2, which is offline" in seen.why


async def test_a_mark_read_before_is_known_while_the_node_is_offline(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(1000, node="pve2")]))
    await driver.survey()
    driver.lab.happen("node_offline", value="pve2")

    assert (await driver.survey()).complete


@pytest.mark.parametrize("identity", [None, {"vmid": 1000}])
async def test_a_hidden_vm_is_not_absent(driver: Driver, identity: dict[str, int] | None) -> None:
    roles = [{"roleid": "StatusOnly", "privs": "Sys.Audit"}]
    driver.lab.begin(world({"/": "StatusOnly"}, roles=roles, guests=[ours(1000)]))
    driver.identity = identity

    seen, facts = await driver.observe(spec())

    assert facts.guests == {}
    assert isinstance(seen, Unknown)
    assert "lacks VM.Audit on /vms" in seen.why
    assert (
        "pveum acl modify /vms --users setpoint@pve --tokens 'setpoint@pve!ctl' --roles PVEVMAdmin"
        in seen.why
    )


async def test_a_vm_that_moves_while_it_is_looked_at_is_not_known(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(1000)]))
    before = await driver.survey()
    driver.lab.begin(world(guests=[ours(1000, node="pve2")]))

    seen = await KIND.observe(driver.cluster, Looking(spec(), OWNER, {"vmid": 1000}, before))

    assert seen == Unknown("VM 1000 left node pve1 while it was looked at")


async def test_an_id_that_is_taken_but_not_listed_proves_nothing(driver: Driver) -> None:
    before = await driver.survey()
    driver.lab.api("POST", "nodes/pve2/qemu", vmid=150)

    seen = await KIND.observe(driver.cluster, Looking(spec(), OWNER, {"vmid": 150}, before))

    assert seen == Unknown("vmid 150 is taken, but the cluster's list does not show by whom")


def test_a_power_state_that_does_not_end_by_itself_is_a_problem() -> None:
    (problem,) = KIND.problems(vm(power="io-error"))

    assert (problem.reason, problem.message) == ("PowerState", "VM 101 is io-error; look at it on node pve1")


@pytest.mark.parametrize(
    ("change", "written"),
    [
        pytest.param({"name": "other"}, {"name"}, id="renamed"),
        pytest.param({"tags": "x"}, {"tags"}, id="tag removed"),
        pytest.param({"description": "mine now"}, {"description"}, id="mark overwritten"),
        pytest.param({"delete": "description,tags"}, {"description", "tags"}, id="all removed"),
    ],
)
async def test_what_tells_whose_it_is_is_written_again(
    driver: Driver, change: dict[str, str], written: set[str]
) -> None:
    await driver.converge(spec())
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", **change)

    seen = await driver.look(spec())

    assert seen.found.changes == ()
    step = remark(OWNER, seen.state)
    assert step is not None
    config = step.arguments["config"]
    assert isinstance(config, dict)
    assert set(config) == written
    await driver.act(step)
    assert remark(OWNER, (await driver.look(spec())).state) is None


async def test_the_status_says_where_it_is(driver: Driver) -> None:
    await driver.converge(
        spec(nics={"net0": {"bridge": "vmbr0", "mac": "02:00:00:00:00:01"}}, power="running")
    )
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", cores=4)

    assert KIND.status((await driver.look(spec())).state) == {
        "vmid": 1000,
        "node": "pve1",
        "power": "running",
        "lock": None,
        "macs": {"net0": "02:00:00:00:00:01"},
        "pendingRestart": ["cores"],
    }


async def test_an_option_that_goes_at_the_next_start_is_in_force_until_then(driver: Driver) -> None:
    await driver.converge(spec(memory="2GiB", power="running"))
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", delete="memory")

    state = (await driver.look(spec())).state

    assert state.current["memory"] == "2048"
    assert "memory" not in state.coming
