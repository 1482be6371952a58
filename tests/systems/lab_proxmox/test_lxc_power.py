"""Power, snapshots, clones, templates and migration of containers."""

from __future__ import annotations

import pytest

from tests.systems.lab_proxmox.lxc_api import CT, NET, CtApi, cluster

ROOT = "local-zfs:subvol-200-disk-0"


@pytest.mark.parametrize(
    ("running", "action", "reason"),
    [
        (True, "start", "CT 200 already running"),
        (False, "stop", "CT 200 not running"),
        (False, "shutdown", "CT 200 not running"),
        (False, "reboot", "VM 200 not running"),
        (False, "suspend", "VM 200 not running"),
        (False, "resume", "VM 200 not running"),
    ],
    ids=lambda value: str(value).rpartition(" ")[0] or str(value),
)
async def test_what_makes_no_sense_is_said_at_once(*, running: bool, action: str, reason: str) -> None:
    api = CtApi()
    await (api.running() if running else api.create())
    answered = await api.ask("POST", f"{CT}/status/{action}")
    assert (answered.status, answered.reason) == (500, reason)


async def test_what_is_not_there_cannot_be_started() -> None:
    answered = await CtApi().ask("POST", f"{CT}/status/start")
    assert answered.reason == "Configuration file 'nodes/pve1/lxc/200.conf' does not exist"


async def test_a_system_that_does_not_halt_is_killed_only_by_force() -> None:
    api = CtApi()
    await api.running()
    api.behave(acpi_shutdown="ignored")
    status = await api.done("POST", f"{CT}/status/shutdown", timeout=3)
    assert status == "command 'lxc-stop -n 200 --nokill --timeout 3' failed: exit code 1"
    assert api.ct.status == "running"
    assert await api.done("POST", f"{CT}/status/shutdown", timeout=3, forceStop=1) == "OK"
    assert api.ct.status == "stopped"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"net0": "name=eth0,bridge=nope"}, "startup for container '200' failed"),
        ({"lock": "backup"}, "CT is locked (backup)"),
        ({"template": 1}, "you can't start a CT if it's a template"),
    ],
    ids=["bridge", "lock", "template"],
)
async def test_a_start_fails_in_its_task(change: dict[str, object], status: str) -> None:
    api = CtApi()
    await api.create()
    assert (await api.put(**change)).status == 200
    assert await api.done("POST", f"{CT}/status/start") == status
    assert api.ct.status == "stopped"


async def test_stopping_leaves_pending_what_is_pending() -> None:
    api = CtApi()
    await api.running()
    await api.put(features="nesting=0")
    await api.done("POST", f"{CT}/status/stop")
    assert [*await api.pending()] == ["features"]
    await api.done("POST", f"{CT}/status/start")
    assert (await api.pending(), (await api.config())["features"]) == ({}, "nesting=0")


async def test_the_status_has_figures_of_a_container() -> None:
    api = CtApi()
    await api.running(memory=256)
    status = (await api.ask("GET", f"{CT}/status/current")).data
    assert (status["type"], status["maxswap"], status["pressurecpusome"]) == ("lxc", 512 << 20, "0.00")
    assert status["cpus"] == api.world.nodes["pve1"].cpus
    assert "qmpstatus" not in status


async def test_going_back_to_a_snapshot_brings_back_options_and_keeps_new_volumes() -> None:
    api = CtApi()
    await api.running(rootfs="local-zfs:1", hostname="before")
    assert await api.done("POST", f"{CT}/snapshot", snapname="one", description="d") == "OK"
    await api.put(hostname="after", mp0="local-zfs:1,mp=/data")
    await api.done("PUT", f"{CT}/resize", disk="rootfs", size="2G")
    assert await api.done("POST", f"{CT}/snapshot/one/rollback") == "OK"
    config = await api.config()
    assert (config["hostname"], config["rootfs"], config["parent"]) == ("before", f"{ROOT},size=1G", "one")
    assert (config["unused0"], "mp0" in config) == ("local-zfs:subvol-200-disk-1", False)
    assert api.ct.status == "stopped"
    volume = api.world.volumes.find(ROOT)
    assert volume is not None
    assert volume.size == 1 << 30


async def test_snapshots_are_a_chain() -> None:
    api = CtApi()
    await api.create()
    for name in ("one", "two", "three"):
        assert await api.done("POST", f"{CT}/snapshot", snapname=name) == "OK"
    status = await api.done("POST", f"{CT}/snapshot/two/rollback")
    assert status == f"can't rollback, 'two' is not most recent snapshot on '{ROOT}'"
    assert await api.done("DELETE", f"{CT}/snapshot/two") == "OK"
    rows = {row["name"]: row.get("parent") for row in (await api.ask("GET", f"{CT}/snapshot")).data}
    assert rows == {"one": None, "three": "one", "current": "three"}
    assert (await api.ask("GET", f"{CT}/snapshot/three/config")).data["rootfs"] == f"{ROOT},size=4G"


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"storage": "local"}, "snapshot feature is not available"),
        ({"rootfs": "local-zfs:1", "mp0": "/srv,mp=/srv"}, "snapshot feature is not available"),
        ({}, "OK"),
    ],
    ids=["file", "bind", "dataset"],
)
async def test_what_can_be_snapshotted(given: dict[str, str], status: str) -> None:
    api = CtApi()
    await api.create(**given)
    feature = (await api.ask("GET", f"{CT}/feature", feature="snapshot")).data
    assert feature == {"hasFeature": int(status == "OK")}
    assert await api.done("POST", f"{CT}/snapshot", snapname="one") == status


async def test_a_full_clone_has_its_own_volumes_and_addresses() -> None:
    api = CtApi()
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:1,mp=/data", net0=NET, tags="a", onboot=1)
    assert await api.done("POST", f"{CT}/clone", newid=201, full=1, description="d") == "OK"
    clone = (await api.ask("GET", "/nodes/pve1/lxc/201/config")).data
    assert clone["mp0"] == "local-zfs:subvol-201-disk-1,mp=/data,size=1G"
    assert clone["net0"] != (await api.config())["net0"]
    assert (clone["hostname"], clone["tags"], clone["onboot"], clone["description"]) == (
        "CT200", "a", 1, "d\n",
    )  # fmt: skip
    assert api.ct.lock is None


async def test_a_template_lends_its_volumes_and_cannot_go_while_it_does() -> None:
    api = CtApi()
    await api.create()
    assert (await api.ask("POST", f"{CT}/template")).data is None
    assert await api.done("POST", f"{CT}/clone", newid=201) == "OK"
    clone = (await api.ask("GET", "/nodes/pve1/lxc/201/config")).data
    assert clone["rootfs"] == "local-zfs:basevol-200-disk-0/subvol-201-disk-0,size=4G"
    assert "template" not in clone
    assert (await api.ask("POST", f"{CT}/template")).reason == "you can't convert a template to a template"
    status = await api.done("DELETE", CT)
    assert status == "base volume 'local-zfs:basevol-200-disk-0' is still in use by linked cloned"
    assert await api.done("DELETE", "/nodes/pve1/lxc/201") == "OK"
    assert await api.done("DELETE", CT) == "OK"
    assert api.own_volumes() == []


@pytest.mark.parametrize(
    ("running", "given", "reason"),
    [
        (False, {"newid": 200}, "unable to create CT 200: config file already exists"),
        (False, {"full": 0}, f"Linked clone feature for '{ROOT}' is not available"),
        (False, {"full": 0, "storage": "local"}, "parameter 'storage' not allowed for linked clones"),
        (True, {"full": 1}, "Cannot do full clones on a running container without snapshots"),
    ],
    ids=["taken", "no-base", "storage", "running"],
)
async def test_no_clone(*, running: bool, given: dict[str, object], reason: str) -> None:
    api = CtApi()
    await (api.running() if running else api.create())
    answered = await api.ask("POST", f"{CT}/clone", **{"newid": 201, **given})
    assert answered.reason == reason
    assert (list(api.world.guests), api.ct.lock) == ([200], None)


async def test_a_clone_that_fails_leaves_nothing_behind() -> None:
    api = CtApi()
    await api.create()
    started = await api.ask("POST", f"{CT}/clone", newid=201, full=1)
    await api.world.clock.advance(0.3)
    task = api.world.tasks.find(started.data)
    assert task is not None
    api.world.tasks.fail(task, "disk full")
    await api.pass_until_idle()
    assert (task.exitstatus, list(api.world.guests), api.ct.lock) == ("disk full", [200], None)
    assert api.own_volumes() == [ROOT]


async def test_a_stopped_container_moves_with_its_volumes() -> None:
    api = cluster()
    await api.create(rootfs="local-zfs:1", mp0="local-zfs:1,mp=/data")
    assert await api.done("POST", f"{CT}/migrate", target="pve2") == "OK"
    assert (api.ct.node, api.ct.status, api.ct.lock) == ("pve2", "stopped", None)
    assert {volume.node for volume in api.world.volumes if volume.content == "rootdir"} == {"pve2"}


async def test_a_running_container_moves_by_way_of_a_restart() -> None:
    api = cluster()
    await api.running()
    answered = await api.ask("POST", f"{CT}/migrate", target="pve2")
    assert answered.reason == "can't migrate running container without --online or --restart"
    assert await api.done("POST", f"{CT}/migrate", target="pve2", online=1) == "migration aborted"
    assert (api.ct.node, api.ct.status, api.ct.lock) == ("pve1", "running", None)
    assert await api.done("POST", f"{CT}/migrate", target="pve2", restart=1) == "OK"
    assert (api.ct.node, api.ct.status, api.ct.lock) == ("pve2", "running", None)


@pytest.mark.parametrize(
    ("given", "online", "status"),
    [
        ({"mp0": "/srv,mp=/srv"}, True, "migration aborted"),
        ({"mp0": "/srv,mp=/srv,shared=1"}, True, "OK"),
        ({}, False, "migration aborted"),
    ],
    ids=["bind", "shared-bind", "offline"],
)
async def test_what_is_tied_to_its_node_stays(*, given: dict[str, str], online: bool, status: str) -> None:
    api = cluster()
    await api.create(rootfs="local-zfs:1", **given)
    api.world.nodes["pve2"].online = online
    assert await api.done("POST", f"{CT}/migrate", target="pve2") == status
    assert (api.ct.node, api.ct.lock) == ("pve2" if status == "OK" else "pve1", None)


async def test_where_a_container_could_go() -> None:
    api = cluster()
    await api.create()
    found = (await api.ask("GET", f"{CT}/migrate")).data
    assert (found["running"], found["allowed-nodes"]) == (0, ["pve2"])
    api.world.storages["local-zfs"].nodes = frozenset({"pve1"})
    found = (await api.ask("GET", f"{CT}/migrate")).data
    assert found["not-allowed-nodes"] == {"pve2": {"unavailable-storages": ["local-zfs"]}}


async def test_the_load_over_time_has_a_row_per_minute() -> None:
    api = CtApi()
    await api.create()
    rows = (await api.ask("GET", f"{CT}/rrddata", timeframe="hour")).data
    assert len(rows) == 59
    assert rows[-1]["maxmem"] == 512 << 20
