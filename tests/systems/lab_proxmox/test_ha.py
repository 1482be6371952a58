"""The manager: what is wanted of a resource is what comes about, and a guest that it moves has moved."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint_lab.clock import VirtualClock
from setpoint_lab.proxmox.events import EVENTS
from setpoint_lab.proxmox.ha.manager import wake
from setpoint_lab.proxmox.snapshot import write_state
from setpoint_lab.proxmox.state import read_state
from setpoint_lab.proxmox.volumes import Storage
from setpoint_lab.proxmox.world import Node, World
from tests.systems.lab_proxmox.qemu_api import VM, Api

RESOURCES = "/cluster/ha/resources"
RESOURCE = f"{RESOURCES}/vm:100"
RULES = "/cluster/ha/rules"
RULE = {"rule": "r1", "type": "node-affinity", "resources": "vm:100"}


@pytest.fixture
async def api() -> Api:
    """Three nodes, and a stopped VM without disks that the manager may move as it likes."""
    fresh = Api()
    fresh.world.cluster = "lab"
    for number in (2, 3):
        fresh.world.nodes[f"pve{number}"] = Node(f"pve{number}", f"10.99.0.{number}")
    assert await fresh.create() == "OK"
    return fresh


async def told(api: Api, method: str, path: str, **params: Any) -> None:
    given = await api.ask(method, path, **params)
    assert given.status == 200, given


async def pass_turns(api: Api, count: int = 1) -> None:
    for _ in range(count):
        await api.world.clock.advance(10)
        await api.pass_until_idle()


async def seen(api: Api) -> tuple[str, str, str]:
    """Where the VM is, whether it runs, and what the manager says of it."""
    rows = (await api.ask("GET", "/cluster/ha/status/current")).data
    state = next((row["state"] for row in rows if row.get("sid") == "vm:100"), "")
    return api.vm.node, api.vm.status, state


async def test_a_resource_is_started_and_kept_running(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="100")
    shown = (await api.ask("GET", RESOURCE)).data
    assert {key: value for key, value in shown.items() if key != "digest"} == {"sid": "vm:100", "type": "vm"}
    await pass_turns(api, 2)
    assert await seen(api) == ("pve1", "running", "started")
    api.vm.die()
    await pass_turns(api, 2)
    assert api.vm.status == "running"
    assert [task.upid.user for task in api.world.tasks.all if task.upid.type == "qmstart"] == ["root@pam"] * 2


async def test_who_starts_or_stops_a_managed_guest_asks_the_manager(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100", state="stopped")
    assert await api.done("POST", f"{VM}/status/start") == "OK"
    assert api.log("hastart") == ["Requesting HA start for VM 100", "TASK OK"]
    assert api.vm.status == "stopped"
    await pass_turns(api, 2)
    assert api.vm.status == "running"
    assert (await api.ask("GET", f"{VM}/status/current")).data["ha"] == {"managed": 1, "state": "started"}
    assert await api.done("POST", f"{VM}/status/shutdown") == "OK"
    assert api.log("hastop")[0] == "Requesting HA stop for VM 100"
    assert api.vm.status == "running"
    await pass_turns(api, 2)
    assert await seen(api) == ("pve1", "stopped", "stopped")
    assert (await api.ask("GET", RESOURCE)).data["state"] == "stopped"


async def test_a_guest_whose_resource_is_ignored_is_started_and_stopped_as_any(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100", state="ignored")
    assert await api.done("POST", f"{VM}/status/start") == "OK"
    assert api.vm.status == "running"
    assert (await api.ask("GET", f"{VM}/status/current")).data["ha"] == {"managed": 0}
    await pass_turns(api, 2)
    assert api.vm.status == "running"


@pytest.mark.parametrize(
    ("path", "params", "stopped"),
    [
        (f"{RESOURCE}/migrate", {"node": "pve2"}, False),
        (f"{RESOURCE}/relocate", {"node": "pve2"}, True),
        (f"{VM}/migrate", {"target": "pve2", "online": 1}, False),
    ],
    ids=["migrate", "relocate", "the guest's own migrate"],
)
async def test_a_resource_moves_when_the_manager_is_asked(
    api: Api, path: str, params: dict[str, Any], *, stopped: bool
) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    await pass_turns(api, 2)
    api.world.effects.begin()
    await told(api, "POST", path, **params)
    assert api.vm.node == "pve1"
    await pass_turns(api, 4)
    assert await seen(api) == ("pve2", "running", "started")
    assert ("stopped" in {happened.kind for happened in api.world.effects.all}) is stopped


async def test_a_node_that_nobody_knows_is_taken_and_nothing_moves(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    given = await api.ask("POST", f"{RESOURCE}/migrate", node="nowhere")
    assert given.data == {"sid": "vm:100", "requested-node": "nowhere"}
    await pass_turns(api, 3)
    assert api.vm.node == "pve1"


async def test_a_guest_of_a_node_that_is_off_comes_up_on_another_after_a_while(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    await pass_turns(api, 2)
    api.world.nodes["pve1"].online = False
    await pass_turns(api, 3)
    assert await seen(api) == ("pve1", "running", "fence")
    await pass_turns(api, 12)
    node, status, state = await seen(api)
    assert (node != "pve1", status, state) == (True, "running", "started")
    assert [each.kind for each in api.world.effects.all][-3:] == ["stopped", "guest_moved", "started"]


async def test_a_disabled_resource_stays_on_the_node_that_is_off(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100", state="disabled")
    api.world.nodes["pve1"].online = False
    await pass_turns(api, 20)
    assert api.vm.node == "pve1"


async def test_without_quorum_and_disarmed_the_manager_does_nothing(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    api.world.quorate = False
    await pass_turns(api, 2)
    assert api.vm.status == "stopped"
    api.world.quorate = True
    await told(api, "POST", "/cluster/ha/status/disarm-ha", resource__mode="freeze")
    await pass_turns(api, 2)
    assert api.vm.status == "stopped"
    await told(api, "POST", "/cluster/ha/status/arm-ha")
    await pass_turns(api, 2)
    assert api.vm.status == "running"


@pytest.mark.parametrize(
    ("elsewhere", "ends"),
    [(True, ("pve2", "running", "started")), (False, ("pve1", "stopped", "error"))],
    ids=["another node", "no other node"],
)
async def test_a_guest_that_does_not_start_is_tried_on_another_node(
    api: Api, *, elsewhere: bool, ends: tuple[str, str, str]
) -> None:
    del api.world.nodes["pve3"]
    api.world.nodes["pve2"].online = elsewhere
    await api.put(net0="virtio,bridge=vmbr1")
    bridge = {"iface": "vmbr1", "type": "bridge"}
    await told(api, "POST", "/nodes/pve2/network", **bridge) if elsewhere else None
    await (api.done("PUT", "/nodes/pve2/network") if elsewhere else api.pass_until_idle())
    await told(api, "POST", RESOURCES, sid="vm:100")
    await pass_turns(api, 8)
    assert await seen(api) == ends


async def test_an_error_is_left_by_disabling_the_resource(api: Api) -> None:
    api.world.nodes = {"pve1": api.world.nodes["pve1"]}
    await api.put(net0="virtio,bridge=vmbr1")
    await told(api, "POST", RESOURCES, sid="vm:100")
    await pass_turns(api, 6)
    await api.put(net0="virtio,bridge=vmbr0")
    await told(api, "PUT", RESOURCE, state="started")
    await pass_turns(api, 2)
    assert (await seen(api))[2] == "error"
    await told(api, "PUT", RESOURCE, state="disabled")
    await pass_turns(api)
    await told(api, "PUT", RESOURCE, state="started")
    await pass_turns(api, 2)
    assert (await seen(api))[2] == "started"


NODE_RULES: dict[str, tuple[dict[str, Any], str]] = {
    "to the node with the highest priority": ({"nodes": "pve1:1,pve2:2"}, "pve2"),
    "not from a node that is as good": ({"nodes": "pve1,pve2"}, "pve1"),
    "not by a rule that is disabled": ({"nodes": "pve2", "disable": 1}, "pve1"),
}


@pytest.mark.parametrize(("options", "node"), NODE_RULES.values(), ids=NODE_RULES)
async def test_a_rule_moves_a_resource(api: Api, options: dict[str, Any], node: str) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    await told(api, "POST", RULES, **RULE, **options)
    await pass_turns(api, 4)
    assert await seen(api) == (node, "running", "started")


async def test_a_resource_that_shall_not_fail_back_stays_on_a_node_of_its_rule(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100", failback=0)
    await told(api, "POST", RULES, **RULE, nodes="pve1:1,pve2:2")
    await pass_turns(api, 3)
    assert api.vm.node == "pve1"


@pytest.mark.parametrize("strict", [0, 1])
async def test_only_a_strict_rule_keeps_a_resource_from_running_elsewhere(api: Api, strict: int) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    await told(api, "POST", RULES, **RULE, nodes="pve1", strict=strict)
    await pass_turns(api, 2)
    api.world.nodes["pve1"].online = False
    await pass_turns(api, 18)
    assert (api.vm.node == "pve1") is bool(strict)


@pytest.mark.parametrize(("affinity", "together"), [("positive", True), ("negative", False)])
async def test_resources_keep_to_each_other_or_apart(api: Api, affinity: str, *, together: bool) -> None:
    assert await api.create(vmid=101) == "OK"
    for sid in ("vm:100", "vm:101"):
        await told(api, "POST", RESOURCES, sid=sid)
    await told(
        api, "POST", RULES, rule="r1", type="resource-affinity", affinity=affinity, resources="vm:100,vm:101"
    )
    await pass_turns(api, 6)
    assert (api.world.guests[100].node == api.world.guests[101].node) is together
    given = (await api.ask("POST", f"{RESOURCE}/migrate", node="pve3")).data
    assert given.get("comigrated-resources") == (["vm:101"] if together else None)


REFUSED: dict[str, tuple[tuple[str, str, dict[str, Any]], int, str]] = {
    "a guest that is not there": (("POST", RESOURCES, {"sid": "vm:999"}), 500, "does not exist in cluster"),
    "a number that is nobody's": (("POST", RESOURCES, {"sid": "999"}), 500, "no VM/CT '999'"),
    "a guest of another type": (("POST", RESOURCES, {"sid": "ct:100"}), 500, "does not exist in cluster"),
    "a resource that there is": (("POST", RESOURCES, {"sid": "vm:100"}), 500, "already defined"),
    "a group": (("PUT", RESOURCE, {"group": "g1"}), 500, "ha groups have been migrated to rules"),
    "an old digest": (("PUT", RESOURCE, {"digest": "0"}), 500, "detected modified configuration"),
    "a resource to change that is not there": (
        ("PUT", f"{RESOURCES}/vm:101", {}),
        500,
        "no such resource 'vm:101'",
    ),
    "a resource to delete that is not there": (("DELETE", f"{RESOURCES}/vm:101", {}), 500, "not HA managed!"),
    "the list of groups": (("GET", "/cluster/ha/groups", {}), 500, "ha groups have been migrated to rules"),
    "a rule without nodes": (("POST", RULES, {**RULE}), 400, "Parameter verification failed."),
    "a rule of no type": (("POST", RULES, {"rule": "r1"}), 400, "Parameter verification failed."),
    "a change of a rule without its type": (
        ("PUT", f"{RULES}/r1", {"comment": "x"}),
        400,
        "Parameter verification",
    ),
    "a rule about what is not managed": (
        ("POST", RULES, {**RULE, "resources": "vm:101", "nodes": "pve1"}),
        500,
        "cannot use unmanaged resource(s) vm:101.",
    ),
    "a rule about a node that is not there": (("POST", RULES, {**RULE, "nodes": "pve9"}), 500, "pve9"),
    "a move of what is not managed": (
        ("POST", f"{RESOURCES}/vm:101/migrate", {"node": "pve2"}),
        500,
        "not HA managed",
    ),
}


@pytest.mark.parametrize(("request_", "status", "text"), REFUSED.values(), ids=REFUSED)
async def test_refused_is(
    api: Api, request_: tuple[str, str, dict[str, Any]], status: int, text: str
) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    method, path, params = request_
    refused = await api.ask(method, path, **params)
    assert (refused.status, text in refused.reason) == (status, True), refused


async def test_a_rule_is_changed_read_and_deleted_twice(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    await told(api, "POST", RULES, **RULE, nodes="pve1")
    await told(api, "PUT", f"{RULES}/r1", type="node-affinity", nodes="pve2", comment="x")
    await told(api, "PUT", f"{RULES}/r1", type="node-affinity", delete="comment", strict=1)
    rule = (await api.ask("GET", f"{RULES}/r1")).data
    del rule["digest"]
    assert rule == {**RULE, "nodes": "pve2", "strict": 1, "order": 1}
    assert len((await api.ask("GET", RULES, resource="vm:100")).data) == 1
    for _ in range(2):
        await told(api, "DELETE", f"{RULES}/r1")
    assert (await api.ask("GET", RULES)).data == []


@pytest.mark.parametrize("purge", [0, 1])
async def test_a_managed_guest_is_destroyed_only_with_what_refers_to_it(api: Api, purge: int) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100", state="stopped")
    await told(api, "POST", RULES, **RULE, nodes="pve1")
    if purge:
        assert await api.done("DELETE", VM, purge=1) == "OK"
        assert (await api.ask("GET", RESOURCES)).data == []
        assert (await api.ask("GET", RULES)).data == []
    else:
        refused = await api.ask("DELETE", VM)
        assert refused.reason == "unable to remove VM 100 - used in HA resources and purge parameter not set."


async def test_the_cluster_s_list_tells_what_the_manager_says(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    await pass_turns(api, 2)
    rows = (await api.ask("GET", "/cluster/resources", type="vm")).data
    assert [row["hastate"] for row in rows] == ["started"]
    whole = (await api.ask("GET", "/cluster/ha/status/manager_status")).data
    assert whole["manager_status"]["service_status"] == {"vm:100": {"node": "pve1", "state": "started"}}


async def test_a_state_brings_the_manager_back_at_work(api: Api) -> None:
    await told(api, "POST", RESOURCES, sid="vm:100")
    await told(api, "POST", RULES, **RULE, nodes="pve2")
    again = Api(World(VirtualClock(), seed=1, lag=0))
    read_state(again.world, write_state(api.world))
    wake(again.world)
    await pass_turns(again, 4)
    assert await seen(again) == ("pve2", "running", "started")


CONTAINER = "/nodes/pve1/lxc/200"


@pytest.fixture
async def with_container() -> Api:
    """Two nodes, and a container on a storage that both reach, which the manager is to keep running."""
    fresh = Api()
    nodes = [{"name": f"pve{number}", "ip": f"10.99.0.{number}", "local": number == 1} for number in (1, 2)]
    config = {"hostname": "c1", "ostype": "debian", "arch": "amd64", "rootfs": "rbd:vm-200-disk-0,size=1G"}
    container = {"vmid": 200, "type": "lxc", "node": "pve1", "status": "stopped", "config": config}
    storages = {"rbd": {"type": "rbd", "content": "images,rootdir", "shared": 1, "pool": "rbd"}}
    read_state(
        fresh.world,
        {"nodes": nodes, "cluster": {"name": "lab"}, "storages": storages, "guests": [container]},
    )
    await told(fresh, "POST", RESOURCES, sid="200")
    await pass_turns(fresh, 2)
    return fresh


async def test_a_container_is_kept_running_and_recovered_like_a_vm(with_container: Api) -> None:
    guests = with_container.world.guests
    assert (guests[200].node, guests[200].status) == ("pve1", "running")
    with_container.world.nodes["pve1"].online = False
    await pass_turns(with_container, 15)
    assert (guests[200].node, guests[200].status) == ("pve2", "running")


async def test_what_is_wrong_with_a_container_s_call_is_said_before_the_manager_is_asked(
    with_container: Api,
) -> None:
    started = await with_container.ask("POST", f"{CONTAINER}/status/start")
    assert started.reason == "CT 200 already running"
    moved = await with_container.ask("POST", f"{CONTAINER}/migrate", target="pve2")
    assert "without --online or --restart" in moved.reason
    assert await with_container.done("POST", f"{CONTAINER}/status/stop") == "OK"
    assert with_container.log("hastop")[0] == "Requesting HA stop for CT 200"
    await pass_turns(with_container, 2)
    stopped = await with_container.ask("POST", f"{CONTAINER}/status/shutdown")
    assert stopped.reason == "CT 200 not running"


async def test_a_container_moves_by_way_of_a_restart(with_container: Api) -> None:
    assert await with_container.done("POST", f"{CONTAINER}/migrate", target="pve2", restart=1) == "OK"
    await pass_turns(with_container, 4)
    guest = with_container.world.guests[200]
    assert (guest.node, guest.status) == ("pve2", "running")


async def test_a_guest_that_somebody_moved_is_elsewhere_with_its_disks_and_runs_on(api: Api) -> None:
    await api.put(scsi0="local-zfs:1")
    await api.done("POST", f"{VM}/status/start")
    api.world.effects.begin()
    await EVENTS["guest_moves"](api.world, {"vmid": 100, "node": "pve2"})
    assert (api.vm.node, api.vm.status) == ("pve2", "running")
    assert {volume.volid: volume.node for volume in api.world.volumes} == {"local-zfs:vm-100-disk-0": "pve2"}
    assert [each.kind for each in api.world.effects.all] == ["guest_moved"]
    for spec in ({"vmid": 7, "node": "pve2"}, {"vmid": 100, "node": "pve9"}):
        with pytest.raises(KeyError):
            await EVENTS["guest_moves"](api.world, spec)


async def test_a_disk_on_a_storage_of_its_node_ties_a_guest_to_it(api: Api) -> None:
    api.world.storages["rbd"] = Storage("rbd", "rbd", frozenset({"images"}), shared=True, pool="rbd")
    assert await api.create(vmid=101, scsi0="rbd:1") == "OK"
    assert await api.create(vmid=102, scsi0="local-zfs:1") == "OK"
    for vmid in (101, 102):
        await told(api, "POST", RESOURCES, sid=str(vmid))
    await pass_turns(api, 2)
    api.world.nodes["pve1"].online = False
    await pass_turns(api, 25)
    assert {vmid: api.world.guests[vmid].status for vmid in (101, 102)} == {101: "running", 102: "stopped"}
