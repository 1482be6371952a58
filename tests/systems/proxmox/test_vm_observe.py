"""Present, absent by proof, or not known: unreachable is not deleted, and hidden is not absent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Present, Unknown
from setpoint.model.secret import Secret
from setpoint_proxmox.guest.remark import remark
from setpoint_proxmox.guest.state import Snapshot
from setpoint_proxmox.kinds.proxmox_cluster.connect import connect
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.drive import SECRET, Driver, cluster_spec, world
from tests.systems.proxmox.gates import Register, connected
from tests.systems.proxmox.made import KEY, OWNER, spec, vm
from tests.systems.proxmox.served import answer, serve


def guest(vmid: int, kind: str = "qemu", node: str = "pve1", **config: str) -> dict[str, Any]:
    return {"vmid": vmid, "type": kind, "node": node, "name": "x", "status": "stopped", "config": config}


def ours(vmid: int, of: int | None = None, node: str = "pve1") -> dict[str, Any]:
    mark = Mark("home", KEY, str(of or vmid))
    return guest(vmid, node=node, name="web01", tags="setpoint", description=with_mark("", mark))


async def copy(driver: Driver) -> None:
    """Let VM 1000 be cloned to 1001 until that is locked."""
    await driver.converge(spec(disks={"scsi0": {"storage": "local-zfs", "size": "10GiB"}}))
    await driver.cluster.api.post("nodes", "pve1", "qemu", 1000, "clone", newid=1001, full=True)
    driver.lab.post("clock", {"advance": 0.2})


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
async def test_a_vm_that_was_never_finished_needs_a_person(driver: Driver, lock: str) -> None:
    driver.lab.begin(world(guests=[guest(1000, lock=lock)]))
    driver.identity = {"vmid": 1000}

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Unknown)
    assert (seen.passing, seen.of_target) == (False, False)
    assert f"VM 1000 was never finished: it is locked ({lock}) on pve1" in seen.why
    assert "`qm config 1000`" in seen.why
    assert seen.why.endswith("run: qm unlock 1000 && qm destroy 1000")


async def test_a_vm_that_is_being_made_is_waited_for(driver: Driver) -> None:
    await copy(driver)
    driver.identity = {"vmid": 1001}

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Unknown)
    assert (seen.passing, seen.of_target) == (True, False)
    assert seen.why == "VM 1001 is just being made on pve1 (lock: clone)"


async def test_without_memory_a_guest_that_was_never_finished_may_be_ours(driver: Driver) -> None:
    driver.lab.begin(world(guests=[guest(1000, lock="create")]))

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Unknown)
    assert (seen.passing, seen.of_target) == (False, True)
    assert "1000 was never finished" in seen.why


async def test_without_memory_a_guest_that_is_being_made_is_waited_for(driver: Driver) -> None:
    await copy(driver)
    other = Owner("home", Key("default", "VirtualMachine", "web02"))

    seen = await KIND.observe(driver.cluster, Looking(spec(), other, None, await driver.survey()))

    assert isinstance(seen, Unknown)
    assert (seen.passing, seen.of_target) == (True, False)
    assert seen.why.startswith("whether VirtualMachine/web02 exists cannot be told: 1001 is just being made")


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

    assert seen == Unknown("VM 1000 is on node pve2, which is offline", of_target=True)


async def test_without_memory_an_offline_node_may_hold_ours(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(1000, node="pve2")]))
    driver.lab.happen("node_offline", value="pve2")

    seen, _ = await driver.observe(spec())

    assert isinstance(seen, Unknown)
    assert seen.of_target
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
    assert seen.of_target
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

    assert seen == Unknown("VM 1000 left node pve1 while it was looked at", passing=True)


@pytest.mark.parametrize("identity", [None, {"vmid": 1000}, {"vmid": 7}])
async def test_without_quorum_nothing_is_known_of_any_vm(
    driver: Driver, identity: dict[str, int] | None
) -> None:
    driver.lab.begin(world(guests=[ours(1000)]))
    driver.lab.happen("quorum", value=False)

    seen = await KIND.observe(driver.cluster, Looking(spec(), OWNER, identity, await driver.survey()))

    assert isinstance(seen, Unknown)
    assert (seen.of_target, seen.passing) == (True, False)
    assert seen.why.startswith("lab has no quorum")


async def test_an_id_that_is_taken_but_not_listed_proves_nothing(driver: Driver) -> None:
    before = await driver.survey()
    driver.lab.api("POST", "nodes/pve2/qemu", vmid=150)

    seen = await KIND.observe(driver.cluster, Looking(spec(), OWNER, {"vmid": 150}, before))

    assert seen == Unknown("vmid 150 is taken, but the cluster's list does not show by whom")


async def test_an_option_of_a_form_that_proxmox_never_gives_is_refused(driver: Driver) -> None:
    driver.lab.begin(world(guests=[ours(1000)]))
    before = await driver.survey()
    async with serve(answer("200 OK", '{"data":[{"key":"cores","value":[1]}]}')) as server:
        cluster = connected(server.port)
        with pytest.raises(RefusalError, match="option 'cores' as a list"):
            await KIND.observe(cluster, Looking(spec(), OWNER, {"vmid": 1000}, before))
        await cluster.api.close()


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
        "template": False,
        "pool": None,
        "macs": {"net0": "02:00:00:00:00:01"},
        "addresses": None,
        "guestAgent": None,
        "cloudInitImage": None,
        "snapshots": [],
        "detachedVolumes": {},
        "pendingRestart": ["cores"],
    }


def test_the_status_tells_what_a_vm_has() -> None:
    first = Snapshot("a", 0, "", "", ram=False)
    second = Snapshot("b", 1_795_230_970, "before the upgrade", "a", ram=True)
    state = replace(
        vm(unused0="local-zfs:vm-101-disk-1"),
        pool="prod",
        snapshots=(first, second),
        addresses={"net0": ("10.0.0.5/24", "fe80::1/64")},
        image_current=False,
    )

    told = KIND.status(state)

    assert told["pool"] == "prod"
    assert told["addresses"] == {"net0": ["10.0.0.5/24", "fe80::1/64"]}
    assert told["cloudInitImage"] == "old"
    assert told["detachedVolumes"] == {"unused0": "local-zfs:vm-101-disk-1"}
    assert told["snapshots"] == [
        {"name": "a", "taken": None, "parent": None, "description": "", "ram": False},
        {
            "name": "b",
            "taken": "2026-11-21T03:16:10+00:00",
            "parent": "a",
            "description": "before the upgrade",
            "ram": True,
        },
    ]


def test_the_status_of_a_container_in_the_way_tells_only_that() -> None:
    assert KIND.status(VmState(101, "pve1", "lxc")) == {"vmid": 101, "node": "pve1", "container": True}


async def test_snapshots_are_seen_by_their_times(driver: Driver) -> None:
    await driver.converge(spec())
    for name, text in [("second", "later"), ("first", "sooner")]:
        driver.lab.api("POST", "nodes/pve1/qemu/1000/snapshot", snapname=name, description=text)
        driver.lab.post("clock", {"advance": 5})

    seen = (await driver.look(spec())).state.snapshots

    assert [(one.name, one.description, one.parent, one.ram) for one in seen] == [
        ("second", "later", "", False),
        ("first", "sooner", "second", False),
    ]
    assert 0 < seen[0].time < seen[1].time


async def test_pool_and_template_are_seen(driver: Driver) -> None:
    entry = ours(1000)
    entry["config"]["template"] = "1"
    driver.lab.begin(world(guests=[entry], pools=[{"poolid": "prod", "members": [{"vmid": 1000}]}]))

    state = (await driver.look(spec())).state

    assert (state.pool, state.template) == ("prod", True)


@pytest.mark.parametrize(
    ("fields", "calls"),
    [
        pytest.param({}, 3, id="stopped"),
        pytest.param({"power": "running"}, 3, id="running"),
    ],
)
async def test_a_look_at_a_vm_asks_thrice(driver: Driver, fields: dict[str, Any], calls: int) -> None:
    await driver.converge(spec(**fields))
    before = await driver.survey()
    gate = Register()
    cluster = connect(cluster_spec(driver.lab.url), {"token": Secret(SECRET)}, gate)

    await KIND.observe(cluster, Looking(spec(), OWNER, {"vmid": 1000}, before))
    await cluster.api.close()

    assert gate.passed == [(("node/pve1",), False)] * calls


async def test_an_option_that_goes_at_the_next_start_is_in_force_until_then(driver: Driver) -> None:
    await driver.converge(spec(memory="2GiB", power="running"))
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", delete="memory")

    state = (await driver.look(spec())).state

    assert state.current["memory"] == "2048"
    assert "memory" not in state.coming
