"""What holds data is made once, attached, grown and moved; it is never replaced, shrunk or destroyed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from setpoint.decide.scope import actionable
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step
from setpoint.model.policy import Drift, Policy
from setpoint.model.tree import Json, Tree
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.create import Context
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from tests.systems.proxmox.drive import Driver, Lab, world
from tests.systems.proxmox.made import OWNER, SPECS, differ, facts, spec, steps, vm

CONFIG = "nodes/pve1/qemu/1000/config"
DISK: dict[str, Any] = {"storage": "local-zfs", "size": "1GiB"}
VOLUME = "local-zfs:vm-101-disk-0"
IMAGE = "local:import/debian-13.qcow2"


def planned(fields: Mapping[str, Any], state: VmState, applied: Mapping[str, Any] | None) -> tuple[Step, ...]:
    """The plan when `applied` is what was declared and in force before."""
    known: Tree | None = None if applied is None else KIND.declare(spec(**applied))
    planning: Context = Planning(spec(**fields), OWNER, state, {"vmid": 101}, facts())
    return KIND.plan(differ(spec(**fields), state, applied=known), planning)


MADE: list[tuple[str, dict[str, Any], Json]] = [
    ("an image is copied", DISK | {"image": IMAGE}, f"local-zfs:0,import-from={IMAGE}"),
    ("an image as a file", {"storage": "nas", "size": "1GiB", "image": IMAGE, "format": "qcow2"}, f"nas:0,format=qcow2,import-from={IMAGE}"),
    ("an image whatever lies detached", DISK | {"image": IMAGE, "volume": "new"}, f"local-zfs:0,import-from={IMAGE}"),
    ("with its options", DISK | {"discard": True, "ssd": True, "backup": True}, "local-zfs:1,discard=on,ssd=1"),
    ("with limits", DISK | {"limits": {"iops": 100, "mbps": 2}}, "local-zfs:1,iops=100,mbps=2"),
]  # fmt: skip


@pytest.mark.parametrize(("disk", "text"), [row[1:] for row in MADE], ids=[row[0] for row in MADE])
def test_a_new_disk_is_made(disk: dict[str, Any], text: Json) -> None:
    (created,) = steps(spec(disks={"scsi0": disk}), None)
    (added,) = planned({"disks": {"scsi0": disk}}, vm(), {})

    for step in (created, added):
        assert isinstance(step.arguments["config"], dict)
        assert step.arguments["config"]["scsi0"] == text
        assert [scope.rpartition("/")[2] for scope in step.scopes] == ["pve1", str(text).partition(":")[0]]


@pytest.mark.parametrize(
    ("fields", "option", "text"),
    [
        ({"firmware": {"efi": {"storage": "nas"}}}, "efidisk0", "nas:1,efitype=4m,pre-enrolled-keys=1"),
        ({"firmware": {"efi": {"storage": "nas", "preEnrolledKeys": False}}}, "efidisk0", "nas:1,efitype=4m"),
        ({"tpm": {"storage": "nas"}}, "tpmstate0", "nas:1,version=v2.0"),
        ({"tpm": {"storage": "nas", "version": "v1.2"}}, "tpmstate0", "nas:1"),
    ],
)
def test_the_state_of_firmware_and_tpm_is_made_when_there_is_none(
    fields: dict[str, Any], option: str, text: str
) -> None:
    (step,) = planned(fields, vm(), {})

    assert step.arguments["config"] == {option: text}
    assert step.scopes == ("node/pve1", "storage/nas")


def corrected(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """The verbs for an empty VM when `before` was in force and what somebody did by hand is only shown."""
    found = differ(spec(**after), vm(), applied=KIND.declare(spec(**before)))
    planning: Context = Planning(spec(**after), OWNER, vm(), {"vmid": 101}, facts())
    return [step.verb for step in KIND.plan(actionable(found, Policy(drift=Drift.WARN)), planning)]


def test_what_somebody_removed_is_not_made_anew_by_declaring_a_part_of_it() -> None:
    nic = {"bridge": "vmbr0"}

    assert corrected({"disks": {"scsi0": DISK}}, {"disks": {"scsi0": DISK | {"discard": True}}}) == []
    assert corrected({"nics": {"net0": nic}}, {"nics": {"net0": nic | {"vlan": 5}}}) == []
    assert corrected({}, {"nics": {"net0": nic}}) == ["configure"]


def test_a_detached_disk_is_not_replaced_by_one_on_another_storage() -> None:
    declared = {"disks": {"scsi0": DISK | {"storage": "nas"}}}

    (step,) = planned(declared, vm(unused0=VOLUME), {"disks": {"scsi0": DISK}})

    assert step.obstacle is not None
    assert f"{VOLUME} lies detached" in step.obstacle.why


@pytest.mark.parametrize(
    ("fields", "current"),
    [
        ({"firmware": {"efi": {"storage": "ceph"}}}, {"efidisk0": "nas:vm-101-disk-0,size=1M"}),
        ({"firmware": {"efi": None}}, {"efidisk0": "nas:vm-101-disk-0,size=1M"}),
        ({"tpm": {"storage": "nas", "version": "v1.2"}}, {"tpmstate0": "nas:vm-101-disk-1,version=v2.0"}),
        ({"tpm": None}, {"tpmstate0": "nas:vm-101-disk-1,version=v2.0"}),
    ],
)
def test_the_state_of_firmware_and_tpm_is_never_changed(
    fields: dict[str, Any], current: dict[str, Any]
) -> None:
    found = differ(spec(**fields), vm(**current))

    assert [change.fixed for change in found.changes] == [True]
    assert steps(spec(**fields), vm(**current)) == ()


def test_the_state_of_firmware_that_somebody_detached_is_not_replaced() -> None:
    declared = {"firmware": {"efi": {"storage": "local-zfs"}}}

    (step,) = planned(declared, vm(unused0=VOLUME), declared)

    assert step.obstacle is not None
    assert f"qm set 101 --efidisk0 {VOLUME}" in step.obstacle.remedy


REFUSED: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("another guest's", {"volume": "local-zfs:vm-999-disk-0"}, {}, "bears no name of VM 101"),
    ("of no guest", {"volume": "local-zfs:data"}, {}, "bears no name of VM 101"),
    ("attached already", {"volume": VOLUME}, {"sata0": f"{VOLUME},size=1G"}, "is attached to sata0"),
]


@pytest.mark.parametrize(
    ("disk", "current", "why"), [row[1:] for row in REFUSED], ids=[r[0] for r in REFUSED]
)
def test_a_volume_that_cannot_be_attached(disk: dict[str, Any], current: dict[str, Any], why: str) -> None:
    (step,) = planned({"disks": {"scsi1": DISK | disk}}, vm(**current), {})

    assert step.obstacle is not None
    assert why in step.obstacle.why


def test_a_vm_that_is_not_there_yet_has_no_volume_to_attach() -> None:
    (step,) = steps(spec(disks={"scsi0": DISK | {"volume": VOLUME}}), None)

    assert step.obstacle is not None


def test_a_detached_disk_is_attached_again_where_that_was_declared() -> None:
    declared = {"disks": {"scsi0": DISK | {"volume": VOLUME}}}

    (step,) = planned(declared, vm(unused0=VOLUME), declared)

    assert step.arguments["config"] == {"scsi0": VOLUME}


@pytest.mark.parametrize(("power", "disruption"), [("stopped", Disruption.NONE), ("running", Disruption.HOT)])
def test_a_disk_that_is_declared_no_more_is_detached_and_kept(power: str, disruption: Disruption) -> None:
    state = vm(power=power, scsi0=f"{VOLUME},size=1G")

    (step,) = planned({}, state, {"disks": {"scsi0": DISK}})

    assert step.summary == f"detach disk scsi0, whose volume {VOLUME} is kept"
    assert (step.verb, step.disruption) == ("configure", disruption)
    assert step.arguments == {"node": "pve1", "digest": "d1", "config": {}, "delete": ["scsi0"]}


def test_a_disk_that_we_never_applied_is_no_business_of_ours() -> None:
    assert planned({}, vm(scsi0=f"{VOLUME},size=1G"), {}) == ()


def test_a_cd_in_the_place_of_a_disk_that_was_ours_is_left_alone() -> None:
    assert planned({}, vm(ide0="none,media=cdrom"), {"disks": {"ide0": DISK}}) == ()


def test_a_slot_is_emptied_before_something_else_is_put_into_it() -> None:
    state = vm(ide0=f"{VOLUME},size=1G")

    (step,) = planned({"cdroms": {"ide0": {"iso": None}}}, state, {"disks": {"ide0": DISK}})

    assert (step.arguments["config"], step.arguments["delete"]) == ({}, ["ide0"])


@pytest.mark.parametrize("text", [f"{VOLUME},size=1G", "/dev/sdb"])
def test_a_cd_is_never_put_in_the_place_of_a_disk(text: str) -> None:
    (step,) = planned({"cdroms": {"ide0": {"iso": None}}}, vm(ide0=text), {})

    assert step.obstacle is not None
    assert f"slot ide0 of VM 101 holds '{text}'" in step.obstacle.why


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS, st.sampled_from(["stopped", "running", "paused"]), st.booleans())
def test_an_occupied_slot_is_never_sent_an_allocation(declared: Any, power: str, remembered: bool) -> None:  # noqa: FBT001  # hypothesis gives it
    """An allocation puts an empty disk in the place of the one that is there."""
    volumes: dict[str, Any] = {
        slot: f"old:vm-101-disk-{n},size=4M" for n, slot in enumerate(sorted(declared.disks))
    }
    state = vm(power=power, **volumes)
    planning: Context = Planning(declared, OWNER, state, {"vmid": 101}, facts())

    for step in KIND.plan(differ(declared, state, applied={} if remembered else None), planning):
        config = step.arguments.get("config") or {}
        assert isinstance(config, dict)
        for slot, before in volumes.items():
            assert slot not in config or str(config[slot]).startswith(before.partition(",")[0])


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    state = world()
    state["storages"]["local"]["content"] = "images,iso,import"
    state["content"] = [
        {"volid": IMAGE, "node": "pve1", "content": "import", "size": 2 << 30},
        {"volid": "local:iso/a.iso", "node": "pve1", "content": "iso", "size": 1 << 20},
    ]
    found.begin(state)
    return found


def volumes(driver: Driver) -> list[str]:
    found = driver.lab.get("state")["content"]
    return sorted(volume["volid"] for volume in found if volume["content"] == "images")


@pytest.mark.parametrize("power", ["stopped", "running"])
async def test_a_removed_disk_is_kept_and_taken_back(driver: Driver, power: str) -> None:
    both = spec(disks={"scsi0": DISK, "scsi1": DISK}, power=power)
    await driver.converge(both)
    kept = volumes(driver)

    assert await driver.converge(spec(disks={"scsi0": DISK}, power=power)) == ["configure"]
    assert volumes(driver) == kept
    assert (await driver.look(spec(disks={"scsi0": DISK}, power=power))).found.changes == ()

    (step,) = (await driver.look(both)).steps
    assert step.obstacle is not None
    back = spec(disks={"scsi0": DISK, "scsi1": DISK | {"volume": kept[1]}}, power=power)
    assert await driver.converge(back) == ["configure"]
    assert volumes(driver) == kept


async def test_a_disk_begins_as_a_copy_of_an_image_and_is_grown(driver: Driver) -> None:
    declared = spec(disks={"scsi0": DISK | {"size": "4GiB", "image": IMAGE}}, power="running")

    assert await driver.converge(declared) == ["create", "resize", "start"]

    assert (await driver.look(declared)).found.changes == ()


async def test_an_image_that_is_larger_than_the_disk_is_said(driver: Driver) -> None:
    declared = spec(disks={"scsi0": DISK | {"image": IMAGE}})
    await driver.converge(declared)

    (step,) = (await driver.look(declared)).steps

    assert step.obstacle is not None
    assert "is 2GiB, and Proxmox cannot shrink it to 1GiB" in step.obstacle.why


async def test_a_disc_is_changed_in_a_running_vm(driver: Driver) -> None:
    await driver.converge(spec(cdroms={"ide2": {"iso": None}}, power="running"))
    declared = spec(cdroms={"ide2": {"iso": "local:iso/a.iso"}}, power="running")

    assert await driver.converge(declared) == ["configure"]

    assert (await driver.look(declared)).found.changes == ()


async def test_a_removed_disk_that_the_guest_does_not_let_go_of_waits_for_a_restart(driver: Driver) -> None:
    await driver.converge(spec(disks={"scsi0": DISK, "sata1": DISK}, power="running"))
    declared = spec(disks={"scsi0": DISK}, power="running")

    assert await driver.converge(declared) == ["configure"]
    seen = await driver.look(declared)
    assert [(change.path, change.accepted) for change in seen.found.changes] == [("/disks/sata1", True)]

    assert await driver.converge(declared, restart=True) == ["restart"]
    assert (await driver.look(declared)).found.changes == ()
    assert driver.lab.api("GET", CONFIG)["unused0"] == "local-zfs:vm-1000-disk-1"
