"""How a VM is taken away: pure, from whatever state it is in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from setpoint.model.plan import Disruption
from setpoint.model.tree import Scalar
from setpoint_proxmox.guest.remove import remove
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.mark import with_mark
from tests.systems.proxmox.made import MARK, MARKED, OWNER, VMID, facts

DISKS: dict[str, Scalar] = {
    "scsi0": f"local-zfs:vm-{VMID}-disk-0,size=4G",
    "unused0": f"local-zfs:vm-{VMID}-disk-1",
    "scsi1": "nas:vm-999-disk-0,size=1G",
    "ide2": "local:iso/debian.iso,media=cdrom",
    "scsi2": f"ceph.fast:base-9000-disk-0/vm-{VMID}-disk-2,size=2G",
    "net0": "virtio=BC:24:11:00:00:01,bridge=vmbr0",
}
OFF = VmState(VMID, "pve1", current={**MARKED, **DISKS}, coming={**MARKED, **DISKS})


def test_one_that_is_off_is_destroyed_with_the_volumes_that_bear_its_number() -> None:
    (step,) = remove(OWNER, OFF, facts())
    assert (step.verb, step.disruption, step.arguments) == ("destroy", Disruption.DESTROY, {"node": "pve1"})
    assert step.summary == (
        f"destroy VM {VMID} with ceph.fast:base-9000-disk-0/vm-{VMID}-disk-2, local-zfs:vm-{VMID}-disk-0, "
        f"local-zfs:vm-{VMID}-disk-1"
    )


def test_one_without_disks_is_destroyed_alone() -> None:
    (step,) = remove(OWNER, replace(OFF, current=MARKED, coming=MARKED), facts())
    assert step.summary == f"destroy VM {VMID}"


@pytest.mark.parametrize("power", ["running", "paused", "io-error"])
def test_one_that_is_on_is_shut_down_first_and_switched_off_where_it_does_not_obey(power: str) -> None:
    stop, destroy = remove(OWNER, replace(OFF, power=power), facts())
    assert (stop.verb, stop.disruption, stop.arguments["force"]) == ("shutdown", Disruption.DESTROY, True)
    assert destroy.verb == "destroy"


@pytest.mark.parametrize(
    ("vm", "why", "passing"),
    [
        (replace(OFF, current=DISKS), "does not bear the mark", False),
        (
            replace(OFF, current={**MARKED, "description": with_mark("", replace(MARK, estate="other"))}),
            "does not bear the mark",
            False,
        ),
        (
            replace(OFF, current={**MARKED, "description": with_mark("", replace(MARK, object_id="7"))}),
            "does not bear the mark",
            False,
        ),
        (VmState(VMID, "pve1", kind="lxc"), "does not bear the mark", False),
        (replace(OFF, current={**MARKED, "lock": "backup"}), "is locked (backup)", True),
        (replace(OFF, current={**MARKED, "protection": 1}), "is protected", False),
    ],
    ids=["no mark", "another estate", "a copy", "a container", "locked", "protected"],
)
def test_what_stands_against_it_is_said_instead(vm: VmState, why: str, *, passing: bool) -> None:
    (step,) = remove(OWNER, vm, facts())
    assert step.obstacle is not None
    assert (why in step.obstacle.why, step.obstacle.passing) == (True, passing)


def test_one_that_is_told_not_to_be_protected_goes() -> None:
    (step,) = remove(OWNER, replace(OFF, current={**MARKED, "protection": 0}), facts())
    assert step.verb == "destroy"
