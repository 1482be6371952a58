"""Stories of guests whose sizes follow their node, lived through by the whole daemon in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.diff import Cause
from tests.rig.daemon import Running, VirtualDaemon, settled
from tests.rig.estate import cluster, manifest
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

GIB = 1 << 30
HOUR = 3600.0
MACHINE, CONTAINER = "VirtualMachine/web01", "Container/dns01"
NODES = [
    {"name": "pve1", "ip": "10.99.0.1", "online": True, "local": True, "cpus": 12, "memory": 64 * GIB},
    {"name": "pve2", "ip": "10.99.0.2", "online": True, "local": False, "cpus": 4, "memory": 16 * GIB},
]
Script = Callable[[Running], Awaitable[None]]


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    found.begin(estate(nodes=NODES))
    return found


def machine(
    name: str = "web01", node: str = "pve1", policy: Mapping[str, Any] = {}, **spec: Any
) -> dict[str, str]:
    return {
        f"{name}.yaml": manifest("VirtualMachine", name, {"node": node, "power": "running"} | spec, **policy)
    }


def container(name: str = "dns01", policy: Mapping[str, Any] = {}, **spec: Any) -> dict[str, str]:
    whole = {"node": "pve1", "template": TEMPLATE, "rootfs": ROOTFS, "power": "running"} | spec
    return {f"{name}.yaml": manifest("Container", name, whole, **policy)}


def live(lab: Lab, folder: Path, script: Script, *files: Mapping[str, str]) -> VirtualDaemon:
    declared = {"lab.yaml": cluster(lab.url)}
    for one in files:
        declared |= one
    daemon = VirtualDaemon(lab.url, folder, declared)

    async def life(running: Running) -> None:
        await running.settle()
        await script(running)

    daemon.run(life)
    return daemon


def config(lab: Lab, path: str) -> dict[str, Any]:
    found: dict[str, Any] = lab.api("GET", f"nodes/pve1/{path}/config")
    return found


def resize_nodes(lab: Lab, **sizes: int) -> None:
    """Somebody put more memory into every node."""
    state = lab.get("state")
    state["nodes"] = [{**node, **sizes} for node in state["nodes"]]
    lab.begin(state)


async def nothing(_: Running) -> None:
    await asyncio.sleep(4 * HOUR)


def test_parts_of_what_a_node_has_are_made_so_and_then_left_alone(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await asyncio.sleep(4 * HOUR)
        status = running.status(MACHINE)
        assert status.outcome == "Done", status.sentence
        assert status.notes == {
            "/memory": "25% of the 64GiB of pve1 = 16GiB, at most 12GiB",
            "/cores": "50% of the 12 processors of pve1, over 2 sockets, = 3",
        }

    part = {"percent": "25%", "max": "12GiB"}
    daemon = live(lab, tmp_path, script, machine(memory=part, cores="50%", sockets=2))
    assert (config(lab, "qemu/1000")["memory"], config(lab, "qemu/1000")["cores"]) == ("12288", 3)
    assert lab.writes() == ["POST /nodes/pve1/qemu", "POST /nodes/pve1/qemu/1000/status/start"]

    assert (daemon.run(settled)[MACHINE].outcome, len(lab.writes())) == ("Done", 2)


def test_a_lost_database_resizes_nothing(lab: Lab, tmp_path: Path) -> None:
    files = machine(memory="25%", cores={"share": 1}), container(memory="10%", cores={"share": 2})
    live(lab, tmp_path / "first", nothing, *files)
    before = lab.writes()
    live(lab, tmp_path / "second", nothing, *files)
    assert lab.writes() == before


def test_shares_are_divided_anew_when_another_comes(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        assert config(lab, "lxc/1000")["cores"] == 12
        await running.declare(machine("db01", cores={"share": 3}))
        await asyncio.sleep(HOUR)
        shown = running.status(CONTAINER).notes["/cores"]
        assert shown == "1 of 4 shares of the 12 processors of pve1 = 3"
        assert config(lab, "lxc/1000")["cores"] == 3
        assert config(lab, "qemu/1001")["cores"] == 9

    live(lab, tmp_path, script, container(cores={"share": 1}))


def test_what_others_leave_free_is_followed(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        assert config(lab, "lxc/1000")["memory"] == 32 * 1024
        lab.api("POST", "nodes/pve1/qemu", vmid=300, memory=32 * 1024)
        await asyncio.sleep(HOUR)
        status = running.status(CONTAINER)
        assert status.outcome == "Done", status.sentence
        assert status.notes["/memory"] == (
            "50% of the 32GiB that 1 other guest leaves free of the 64GiB of pve1 = 16GiB"
        )
        assert config(lab, "lxc/1000")["memory"] == 16 * 1024

    live(lab, tmp_path, script, container(memory={"percent": "50%", "of": "free"}))


def test_what_is_used_is_followed_only_when_it_clearly_moved(lab: Lab, tmp_path: Path) -> None:
    lab.happen("node_load", node="pve1", memory=16 * GIB, cpu=0.5, ago_s=2 * 86400)

    async def script(running: Running) -> None:
        assert (config(lab, "lxc/1000")["memory"], config(lab, "lxc/1000")["cores"]) == (8 * 1024, 3)
        before = lab.writes()
        lab.happen("node_load", node="pve1", memory=17 * GIB, cpu=0.52, ago_s=86400)
        await asyncio.sleep(5 * HOUR)
        status = running.status(CONTAINER)
        assert (status.outcome, lab.writes()) == ("Done", before), status.sentence
        assert status.notes["/memory"].endswith("8GiB stays, for that is not 10% away")
        lab.happen("node_load", node="pve1", memory=32 * GIB, cpu=0.25)
        await asyncio.sleep(26 * HOUR)
        assert running.status(CONTAINER).outcome == "Done"
        # On its way there the mean passes everything between, and each step of it is at least the hysteresis.
        sizes = len(lab.writes()) - len(before)
        assert 2 <= sizes <= 16, lab.writes()
        assert 14 * 1024 <= config(lab, "lxc/1000")["memory"] <= 16 * 1024

    used = {"percent": "50%", "of": "used"}
    live(lab, tmp_path, script, container(memory=used, cores=used, policy={"interval": "2h"}))


def test_a_node_that_measured_nothing_leaves_that_field_alone_and_no_other(lab: Lab, tmp_path: Path) -> None:
    part = {"percent": "50%", "of": "used"}
    lab.happen("node_load", node="pve1", memory=16 * GIB, ago_s=2 * 86400)

    async def script(running: Running) -> None:
        lab.happen("node_load", node="pve1", measured=False, ago_s=86400)
        await asyncio.sleep(HOUR)
        status = running.status(CONTAINER)
        assert status.outcome == "Held"
        why = "pve1 has measured what it uses for less than an hour, so its memory is left as it is"
        assert status.sentence.startswith(why)
        assert all(hold.passing for hold in status.holds)
        await running.declare(container(memory=part, description="later"))
        await asyncio.sleep(HOUR)
        assert config(lab, "lxc/1000")["description"].startswith("later")
        assert config(lab, "lxc/1000")["memory"] == 8 * 1024
        lab.happen("node_load", node="pve1", memory=24 * GIB, ago_s=2 * HOUR)
        await asyncio.sleep(HOUR)
        assert running.status(CONTAINER).outcome == "Done", running.status(CONTAINER).sentence
        assert config(lab, "lxc/1000")["memory"] == 12 * 1024

    live(lab, tmp_path, script, container(memory=part))


def test_nothing_is_made_before_its_size_is_known(lab: Lab, tmp_path: Path) -> None:
    lab.happen("node_load", node="pve1", measured=False, ago_s=2 * 86400)

    async def script(running: Running) -> None:
        assert running.status(CONTAINER).outcome == "Held"
        assert "so its memory is not known" in running.status(CONTAINER).sentence
        assert lab.writes() == []
        lab.happen("node_load", node="pve1", memory=16 * GIB, ago_s=2 * HOUR)
        await asyncio.sleep(HOUR)
        assert running.status(CONTAINER).outcome == "Done", running.status(CONTAINER).sentence

    live(lab, tmp_path, script, container(memory={"percent": "50%", "of": "used"}))


@pytest.mark.parametrize("drift", ["enforce", "warn", "off"])
def test_a_node_that_grew_is_followed_without_being_drift_and_never_by_a_restart_that_nobody_allowed(
    lab: Lab, tmp_path: Path, drift: str
) -> None:
    async def script(running: Running) -> None:
        resize_nodes(lab, memory=128 * GIB)
        await asyncio.sleep(4 * HOUR)
        status = running.status(MACHINE)
        assert status.outcome == "Held"
        assert status.sentence.startswith("memory takes effect after a restart")
        (change,) = status.changes
        assert (change.cause, change.observed, change.desired) == (Cause.COMPUTED, "16GiB", "32GiB")
        assert change.note == "25% of the 128GiB of pve1 = 32GiB"
        assert status.drift_since is None
        assert not [write for write in lab.writes() if "reboot" in write]

    live(lab, tmp_path, script, machine(memory="25%", policy={"drift": drift}))


def test_a_size_that_waits_for_its_window_is_not_written_again_for_every_tremor(
    lab: Lab, tmp_path: Path
) -> None:
    lab.happen("node_load", node="pve1", memory=16 * GIB, ago_s=2 * 86400)

    async def script(running: Running) -> None:
        lab.happen("node_load", node="pve1", memory=32 * GIB, ago_s=2 * 86400)
        await asyncio.sleep(HOUR)
        before = lab.writes()
        for gib in (33, 31, 33, 30):
            lab.happen("node_load", node="pve1", memory=gib * GIB, ago_s=86400)
            await asyncio.sleep(HOUR)
        assert lab.writes() == before
        assert config(lab, "qemu/1000")["memory"] == "16384"
        lab.happen("node_load", node="pve1", memory=16 * GIB, ago_s=86400)
        await asyncio.sleep(HOUR)
        assert running.status(MACHINE).outcome == "Done", running.status(MACHINE).sentence
        assert not [write for write in lab.writes() if "reboot" in write]

    live(lab, tmp_path, script, machine(memory={"percent": "50%", "of": "used"}))


def test_what_somebody_sets_by_hand_is_put_back_though_the_size_is_computed(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        lab.api("PUT", "nodes/pve1/lxc/1000/config", memory=15 * 1024)
        await asyncio.sleep(HOUR)
        assert running.status(CONTAINER).outcome == "Done"
        assert config(lab, "lxc/1000")["memory"] == 16 * 1024

    live(lab, tmp_path, script, container(memory="25%"))


def test_a_guest_that_moved_follows_the_node_that_it_is_on(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        lab.happen("guest_moves", vmid=1000, node="pve2")
        await asyncio.sleep(HOUR)
        status = running.status(CONTAINER)
        assert status.notes["/memory"] == "25% of the 16GiB of pve2 = 4GiB"
        assert status.outcome == "Done", status.sentence

    live(lab, tmp_path, script, container(memory="25%"))


def test_a_guest_whose_node_is_chosen_is_sized_by_that_node(lab: Lab, tmp_path: Path) -> None:
    lab.api("POST", "nodes/pve1/qemu", vmid=300, memory=32 * 1024)

    async def script(running: Running) -> None:
        status = running.status(MACHINE)
        assert status.outcome == "Done", status.sentence
        assert status.notes["/memory"] == "25% of the 16GiB of pve2 = 4GiB"
        before = lab.writes()
        await asyncio.sleep(2 * HOUR)
        assert lab.writes() == before

    live(lab, tmp_path, script, machine(node=None, placement={"nodes": ["pve1", "pve2"]}, memory="25%"))


def test_a_balloon_that_would_keep_more_than_all_is_held_and_the_memory_left_alone(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        await running.declare(machine(memory="25%", balloon="20GiB"))
        await asyncio.sleep(HOUR)
        status = running.status(MACHINE)
        assert status.outcome == "Held"
        assert "memory comes to 16GiB, and balloon keeps 20GiB of it" in status.sentence
        assert (config(lab, "qemu/1000")["memory"], len(lab.writes())) == ("16384", 2)
        await running.declare(machine(memory="25%", balloon="20GiB", description="later"))
        await asyncio.sleep(HOUR)
        assert config(lab, "qemu/1000")["description"].startswith("later")

    live(lab, tmp_path, script, machine(memory="25%"))


def test_a_new_guest_without_a_node_says_what_is_missing(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        assert "the cluster has several nodes" in running.status(MACHINE).sentence
        assert "set spec.node to one of pve1, pve2" in running.status(MACHINE).sentence
        assert lab.writes() == []

    live(lab, tmp_path, script, machine(node=None, memory="25%"))


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        pytest.param(
            {"reply_fails": {"status": 403, "reason": "Permission check failed"}}, "cannot be read", id="403"
        ),
        pytest.param({"reply_fails": {"status": 500, "reason": "got no stats"}}, "cannot be read", id="500"),
        pytest.param({"reply_lost": {"status": 596}}, "", id="596"),
        pytest.param({"reply_lost": {"status": 0}}, "", id="no answer"),
    ],
)
def test_a_read_of_what_is_used_that_fails_harms_nothing_else_and_is_made_up_for(
    lab: Lab, tmp_path: Path, trouble: dict[str, Any], said: str
) -> None:
    part = {"percent": "50%", "of": "used"}

    async def script(running: Running) -> None:
        before = config(lab, "lxc/1000")["memory"]
        ((kind, words),) = trouble.items()
        lab.happen("node_load", node="pve1", memory=40 * GIB, ago_s=2 * 86400)
        lab.happen(kind, method="GET", path="/nodes/pve1/rrddata", for_s=HOUR, **words)
        await asyncio.sleep(0.7 * HOUR)
        status = running.status(CONTAINER)
        assert status.outcome == "Held", status.sentence
        assert said in status.sentence
        assert "so its memory is left as it is" in status.sentence
        assert config(lab, "lxc/1000")["memory"] == before
        await running.declare(container(memory=part, description="later"))
        await asyncio.sleep(0.1 * HOUR)
        assert config(lab, "lxc/1000")["description"].startswith("later")
        await asyncio.sleep(0.7 * HOUR)
        assert running.status(CONTAINER).outcome == "Done", running.status(CONTAINER).sentence
        assert config(lab, "lxc/1000")["memory"] == 20 * 1024

    live(lab, tmp_path, script, container(memory=part))
