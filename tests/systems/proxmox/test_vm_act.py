"""Every effect on a VM: what it sends, what it brings about, and what each way to fail means for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint.model.identity import Mark
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult, Applied, Finished, Intent, Running, Started
from setpoint.model.secret import Secret
from setpoint.model.tree import Json
from setpoint_proxmox import transport
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import parse_mark, with_mark
from setpoint_proxmox.tasks import TYPES, find, poll
from tests.systems.proxmox.drive import ROLES, Driver, world
from tests.systems.proxmox.gates import connected
from tests.systems.proxmox.made import KEY, OWNER, spec
from tests.systems.proxmox.served import answer, by_path, serve

MAKING = ("create", "clone")
CLOUD = {"ide2": "local-zfs:cloudinit", "ciuser": "anna"}
DISK = {"scsi0": {"storage": "local-zfs", "size": "10GiB"}}
VM = "/nodes/pve1/qemu/1000"
CALLS = {
    "create": "POST /nodes/pve1/qemu",
    "clone": f"POST {VM}/clone",
    "configure": f"POST {VM}/config",
    "resize": f"PUT {VM}/resize",
    "move": f"POST {VM}/move_disk",
    "enroll": "PUT /pools",
    "regenerate": f"PUT {VM}/cloudinit",
    "start": f"POST {VM}/status/start",
    "resume": f"POST {VM}/status/resume",
    "shutdown": f"POST {VM}/status/shutdown",
    "restart": f"POST {VM}/status/reboot",
    "migrate": f"POST {VM}/migrate",
    "destroy": f"DELETE {VM}",
}
ARGUMENTS: Mapping[str, Mapping[str, Json]] = {
    "create": {"config": {"memory": 512, "scsi0": "local-zfs:1"}, "description": "made"},
    "clone": {"source": 1000, "to": "pve1", "name": "copy", "description": "copied", "full": True},
    "configure": {"config": {"cores": 2}, "delete": ["onboot"]},
    "resize": {"disk": "scsi0", "size": "11G"},
    "move": {"disk": "scsi0", "storage": "local", "format": "qcow2"},
    "enroll": {"pool": "prod", "former": ""},
    "regenerate": {},
    "start": {},
    "resume": {},
    "shutdown": {"force": False},
    "restart": {},
    "migrate": {"to": "pve2", "running": False},
    "destroy": {},
}
DIGESTED = ("configure", "resize", "move")
VERBS = tuple(CALLS)


async def ready(driver: Driver, verb: str, **arguments: Json) -> Acting:
    """VM 1000 in the state in which `verb` has something to do, and what the engine would give to the act."""
    pools: list[dict[str, Any]] = [{"poolid": "prod", "members": []}, {"poolid": "old", "members": []}]
    driver.lab.begin(world({**ROLES, "/pool": "PVEPoolAdmin"}, pools=pools))
    await driver.converge(spec(disks=DISK, onboot=True))
    driver.lab.api("PUT", VM[1:] + "/config", **CLOUD)
    if verb in ("resume", "shutdown", "restart"):
        driver.lab.api("POST", VM[1:] + "/status/start")
    if verb == "resume":
        driver.lab.api("POST", VM[1:] + "/status/suspend")
    digest: dict[str, Json] = {"digest": (await state_of(driver)).digest} if verb in DIGESTED else {}
    vmid = 1001 if verb in MAKING else 1000
    return Acting(OWNER, {"vmid": vmid}, {"node": "pve1", **ARGUMENTS[verb], **digest, **arguments})


async def state_of(driver: Driver) -> VmState:
    return (await driver.look(spec())).state


async def take(driver: Driver, verb: str, acting: Acting) -> ActResult:
    return await KIND.acts[verb](driver.cluster, acting)


async def end(driver: Driver, result: ActResult) -> str:
    """Let the operation end, if there is one; gives its error."""
    if isinstance(result, Applied):
        return ""
    driver.lab.finish()
    ended = await poll(driver.cluster, result.operation)
    assert isinstance(ended, Finished)
    return ended.error


def sent(driver: Driver) -> list[str]:
    """Every write by the token since the world began, its own creation of VM 1000 left aside."""
    ours = [
        f"{effect['method']} {effect['path']}"
        for effect in driver.lab.get("ledger")
        if effect["user"] != "root@pam"
    ]
    return ours[1:]


def test_every_act_is_tried_here() -> None:
    assert set(CALLS) == set(ARGUMENTS) == set(KIND.acts)


@pytest.mark.parametrize("verb", VERBS)
async def test_an_act_is_one_call_that_ends_well(driver: Driver, verb: str) -> None:
    acting = await ready(driver, verb)

    result = await take(driver, verb, acting)

    assert isinstance(result, Applied if verb in ("enroll", "regenerate") else Started)
    assert await end(driver, result) == ""
    assert sent(driver) == [CALLS[verb]]


@pytest.mark.parametrize(("verb", "text"), [("create", "made"), ("clone", "copied")])
async def test_what_is_made_bears_our_mark_and_its_own_id_at_once(
    driver: Driver, verb: str, text: str
) -> None:
    acting = await ready(driver, verb)

    await end(driver, await take(driver, verb, acting))

    config = driver.lab.api("GET", "nodes/pve1/qemu/1001/config")
    assert parse_mark(config["description"]) == Mark("home", KEY, "1001")
    assert config["description"].startswith(text)


async def test_a_clone_goes_where_it_is_told(driver: Driver) -> None:
    acting = await ready(driver, "clone", storage="local", pool="prod")

    await end(driver, await take(driver, "clone", acting))

    config = driver.lab.api("GET", "nodes/pve1/qemu/1001/config")
    assert config["name"] == "copy"
    assert config["scsi0"].startswith("local:1001/")
    (pool,) = driver.lab.api("GET", "pools?poolid=prod")
    assert [member["vmid"] for member in pool["members"]] == [1001]


async def test_a_clone_is_made_of_a_snapshot(driver: Driver) -> None:
    acting = await ready(driver, "clone", snapshot="before")
    driver.lab.api("POST", VM[1:] + "/snapshot", snapname="before")
    driver.lab.api("PUT", VM[1:] + "/config", memory=2048)

    await end(driver, await take(driver, "clone", acting))

    assert driver.lab.api("GET", "nodes/pve1/qemu/1001/config")["memory"] != "2048"


async def test_a_clone_for_another_node_ends_up_there(driver: Driver) -> None:
    acting = await ready(driver, "clone", to="pve2", storage="ceph")
    state = driver.lab.get("state")
    state["storages"]["ceph"] = {"type": "rbd", "content": "images", "shared": True, "total": 1 << 40}
    driver.lab.begin(state)
    driver.lab.api("POST", VM[1:] + "/move_disk", disk="scsi0", storage="ceph", delete=1)
    driver.lab.api("PUT", VM[1:] + "/config", delete="ide2")

    assert await end(driver, await take(driver, "clone", acting)) == ""

    assert (await driver.survey()).facts.guests[1001].node == "pve2"


async def test_options_are_written_and_removed_in_one_call(driver: Driver) -> None:
    acting = await ready(driver, "configure")

    await end(driver, await take(driver, "configure", acting))

    state = await state_of(driver)
    assert state.current["cores"] == 2
    assert "onboot" not in state.current


async def test_secrets_are_filled_in_where_they_are_sent_and_nowhere_else(driver: Driver) -> None:
    place: Json = {"cipassword": "/cloudInit/password"}
    acting = await ready(driver, "configure", config={}, delete=[], secrets=place)
    secret = Acting(OWNER, acting.identity, acting.arguments, {"/cloudInit/password": Secret("hush")})
    assert "hush" not in repr(secret)

    await end(driver, await take(driver, "configure", secret))

    assert "password: $5$" in driver.lab.api("GET", VM[1:] + "/cloudinit/dump?type=user")


async def test_a_moved_disk_leaves_nothing_behind(driver: Driver) -> None:
    acting = await ready(driver, "move")

    await end(driver, await take(driver, "move", acting))

    state = await state_of(driver)
    assert str(state.current["scsi0"]).startswith("local:1000/vm-1000-disk-0.qcow2")
    assert KIND.status(state)["detachedVolumes"] == {}


async def test_a_disk_keeps_its_form_when_none_is_said(driver: Driver) -> None:
    acting = await ready(driver, "move", format=None)

    await end(driver, await take(driver, "move", acting))

    assert "vm-1000-disk-0.raw" in str((await state_of(driver)).current["scsi0"])


async def test_an_answer_that_names_no_task_is_refused() -> None:
    acting = Acting(OWNER, {"vmid": 1000}, {"node": "pve1"})
    async with serve(answer("200 OK", '{"data":null}')) as server:
        cluster = connected(server.port)
        with pytest.raises(RefusalError, match="answered None where a task was expected"):
            await KIND.acts["start"](cluster, acting)
        await cluster.api.close()


@pytest.mark.parametrize(
    ("arguments", "before", "after"),
    [
        pytest.param({"pool": "prod", "former": ""}, "", "prod", id="into the first"),
        pytest.param({"pool": "prod", "former": "old"}, "old", "prod", id="into another"),
        pytest.param({"pool": "", "former": "old"}, "old", "", id="out of all"),
    ],
)
async def test_a_vm_is_put_into_a_pool_and_taken_out(
    driver: Driver, arguments: dict[str, Json], before: str, after: str
) -> None:
    acting = await ready(driver, "enroll", **arguments)
    if before:
        driver.lab.api("PUT", "pools", poolid=before, vms=1000)
    assert (await state_of(driver)).pool == before

    await take(driver, "enroll", acting)

    assert (await state_of(driver)).pool == after


async def test_a_cloud_init_drive_is_made_anew(driver: Driver) -> None:
    acting = await ready(driver, "regenerate")
    driver.lab.api("POST", VM[1:] + "/status/start")
    driver.lab.api("PUT", VM[1:] + "/config", ciuser="berta")
    assert (await state_of(driver)).image_current is False

    await take(driver, "regenerate", acting)

    assert (await state_of(driver)).image_current is True


NIC9 = "virtio,bridge=vmbr9"
FAR = "storage far is not on node pve1; it is on pve2"


@pytest.mark.parametrize(
    ("verb", "arguments", "said"),
    [
        pytest.param("create", {"config": {"scsi0": "far:1"}}, FAR, id="disk"),
        pytest.param("create", {"config": {"ide2": "far:cloudinit"}}, FAR, id="cloud-init"),
        pytest.param("create", {"config": {"net0": NIC9}}, "node pve1 has no bridge vmbr9", id="NIC"),
        pytest.param("configure", {"config": {"efidisk0": "far:1,efitype=4m"}}, FAR, id="EFI"),
        pytest.param("configure", {"config": {"net1": NIC9}}, "it has vmbr0, vmbr1", id="new NIC"),
        pytest.param("clone", {"storage": "far"}, FAR, id="clone"),
        pytest.param("clone", {"storage": "near", "to": "pve2"}, "near is not on node pve2", id="clone to"),
        pytest.param("move", {"storage": "far"}, FAR, id="move"),
    ],
)
async def test_what_is_on_other_nodes_only_is_refused_before_anything_is_sent(
    driver: Driver, verb: str, arguments: dict[str, Json], said: str
) -> None:
    acting = await ready(driver, verb, **arguments)
    state = driver.lab.get("state")
    for name, node in [("near", "pve1"), ("far", "pve2")]:
        storage = {"type": "zfspool", "pool": name, "content": "images", "nodes": node, "total": 1 << 40}
        state["storages"][name] = storage
    driver.lab.begin(state)

    with pytest.raises(RefusalError, match=said):
        await take(driver, verb, acting)

    assert driver.lab.writes() == []


async def test_a_storage_that_we_may_use_and_not_look_at_is_left_to_proxmox(driver: Driver) -> None:
    acting = await ready(driver, "create")
    state = driver.lab.get("state")
    roles = [{"roleid": "Blind", "privs": "Datastore.AllocateSpace"}]
    few = {**ROLES, "/storage": "Blind", "/": "Status"}
    roles.append({"roleid": "Status", "privs": "Sys.Audit"})
    driver.lab.begin({**state, "acls": world(few)["acls"], "roles": roles})

    assert await end(driver, await take(driver, "create", acting)) == ""


@pytest.mark.parametrize(
    "text", ["local-zfs:vm-1000-disk-7", "none,media=cdrom", "/dev/sdb", "fast:iso/x.iso"]
)
async def test_what_is_not_allocated_needs_no_look_at_the_storages(driver: Driver, text: str) -> None:
    acting = await ready(driver, "configure", config={"ide3": text})
    for path in ("/cluster/resources", "/nodes/pve1/network"):
        driver.lab.happen("reply_fails", method="GET", path=path, status=500, reason="not to be asked")
    driver.lab.happen("reply_fails", path=f"{VM}/config", status=500, reason="sent")

    with pytest.raises(RefusalError, match="sent"):
        await take(driver, "configure", acting)


FAULTS: dict[str, tuple[dict[str, Any], type[TargetError]]] = {
    "node not reached": ({"status": 595}, TransportError),
    "gateway timed out": ({"status": 596, "executed": False}, OutcomeUnknownError),
    "bad gateway": ({"status": 502}, OutcomeUnknownError),
    "locked": ({"status": 500, "reason": "VM is locked (backup)"}, BusyError),
    "lock timed out": (
        {"status": 500, "reason": "can't lock file '/var/lock/qemu-server/lock-1000.conf' - got timeout"},
        BusyError,
    ),
    "no quorum": ({"status": 500, "reason": "cluster not ready - no quorum?"}, BusyError),
    "somebody wrote": (
        {"status": 500, "reason": "checksum mismatch (file change by other user?)"},
        ConflictError,
    ),
    "moved away": (
        {"status": 500, "reason": "Configuration file 'nodes/pve1/qemu-server/1000.conf' does not exist"},
        ConflictError,
    ),
    "not allowed": (
        {"status": 403, "reason": "Permission check failed (/vms/1000, VM.Allocate)"},
        RefusalError,
    ),
    "anything else": ({"status": 500, "reason": "something new"}, RefusalError),
    "worker lost": (
        {"status": 500, "reason": "got no worker upid - start worker failed"},
        OutcomeUnknownError,
    ),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_what_a_failure_means_is_the_same_for_every_act(driver: Driver, verb: str) -> None:
    acting = await ready(driver, verb)
    method, path = CALLS[verb].split()
    for name, (fault, error) in FAULTS.items():
        kind = "reply_lost" if fault["status"] in (595, 596) else "reply_fails"
        driver.lab.happen(kind, method=method, path=path, **fault)

        with pytest.raises(error) as caught:
            await take(driver, verb, acting)

        assert caught.type is error or issubclass(caught.type, error), name
        if error in (TransportError, OutcomeUnknownError):
            assert caught.value.scope == ("" if verb == "enroll" else "node/pve1"), name
    assert sent(driver) == []


@pytest.mark.parametrize("verb", VERBS)
async def test_a_call_that_takes_too_long_is_in_doubt_and_not_repeated(
    verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "WRITE_SECONDS", 0.2)
    storages = [{"node": "pve1", "storage": name} for name in ("local", "local-zfs")]
    listed = answer("200 OK", json.dumps({"data": storages}))
    config = {"description": with_mark("", OWNER.mark("1000"))}
    marked = answer("200 OK", json.dumps({"data": config}))
    acting = Acting(OWNER, {"vmid": 1000}, {"node": "pve1", "digest": "d", **ARGUMENTS[verb]})
    replies = {f"GET /api2/json{VM}/config": marked, "GET ": listed}
    async with serve(by_path(replies, b""), keep=True) as server:
        cluster = connected(server.port)
        with pytest.raises(OutcomeUnknownError):
            await KIND.acts[verb](cluster, acting)
        await cluster.api.close()

        assert len([request for request in server.requests if not request.startswith("GET ")]) == 1


@pytest.mark.parametrize("verb", VERBS)
async def test_an_effect_whose_reply_is_lost_is_found_and_happens_once(driver: Driver, verb: str) -> None:
    acting = await ready(driver, verb)
    method, path = CALLS[verb].split()
    began = driver.lab.get("clock")["now"]
    driver.lab.happen("reply_lost", method=method, path=path, status=0)

    with pytest.raises(OutcomeUnknownError):
        await take(driver, verb, acting)

    assert sent(driver) == [CALLS[verb]]
    operation = await find(driver.cluster, Intent(verb, acting.identity, acting.arguments, began))
    assert (operation is not None) is (verb in TYPES)
    driver.lab.finish()
    assert operation is None or await poll(driver.cluster, operation) == Finished()


@pytest.mark.parametrize("verb", MAKING)
@pytest.mark.parametrize(("fault", "known"), [({"status": 0}, True), ({"status": 595}, False)])
async def test_only_what_may_be_in_the_making_is_remembered(
    driver: Driver, verb: str, fault: dict[str, Any], *, known: bool
) -> None:
    acting = await ready(driver, verb)
    method, path = CALLS[verb].split()
    driver.lab.happen("reply_lost", method=method, path=path, **fault)

    with pytest.raises(TargetError):
        await take(driver, verb, acting)

    assert (1001 in driver.cluster.making) is known


async def test_a_clone_whose_reply_was_lost_is_known_by_its_lock(driver: Driver) -> None:
    acting = await ready(driver, "clone")
    driver.lab.happen("reply_lost", path=f"{VM}/clone", status=0)
    with pytest.raises(OutcomeUnknownError):
        await take(driver, "clone", acting)
    driver.lab.post("clock", {"advance": 0.2})

    assert (await driver.survey()).facts.guests[1001].lock == "clone"
    driver.lab.finish()
    marks = {str(identity["vmid"]): mark for mark, identity in (await driver.survey()).found}
    assert marks["1001"] == Mark("home", KEY, "1001")


async def test_an_operation_that_goes_on_is_running(driver: Driver) -> None:
    acting = await ready(driver, "clone")

    result = await take(driver, "clone", acting)

    assert isinstance(result, Started)
    assert await poll(driver.cluster, result.operation) == Running()
