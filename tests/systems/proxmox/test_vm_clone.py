"""A VM that begins as a copy: of a template or another VM, in full or linked, and then made what was declared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from setpoint.model.kind import Planning
from setpoint.model.plan import Step
from setpoint_proxmox.facts import Guest
from setpoint_proxmox.kinds.virtual_machine import KIND
from tests.systems.proxmox.drive import Driver, Lab
from tests.systems.proxmox.made import OWNER, differ, facts, spec

DISK = {"storage": "local-zfs", "size": "2GiB"}
NIC = {"bridge": "vmbr0"}


def guest(vmid: int, name: str, *, template: bool = True, node: str = "pve1", kind: str = "qemu") -> Guest:
    return Guest(vmid, kind, node, frozenset(), "", name, template, "", "stopped")


def cloned(fields: Mapping[str, Any], *guests: Guest, clone: Any = None, **storages: bool) -> Step:
    declared = spec(clone=clone or {"from": "debian"}, **fields)
    seen = facts("pve1", "pve2", guests={one.vmid: one for one in guests}, storages=storages or None)
    (step,) = KIND.plan(differ(declared, None), Planning(declared, OWNER, None, None, seen))
    return step


def test_a_clone_is_one_step_that_says_only_where_from_and_who_it_is() -> None:
    step = cloned({"cores": 4, "description": "Shop", "pool": "ops"}, guest(9000, "debian"))

    assert (step.verb, step.reserve is not None) == ("clone", True)
    assert step.summary == "clone debian (9000) as VM web01 on node pve1"
    assert step.arguments == {
        "node": "pve1",
        "source": 9000,
        "to": "pve1",
        "name": "web01",
        "description": "Shop",
        "full": True,
        "pool": "ops",
    }


@pytest.mark.parametrize(
    ("clone", "arguments"),
    [
        pytest.param({"from": 9000, "linked": True}, {"source": 9000, "full": False}, id="linked"),
        pytest.param({"from": "9000", "storage": "nas"}, {"full": True, "storage": "nas"}, id="elsewhere"),
        pytest.param({"from": "debian", "snapshot": "clean"}, {"snapshot": "clean"}, id="of a snapshot"),
    ],
)
def test_how_it_is_copied(clone: Any, arguments: Mapping[str, Any]) -> None:
    step = cloned({}, guest(9000, "debian"), clone=clone)

    assert {**step.arguments, **arguments} == step.arguments


def test_a_clone_is_made_where_its_source_is_unless_another_node_is_declared() -> None:
    source = guest(9000, "debian", node="pve2")

    assert cloned({"node": None}, source).arguments["to"] == "pve2"
    assert cloned({"node": "pve1"}, source, nas=True).arguments["to"] == "pve1"


def test_a_clone_uses_both_nodes_and_the_storage_it_is_made_on() -> None:
    source = guest(9000, "debian", node="pve2")

    step = cloned({"node": "pve1"}, source, clone={"from": "debian", "storage": "nas"}, nas=True)

    assert step.scopes == ("node/pve2", "node/pve1", "storage/nas")


REFUSED: list[tuple[str, Any, list[Guest], str, str]] = [
    ("no such template", None, [guest(7, "arch")], "there is no template debian", "templates: arch (7)"),
    ("no template at all", None, [], "there is no template debian", "templates: none"),
    ("no such id", {"from": 8}, [guest(7, "arch")], "there is no VM 8 to clone", "arch (7)"),
    ("a VM by its name", None, [guest(7, "debian", template=False)], "no template debian", "vmid"),
    ("a container", {"from": 7}, [guest(7, "debian", kind="lxc")], "no VM 7", "none"),
    ("two of a name", None, [guest(7, "debian"), guest(8, "debian")], "7 on pve1, 8 on pve1", "vmid"),
    (
        "linked to a VM",
        {"from": 7, "linked": True},
        [guest(7, "x", template=False)],
        "is no template",
        "linked",
    ),
    ("bound to its node", None, [guest(7, "debian", node="pve2")], "lies on a storage of node pve2", "pve2"),
    (
        "onto a node's storage",
        {"from": 7, "storage": "local-zfs"},
        [guest(7, "debian", node="pve2")],
        "storage local-zfs is not shared",
        "pve2",
    ),
]


@pytest.mark.parametrize(
    ("clone", "guests", "why", "remedy"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_cannot_be_cloned(clone: Any, guests: list[Guest], why: str, remedy: str) -> None:
    storages = {"local-zfs": False} | ({"nas": True} if clone and "storage" in clone else {})

    step = cloned({"node": "pve1"}, *guests, clone=clone, **storages)

    assert step.obstacle is not None
    assert why in step.obstacle.why
    assert remedy in step.obstacle.remedy


@pytest.fixture
def lab(emulator: str) -> Lab:
    """A cluster with a template of one disk, one NIC and a drive for cloud-init."""
    from tests.systems.proxmox.drive import world

    found = Lab(emulator)
    found.begin(world())
    found.api(
        "POST",
        "nodes/pve1/qemu",
        vmid=9000,
        name="debian",
        cores=1,
        memory=512,
        tags="golden",
        ostype="l26",
        scsi0="local-zfs:1",
        ide2="local-zfs:cloudinit",
        net0="virtio,bridge=vmbr0,tag=9",
        description="Golden image",
    )
    found.api("POST", "nodes/pve1/qemu/9000/template")
    return found


@pytest.mark.parametrize("linked", [False, True])
async def test_a_clone_becomes_what_was_declared_before_it_is_started(
    driver: Driver, *, linked: bool
) -> None:
    declared = spec(
        clone={"from": "debian", "linked": linked},
        cores=2,
        memory="1GiB",
        disks={"scsi0": DISK},
        nics={"net0": NIC | {"vlan": None}},
        cloudInit={"user": "admin", "ip": {"net0": {"ipv4": "dhcp"}}},
        tags=["web"],
        description="Shop",
        power="running",
    )

    verbs = await driver.converge(declared)

    assert verbs == ["clone", "configure", "resize", "start"]
    seen = await driver.look(declared)
    assert (seen.found.changes, seen.steps) == ((), ())
    assert seen.state.mark == OWNER.mark("1000")
    assert seen.state.tags == {"setpoint", "web"}
    assert seen.state.current["ciuser"] == "admin"


async def test_a_clone_may_be_found_by_its_mark_alone(driver: Driver) -> None:
    declared = spec(clone={"from": "debian"})
    await driver.converge(declared)
    driver.identity = None
    driver.cluster.marks.clear()

    assert (await driver.look(declared)).state.vmid == 1000


async def test_what_the_template_has_and_nobody_declared_is_kept(driver: Driver) -> None:
    await driver.converge(spec(clone={"from": 9000}))

    state = (await driver.look(spec())).state

    assert state.current["memory"] == "512"
    assert "tag=9" in str(state.current["net0"])


async def test_a_clones_disk_is_moved_to_the_storage_that_was_declared(driver: Driver) -> None:
    declared = spec(clone={"from": 9000}, disks={"scsi0": DISK | {"storage": "local"}})

    assert await driver.converge(declared) == ["clone", "resize", "move"]

    assert (await driver.look(declared)).found.changes == ()


async def test_a_template_that_goes_afterwards_is_no_difference(driver: Driver) -> None:
    declared = spec(clone={"from": "debian"})
    await driver.converge(declared)
    driver.lab.api("DELETE", "nodes/pve1/qemu/9000")

    assert (await driver.look(declared)).steps == ()
