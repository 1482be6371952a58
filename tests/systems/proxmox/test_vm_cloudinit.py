"""What cloud-init sets up: written to the configuration, shown to the guest, its password never shown to anybody."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.model.diff import SECRET
from setpoint.model.plan import Disruption
from setpoint.model.secret import Secret, SecretRef
from setpoint_proxmox.kinds.virtual_machine import KIND
from tests.systems.proxmox.drive import PASSWORD, Driver
from tests.systems.proxmox.made import differ, spec, steps, vm

DISK = {"storage": "local-zfs", "size": "1GiB"}
REF = {"env": "PASSWORD"}
DRIVE = "local-zfs:vm-101-cloudinit,media=cdrom"


def cloud(**fields: Any) -> dict[str, Any]:
    return {"disks": {"scsi0": DISK}, "cloudInit": fields}


@pytest.mark.parametrize("fields", [{}, {"cloudInit": {}}, {"cloudInit": {"password": None}}])
def test_without_a_password_there_is_no_secret(fields: dict[str, Any]) -> None:
    assert KIND.secrets(spec(**fields)) == {}


def test_a_password_is_a_reference_and_is_declared_by_the_engine_alone() -> None:
    declared = spec(cloudInit={"password": REF})

    assert KIND.secrets(declared) == {PASSWORD: SecretRef(env="PASSWORD")}
    assert "password" not in str(KIND.declare(declared))


def test_a_password_is_seen_as_set_or_not() -> None:
    tree = KIND.project(vm(cipassword="**********")).tree

    assert isinstance(tree["cloudInit"], dict)
    assert tree["cloudInit"]["password"] == SECRET
    assert "password" not in str(KIND.project(vm()).tree)


def test_a_password_is_no_plain_argument() -> None:
    (step,) = steps(spec(cloudInit={"storage": "nas", "password": REF}), None)

    assert step.arguments["secrets"] == {"cipassword": PASSWORD}
    assert "cipassword" not in str(step.arguments["config"])


async def test_a_password_is_written_once_and_again_only_when_it_changes(driver: Driver) -> None:
    declared = spec(**cloud(user="admin", password=REF))
    await driver.converge(declared)
    before = driver.lab.writes()
    assert await driver.converge(declared) == []

    driver.secrets[PASSWORD] = Secret("second")

    assert await driver.converge(declared) == ["configure"]
    assert await driver.converge(declared) == []
    assert len(driver.lab.writes()) == len(before) + 1


async def test_a_password_that_somebody_removed_is_set_again(driver: Driver) -> None:
    declared = spec(**cloud(password=REF))
    await driver.converge(declared)
    driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", delete="cipassword")

    assert await driver.converge(declared) == ["configure"]


@pytest.mark.parametrize(
    ("power", "verbs"), [("stopped", ["configure"]), ("running", ["configure", "regenerate"])]
)
async def test_a_running_guest_is_shown_new_settings(driver: Driver, power: str, verbs: list[str]) -> None:
    await driver.converge(spec(power=power, **cloud(user="admin")))
    declared = spec(power=power, **cloud(user="anna"))

    assert await driver.converge(declared) == verbs

    assert (await driver.look(declared)).found.changes == ()


def test_showing_new_settings_disturbs_nothing() -> None:
    state = vm(power="running", image_current=False, ide2=DRIVE)

    (step,) = steps(spec(cloudInit={}), state)

    assert (step.verb, step.disruption) == ("regenerate", Disruption.NONE)
    assert step.arguments == {"node": "pve1"}


@pytest.mark.parametrize(
    ("fields", "current", "config"),
    [
        pytest.param({}, {}, {"ide2": "local-zfs:cloudinit"}, id="beside the declared disk"),
        pytest.param({"storage": "nas"}, {}, {"ide2": "nas:cloudinit"}, id="as declared"),
        pytest.param({"slot": "sata1"}, {}, {"sata1": "local-zfs:cloudinit"}, id="where declared"),
        pytest.param(
            {}, {"ide2": "none,media=cdrom"}, {"ide0": "local-zfs:cloudinit"}, id="the next free slot"
        ),
    ],
)
def test_a_missing_drive_is_made(fields: dict[str, Any], current: dict[str, Any], config: Any) -> None:
    state = vm(scsi0="local-zfs:vm-101-disk-0,size=1G", **current)

    (step,) = steps(spec(**cloud(**fields)), state)

    assert step.arguments["config"] == config


def test_a_missing_drive_is_made_beside_the_disk_that_is_there() -> None:
    (step,) = steps(spec(cloudInit={}), vm(virtio0="nas:vm-101-disk-0,size=1G"))

    assert step.arguments["config"] == {"ide2": "nas:cloudinit"}
    assert step.scopes == ("node/pve1", "storage/nas")


@pytest.mark.parametrize(
    ("fields", "current", "remedy"),
    [
        pytest.param({}, {}, "set spec.cloudInit.storage", id="no disk that tells where"),
        pytest.param({"slot": "ide1"}, {"ide1": "none,media=cdrom"}, "set spec.cloudInit.slot", id="taken"),
    ],
)
def test_a_drive_that_can_be_made_nowhere(
    fields: dict[str, Any], current: dict[str, Any], remedy: str
) -> None:
    (step,) = steps(spec(cloudInit=fields), vm(**current))

    assert step.obstacle is not None
    assert remedy in step.obstacle.remedy


def test_a_drive_that_waits_for_a_restart_is_not_made_again() -> None:
    (step,) = steps(spec(cloudInit={}), vm({"ide2": DRIVE}, "running"))

    assert step.verb == "restart"


def test_a_drive_that_waits_in_a_vm_that_is_off_is_taken_up() -> None:
    (step,) = steps(spec(cloudInit={}), vm({"ide2": DRIVE}))

    assert step.arguments["config"] == {"ide2": DRIVE}


def test_a_drive_that_would_go_at_the_next_start_is_kept() -> None:
    (step,) = steps(spec(cloudInit={}), vm({"ide2": None}, "running", ide2=DRIVE))

    assert step.arguments["config"] == {"ide2": DRIVE}


def test_a_drive_somewhere_else_is_shown_and_left_alone() -> None:
    declared = spec(cloudInit={"storage": "nas", "slot": "ide0"})

    found = differ(declared, vm(ide2=DRIVE))

    assert {change.path: change.fixed for change in found.changes} == {
        "/cloudInit/storage": True,
        "/cloudInit/slot": True,
    }
    assert steps(declared, vm(ide2=DRIVE)) == ()


def test_an_address_of_a_nic_that_is_declared_no_more_is_removed() -> None:
    found = differ(
        spec(cloudInit={}), vm(ide2=DRIVE, ipconfig1="ip=dhcp"), applied={"cloudInit": {"ip": {"net1": {}}}}
    )

    assert [change.path for change in found.changes] == ["/cloudInit/ip/net1"]
