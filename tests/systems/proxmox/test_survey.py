"""The shared look: what it tells, when it is complete, and that it reads a mark once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.identity import Mark
from setpoint.model.secret import Secret
from setpoint_proxmox.answer import figure
from setpoint_proxmox.facts import Capacity
from setpoint_proxmox.guest.act import making
from setpoint_proxmox.kinds.proxmox_cluster.connect import connect
from setpoint_proxmox.mark import with_mark
from setpoint_proxmox.survey import read_marks, survey
from tests.systems.proxmox.drive import ROLES, SECRET, Driver, Lab, cluster_spec, world
from tests.systems.proxmox.gates import Register
from tests.systems.proxmox.made import KEY, spec


def guest(vmid: int, **fields: Any) -> dict[str, Any]:
    return {"vmid": vmid, "type": "qemu", "node": "pve1", "name": "x", "status": "stopped", **fields}


async def test_a_cluster_is_known_by_its_name(driver: Driver) -> None:
    seen = await driver.survey()

    assert (seen.target_id, seen.complete, seen.errors) == ("lab", True, {})
    assert seen.facts.nodes == {"pve1": True, "pve2": True}
    assert seen.facts.quorate
    assert seen.facts.version.startswith("9.")


async def test_a_node_that_never_joined_a_cluster_is_known_by_its_own(driver: Driver) -> None:
    alone = {"name": "solo", "ip": "10.0.0.1", "online": True, "local": True}
    driver.lab.begin(world(nodes=[alone], cluster=None))

    seen = await driver.survey()

    assert (seen.target_id, seen.facts.cluster, seen.facts.quorate) == ("node:solo", "", True)


async def test_every_guest_is_listed_whatever_its_type(driver: Driver) -> None:
    guests: list[dict[str, Any]] = [
        {"vmid": 100, "type": "qemu", "node": "pve1", "name": "a", "status": "running", "config": {}},
        {
            "vmid": 200,
            "type": "lxc",
            "node": "pve2",
            "name": "b",
            "status": "stopped",
            "config": {"tags": "x;Y"},
        },
    ]
    driver.lab.begin(world(guests=guests))

    seen = await driver.survey()

    assert {vmid: guest.kind for vmid, guest in seen.facts.guests.items()} == {100: "qemu", 200: "lxc"}
    assert seen.facts.guests[200].tags == {"x", "y"}
    assert seen.found == ()


async def test_an_offline_node_is_an_error_of_its_part(driver: Driver) -> None:
    driver.lab.happen("node_offline", value="pve2")

    seen = await driver.survey()

    assert seen.errors == {"node/pve2": "pve2 is offline"}
    assert seen.complete


async def test_marks_of_every_estate_are_found(driver: Driver) -> None:
    mark = Mark("other", KEY, "300")
    config = {"tags": "setpoint", "description": with_mark("text", mark)}
    driver.lab.begin(
        world(
            guests=[
                {
                    "vmid": 300,
                    "type": "qemu",
                    "node": "pve2",
                    "name": "a",
                    "status": "stopped",
                    "config": config,
                }
            ]
        )
    )

    assert (await driver.survey()).found == ((mark, {"vmid": 300}),)


async def test_our_mark_is_found_although_somebody_removed_the_tag(driver: Driver) -> None:
    await driver.converge(spec())
    driver.cluster.marks.clear()
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", delete="tags")

    assert [identity for _, identity in (await driver.survey()).found] == [{"vmid": 1000}]


async def test_a_mark_is_read_once_and_again_when_the_listing_changed(driver: Driver) -> None:
    await driver.converge(spec())
    await driver.survey()
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", description="by hand")

    assert (await driver.survey()).found != ()
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", tags="setpoint;new")
    assert (await driver.survey()).found == ()


async def test_a_mark_read_before_outlasts_what_the_list_forgets_of_a_silent_node(driver: Driver) -> None:
    await driver.converge(spec())
    facts = (await driver.survey()).facts
    silent = replace(facts.guests[1000], name="", pool="", template=False)

    assert facts.guests[1000].name == "web01"
    assert (
        await read_marks(driver.cluster, replace(facts, nodes={"pve1": False}, guests={1000: silent})) == ()
    )


async def test_the_mark_of_a_removed_guest_is_forgotten(driver: Driver) -> None:
    await driver.converge(spec())
    await driver.survey()
    driver.lab.api("DELETE", "nodes/pve1/qemu/1000")

    assert (await driver.survey()).found == ()
    assert driver.cluster.marks == {}


async def test_a_cluster_that_does_not_say_who_it_is_cannot_be_used(lab: Lab, driver: Driver) -> None:
    lab.begin(world({path: role for path, role in ROLES.items() if path != "/"}))

    with pytest.raises(RefusalError, match=r"Sys\.Audit") as caught:
        await driver.survey()

    assert "pveum acl modify / --users setpoint@pve --tokens 'setpoint@pve!ctl' --roles PVEAuditor" in str(
        caught.value
    )


async def test_a_wrong_secret_is_refused_with_what_to_check(lab: Lab, driver: Driver) -> None:
    state = world()
    state["tokens"][0]["secret"] = "00000000-0000-0000-0000-000000000000"
    lab.begin(state)

    with pytest.raises(RefusalError, match="check the token's id and secret"):
        await driver.survey()


async def test_a_mark_that_may_not_be_read_leaves_the_survey_incomplete(driver: Driver) -> None:
    entry = {
        "vmid": 300,
        "type": "qemu",
        "node": "pve1",
        "name": "a",
        "status": "stopped",
        "config": {"tags": "setpoint"},
    }
    driver.lab.begin(world(guests=[entry]))
    seen = await driver.survey()
    driver.cluster.marks.clear()
    guest = seen.facts.guests[300]
    moved = replace(guest, node="pve2")

    (unclear,) = await read_marks(driver.cluster, replace(seen.facts, guests={300: moved}))

    assert (unclear.vmid, unclear.node, unclear.passing) == (300, "pve2", True)
    assert "does not exist" in unclear.why
    assert driver.cluster.marks == {}


async def test_one_list_tells_guests_pools_and_storages(driver: Driver) -> None:
    guests = [
        guest(100, config={"name": "base", "template": "1"}),
        guest(101, config={"name": "web"}),
    ]
    storages = world()["storages"] | {"ceph": {"type": "rbd", "content": "images", "shared": True}}
    pools = [{"poolid": "prod", "members": [{"vmid": 101}]}]
    driver.lab.begin(world(guests=guests, storages=storages, pools=pools))

    facts = (await driver.survey()).facts

    assert {vmid: (one.name, one.template, one.pool) for vmid, one in facts.guests.items()} == {
        100: ("base", True, ""),
        101: ("web", False, "prod"),
    }
    assert facts.storages == {"local-zfs": False, "local": False, "ceph": True}


async def test_a_survey_asks_four_times_and_once_more_for_each_new_guest(driver: Driver) -> None:
    await driver.converge(spec())
    driver.cluster.marks.clear()
    gate = Register()
    cluster = connect(cluster_spec(driver.lab.url), {"token": Secret(SECRET)}, gate)

    await survey(cluster, 0.0)
    assert len(gate.passed) == 5
    await survey(cluster, 0.0)
    assert len(gate.passed) == 9
    await cluster.api.close()


async def test_more_marks_than_can_be_read_in_time_are_read_by_the_next_surveys(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = {"tags": "setpoint", "description": with_mark("", Mark("home", KEY, "1000"))}
    driver.lab.begin(world(guests=[guest(vmid, config=config) for vmid in (1000, 1001, 1002)]))
    monkeypatch.setattr("setpoint_proxmox.survey.BATCH", 1)
    monkeypatch.setattr("setpoint_proxmox.survey.READING", 0.0)

    seen = [await driver.survey() for _ in range(3)]

    assert [len(one.found) for one in seen] == [1, 2, 3]
    assert [one.complete for one in seen] == [False, False, True]
    assert {(one.passing, one.why) for one in seen[0].facts.unclear} == {
        (True, "the marks of 2 guests are still being read")
    }


@pytest.mark.parametrize("lock", ["create", "clone"])
async def test_a_guest_that_is_left_behind_keeps_the_survey_incomplete(driver: Driver, lock: str) -> None:
    driver.lab.begin(world(guests=[guest(1000, config={"lock": lock}), guest(300, config={"lock": lock})]))

    seen = await driver.survey()

    (unclear,) = seen.facts.unclear
    assert (unclear.vmid, unclear.passing, seen.complete) == (1000, False, False)
    assert f"locked ({lock})" in unclear.why
    assert unclear.why.endswith("qm unlock 1000 && qm destroy 1000")


async def test_a_guest_whose_tasks_cannot_be_read_stays_unclear(driver: Driver) -> None:
    driver.lab.begin(world(guests=[guest(1000, config={"lock": "create"})]))
    driver.lab.happen("reply_fails", method="GET", path="/nodes/pve1/tasks", status=500, reason="broken")

    (unclear,) = (await driver.survey()).facts.unclear

    assert (unclear.vmid, unclear.passing) == (1000, False)
    assert "broken" in unclear.why


async def copy(driver: Driver) -> None:
    """Let VM 1000 be cloned to 1001 until that is locked."""
    await driver.converge(spec(disks={"scsi0": {"storage": "local-zfs", "size": "10GiB"}}))
    await driver.cluster.api.post("nodes", "pve1", "qemu", 1000, "clone", newid=1001, full=True)
    driver.lab.post("clock", {"advance": 0.2})


async def test_a_guest_that_somebody_makes_is_waited_for(driver: Driver) -> None:
    await copy(driver)

    seen = await driver.survey()

    (unclear,) = seen.facts.unclear
    assert (unclear.vmid, unclear.passing, seen.complete) == (1001, True, False)
    driver.lab.finish()
    assert (await driver.survey()).complete


async def test_a_guest_that_we_make_holds_up_no_other(driver: Driver) -> None:
    with making(driver.cluster, 1001):
        await copy(driver)

    seen = await driver.survey()

    assert seen.facts.guests[1001].lock == "clone"
    assert seen.complete
    assert driver.cluster.making == {1001}
    driver.lab.finish()
    assert (await driver.survey()).complete
    assert driver.cluster.making == set()


async def test_capacities_and_what_guests_may_take_are_told_as_far_as_nodes_report_them(
    driver: Driver,
) -> None:
    config = {"memory": "2048", "cores": 2}
    nodes = [
        {"name": "pve1", "ip": "10.0.0.1", "online": True, "local": True, "cpus": 12, "memory": 64 << 30},
        {"name": "pve2", "ip": "10.0.0.2", "online": False, "local": False},
    ]
    here, gone = guest(100, config=config), guest(101, config=config, node="pve2")
    driver.lab.begin(world(nodes=nodes, guests=[here, gone]))

    facts = (await driver.survey()).facts

    assert facts.capacity["pve1"] == Capacity(12, 64 << 30)
    assert (facts.guests[100].memory, facts.guests[100].cpus) == (2 << 30, 2.0)
    assert (facts.guests[101].memory, facts.guests[101].cpus) == (None, None)


@pytest.mark.parametrize("odd", ["much", "nan", [1]])
def test_a_figure_that_is_none_is_refused(odd: Any) -> None:
    with pytest.raises(RefusalError, match="where a number was expected"):
        figure(odd)
    assert [figure(given) for given in ("1.5", 4, None)] == [1.5, 4.0, 0.0]
