"""Guests that may be on several nodes, lived through by the whole daemon: made where there is room, moved only when they must."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from setpoint.model.compute import Computing
from setpoint.model.hold import Rule
from setpoint.model.survey import Survey
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.virtual_machine import KIND as VM_KIND
from tests.rig.daemon import Running, Script, T, VirtualDaemon
from tests.rig.estate import cluster
from tests.systems.proxmox import made
from tests.systems.proxmox.drive import Lab
from tests.systems.proxmox.test_ct_converge import estate

GIB = 1 << 30
VM, CT = "VirtualMachine/web01", "Container/dns01"
NAS = {"type": "nfs", "content": "images,rootdir", "shared": True, "total": 1 << 40}
NODES = [
    {"name": name, "ip": f"10.99.0.{number}", "online": True, "local": number == 1, "memory": memory * GIB}
    for number, (name, memory) in enumerate([("pve1", 64), ("pve2", 32), ("pve3", 16)], 1)
]
DISC = {"volid": "local:iso/debian.iso", "node": "pve3", "content": "iso", "format": "iso", "size": 1 << 20}
BOTH: dict[str, Any] = {"nodes": ["pve1", "pve2"]}
DISK = {"storage": "nas", "size": "4GiB"}
ONE: dict[str, Any] = {
    "placement": BOTH,
    "memory": "1GiB",
    "disks": {"scsi0": DISK},
    "nics": {"net0": {"bridge": "vmbr0"}},
}
BOX: dict[str, Any] = {
    "placement": BOTH,
    "template": "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst",
    "rootfs": DISK,
    "memory": "1GiB",
}


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    state = estate(nodes=NODES)
    state["storages"]["nas"] = NAS
    state["content"] = [{**one, "node": node["name"]} for one in state["content"] for node in NODES]
    state["content"].append(DISC)
    found.begin(state)
    return found


def manifest(kind: str, name: str, spec: Mapping[str, Any], app: str = "web", **policy: Any) -> str:
    metadata = {"name": name, "labels": {"app": app}}
    return json.dumps({"kind": kind, "metadata": metadata, "policy": policy, "spec": spec})


def machine(name: str = "web01", **fields: Any) -> dict[str, str]:
    policy = fields.pop("policy", {})
    return {f"{name}.yaml": manifest("VirtualMachine", name, {**ONE, **fields}, **policy)}


def box(**fields: Any) -> dict[str, str]:
    policy = fields.pop("policy", {})
    return {"dns01.yaml": manifest("Container", "dns01", {**BOX, **fields}, **policy)}


def live(lab: Lab, folder: Path, files: Mapping[str, str], script: Script[T]) -> T:
    return VirtualDaemon(lab.url, folder, {"lab.yaml": cluster(lab.url), **files}).run(script)


def filled(lab: Lab, node: str, vmid: int, gib: int) -> None:
    """Another admin's guest."""
    lab.api("POST", f"nodes/{node}/qemu", vmid=vmid, memory=gib * 1024)


def places(lab: Lab) -> dict[str, str]:
    """The node of every guest, by name."""
    rows = [row for row in lab.api("GET", "cluster/resources") if row["type"] in ("qemu", "lxc")]
    return {row.get("name", str(row["vmid"])): row["node"] for row in rows}


def moves(lab: Lab) -> list[str]:
    """Our writes that move something."""
    ours = [one for one in lab.get("ledger") if one["user"] != "root@pam"]
    return [one["path"] for one in ours if one["path"].endswith("/migrate")]


async def settled(running: Running) -> dict[str, Any]:
    await running.settle()
    return running.statuses()


MADE: list[tuple[str, dict[str, str], dict[str, int], dict[str, str]]] = [
    ("on the one that has promised nothing", machine(), {"pve1": 8}, {"web01": "pve2"}),
    ("on the larger one for the same promise", machine(), {"pve1": 8, "pve2": 8}, {"web01": "pve1"}),
    (
        "anywhere when no node is named",
        machine(placement={}),
        {"pve1": 8, "pve2": 8},
        {"web01": "pve3"},
    ),
    ("a container likewise", box(), {"pve1": 8}, {"dns01": "pve2"}),
    (
        "apart from its like",
        {
            **machine(placement={"spread": {"labels": {"app": "web"}}}),
            **machine("web02", node="pve1", placement=None),
        },
        {"pve2": 8, "pve3": 8},
        {"web01": "pve2", "web02": "pve1"},
    ),
]


@pytest.mark.parametrize(
    ("files", "others", "expected"), [row[1:] for row in MADE], ids=[row[0] for row in MADE]
)
def test_a_guest_is_made(
    lab: Lab, tmp_path: Path, files: dict[str, str], others: dict[str, int], expected: dict[str, str]
) -> None:
    for number, (node, gib) in enumerate(others.items()):
        filled(lab, node, 500 + number, gib)
    if "web02.yaml" in files:
        live(lab, tmp_path, {"web02.yaml": files["web02.yaml"]}, settled)

    statuses = live(lab, tmp_path, files, settled)

    assert all(one.outcome == "Done" for one in statuses.values()), statuses
    assert places(lab).items() >= expected.items()


def test_many_made_at_once_share_the_nodes(lab: Lab, tmp_path: Path) -> None:
    files = {
        path: text
        for number in range(6)
        for path, text in machine(f"web{number}", placement={"nodes": ["pve2", "pve3"]}).items()
    }

    live(lab, tmp_path, files, settled)

    found = [node for name, node in places(lab).items() if name.startswith("web")]
    assert (found.count("pve2"), found.count("pve3")) == (4, 2)


def test_what_nobody_can_satisfy_is_told_for_each_node(lab: Lab, tmp_path: Path) -> None:
    fields: dict[str, Any] = {"nics": {"net0": {"bridge": "vmbr9"}}, "placement": {"nodes": ["pve1", "pve9"]}}

    status = live(lab, tmp_path, machine(**fields), settled)[VM]

    assert status.outcome == "Held"
    assert "pve1 has no bridge vmbr9; pve9 is not in the cluster" in status.sentence
    assert places(lab) == {}


def test_a_move_by_hand_among_the_allowed_is_no_drift(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        before = len(lab.writes())
        lab.api("POST", "nodes/pve1/qemu/1000/migrate", target="pve2")
        await asyncio.sleep(4000)
        assert running.status(VM).outcome == "Done"
        assert len(lab.writes()) == before + 1, "only the hand's own"

    live(lab, tmp_path, machine(), script)
    assert places(lab) == {"web01": "pve2"}


BACK: list[tuple[str, dict[str, str], str, dict[str, Any]]] = [
    ("off", machine(), VM, {}),
    ("running", machine(power="running"), VM, {"online": 1}),
    ("container off", box(), CT, {}),
    (
        "container running",
        box(power="running", policy={"reboot": "whenNeeded"}),
        CT,
        {"restart": 1},
    ),
]


@pytest.mark.parametrize("lost", [False, True], ids=["", "reply lost"])
@pytest.mark.parametrize(("files", "name", "how"), [row[1:] for row in BACK], ids=[row[0] for row in BACK])
def test_a_guest_that_is_where_it_may_not_be_comes_back_once(
    lab: Lab, tmp_path: Path, files: dict[str, str], name: str, how: dict[str, Any], *, lost: bool
) -> None:
    path = f"nodes/pve1/{'qemu' if name == VM else 'lxc'}/1000"

    async def script(running: Running) -> None:
        await running.settle()
        assert running.status(name).outcome == "Done", running.status(name).sentence
        lab.api("POST", f"{path}/migrate", target="pve3", **how)
        if lost:
            lab.happen("reply_lost", method="POST", path="*/migrate", status=0, count=1)
        await asyncio.sleep(4000)
        assert running.status(name).outcome == "Done", running.status(name).sentence

    live(lab, tmp_path, files, script)
    assert places(lab) == {name.partition("/")[2]: "pve1"}
    assert moves(lab) == [f"/{path.replace('pve1', 'pve3')}/migrate"]
    power = lab.api("GET", f"{path}/status/current")["status"]
    assert power == ("running" if how else "stopped")


def test_it_is_migrated_when_another_node_is_declared(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        await running.declare(machine(placement={"nodes": ["pve3"]}, power="running"))
        await asyncio.sleep(400)
        assert running.status(VM).outcome == "Done", running.status(VM).sentence

    live(lab, tmp_path, machine(power="running"), script)
    assert places(lab) == {"web01": "pve3"}
    assert moves(lab) == ["/nodes/pve1/qemu/1000/migrate"]


HELD: list[tuple[str, dict[str, str], str, Rule]] = [
    (
        "a container is not restarted unasked",
        box(power="running"),
        "placement/nodes takes effect after a restart",
        Rule.REBOOT_PENDING,
    ),
    (
        "a machine waits for the hours of what is hot",
        machine(power="running", policy={"windows": {"hot": "sat 02:00-03:00"}}),
        "its window is closed",
        Rule.WINDOW,
    ),
]


@pytest.mark.parametrize(("files", "said", "rule"), [row[1:] for row in HELD], ids=[row[0] for row in HELD])
def test_a_move_waits_for_its_leave(
    lab: Lab, tmp_path: Path, files: dict[str, str], said: str, rule: Rule
) -> None:
    name = VM if "web01.yaml" in files else CT
    path = f"nodes/pve1/{'qemu' if name == VM else 'lxc'}/1000/migrate"

    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", path, target="pve3", **({"online": 1} if name == VM else {"restart": 1}))
        await asyncio.sleep(4000)
        status = running.status(name)
        assert said in status.sentence
        assert [hold.rule for hold in status.holds] == [rule]

    live(lab, tmp_path, files, script)
    assert moves(lab) == []


def tied_by_a_device(lab: Lab) -> None:
    lab.api("POST", "nodes/pve3/qemu/1000/config", hostpci0="0000:01:00.0")


def tied_by_a_disc(lab: Lab) -> None:
    lab.api("POST", "nodes/pve3/qemu/1000/config", ide2="local:iso/debian.iso,media=cdrom")


TIED = [
    ("a device of the node", tied_by_a_device, "uses hostpci0 of pve3, so it cannot be migrated to pve1"),
    ("a disc of the node", tied_by_a_disc, "has ide2 with local:iso/debian.iso, which only pve3 has"),
    ("no node to go to", None, "fits on no node that its placement allows: pve9 is not in the cluster"),
]


@pytest.mark.parametrize(("change", "said"), [row[1:] for row in TIED], ids=[row[0] for row in TIED])
def test_what_cannot_move_is_told(lab: Lab, tmp_path: Path, change: Any, said: str) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", "nodes/pve1/qemu/1000/migrate", target="pve3")
        if change is None:
            await running.declare(machine(placement={"nodes": ["pve9"]}))
        else:
            change(lab)
        await asyncio.sleep(4000)
        assert running.status(VM).outcome == "Held"
        assert said in running.status(VM).sentence

    live(lab, tmp_path, machine(), script)
    assert moves(lab) == []


def test_the_ha_manager_is_asked_once_and_what_it_moved_stays(lab: Lab, tmp_path: Path) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", "cluster/ha/resources", sid="vm:1000")
        await asyncio.sleep(60)
        lab.api("POST", "nodes/pve1/qemu/1000/migrate", target="pve3", online=1)
        await asyncio.sleep(4000)
        assert running.status(VM).outcome == "Done", running.status(VM).sentence
        assert places(lab) == {"web01": "pve1"}
        lab.api("POST", "nodes/pve1/qemu/1000/migrate", target="pve2", online=1)
        await asyncio.sleep(4000)
        assert running.status(VM).outcome == "Done", running.status(VM).sentence

    live(lab, tmp_path, machine(power="running"), script)
    assert places(lab) == {"web01": "pve2"}
    assert moves(lab) == ["/nodes/pve3/qemu/1000/migrate"]


def test_an_ha_manager_that_does_not_obey_is_told_of_and_not_asked_again_and_again(
    lab: Lab, tmp_path: Path
) -> None:
    async def script(running: Running) -> None:
        await running.settle()
        lab.api("POST", "nodes/pve1/qemu/1000/migrate", target="pve3", online=1)
        lab.api("POST", "cluster/ha/resources", sid="vm:1000")
        await asyncio.sleep(30)
        lab.api("POST", "cluster/ha/status/disarm-ha", **{"resource-mode": "freeze"})
        await asyncio.sleep(3000)
        assert running.status(VM).outcome == "Held"
        assert (
            "the HA manager was asked to move VM 1000 to pve1, and left it on pve3"
            in running.status(VM).sentence
        )

    live(lab, tmp_path, machine(power="running"), script)
    assert moves(lab) == ["/nodes/pve3/qemu/1000/migrate"]


@pytest.mark.parametrize("placement", [BOTH, {}], ids=["named", "any"])
async def test_one_that_is_where_it_may_be_costs_no_call(placement: dict[str, Any]) -> None:
    nothing_to_ask: Any = None
    seen = Survey(facts=made.facts("pve1", "pve2"), target_id="lab", begun=0.0)
    computing = Computing(
        made.spec(node=None, placement=placement), made.OWNER, made.vm(), None, seen, list, asked=False
    )

    assert VM_KIND.compute is not None
    assert (await VM_KIND.compute(Cluster(nothing_to_ask, (1, 9)), computing)).spec.node == "pve1"
