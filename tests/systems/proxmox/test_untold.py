"""What a description leaves out of a guest is told by name, so that nobody takes the declaration for the whole."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint_proxmox.kinds.container import KIND as CONTAINER
from setpoint_proxmox.kinds.virtual_machine import KIND as MACHINE
from tests.systems.proxmox.drive import Driver, Lab
from tests.systems.proxmox.made_ct import ct
from tests.systems.proxmox.test_vm_adoption import BLANK, HANDMADE, Shape

NEXT = "(it changes at the next start)"
UNTOLD: dict[str, tuple[str, ...]] = {
    "ide-and-i440fx": ("boot (legacy)", "bootdisk"),
    "boot-network-first": ("boot (legacy)", "bootdisk"),
    "boot-order-named-legacy": ("boot (legacy)",),
    "boots-from-nothing": ("boot",),
    "host-cpu-with-flags": ("vcpus",),
    "custom-cpu": ("cpu (phys-bits, reported-model)",),
    "hidden-by-name": ("cpu (hv-vendor-id)",),
    "no-balloon": ("shares",),
    "balloon": ("shares",),
    "huge-pages": ("hugepages", "keephugepages", "numa0"),
    "every-disk-option": (
        "ide1 (model, werror)",
        "sata3 (iops_rd_max_length)",
        "scsi0 (product, queues, scsiblock, vendor, wwn)",
        "virtio1 (snapshot)",
    ),
    "disk-without-a-size": ("scsi0", "virtio0"),
    "physical-cd-drive": ("ide0", "scsi3"),
    "cloud-init": ("cipassword",),
    "cloud-init-without-its-drive": ("ciuser", "ipconfig0"),
    "odd-nics": ("net1", "net2"),
    "pci": ("hostpci2 (romfile)",),
    "serial-and-screen": ("spice_enhancements", "vga (clipboard)"),
    "rare-options": (
        "args", "autostart", "freeze", "migrate_downtime", "migrate_speed", "parallel0", "reboot", "startdate", "tdf",
    ),
    "named-by-serial-number": ("ivshmem", "vmstatestorage"),
    **dict.fromkeys(
        ("pending-changes", "pending-after-a-crash"),
        (
            *(f"{name} {NEXT}" for name in ("cores", "memory", "net0", "net1", "scsi0", "scsi1")),
            "agent (it comes at the next start)",
        ),
    ),
}  # fmt: skip
"""By shape of `handmade.yaml`; of every other one all is told."""


def test_every_shape_is_one() -> None:
    assert UNTOLD.keys() <= {shape.shape for shape in HANDMADE}


@pytest.mark.parametrize("shape", HANDMADE, ids=lambda shape: shape.shape)
async def test_a_machine(lab: Lab, driver: Driver, shape: Shape) -> None:
    lab.begin(shape.world())
    driver.owner = shape.owner
    assert MACHINE.untold((await driver.look(BLANK)).state) == UNTOLD.get(shape.shape, ())


MAC = "hwaddr=BC:24:11:00:00:01"


@pytest.mark.parametrize(
    ("options", "untold"),
    [
        pytest.param({}, (), id="the usual"),
        pytest.param({"unprivileged": None, "ostype": "nixos", "net0": f"name=eth0,bridge=vmbr0,{MAC},type=veth"}, (), id="told"),
        pytest.param({"mp0": "local-zfs:subvol-1-disk-1,mp=/srv,size=1G,backup=1", "mp1": "/tank,mp=/t"}, (), id="mounts"),
        pytest.param({"debug": 1, "features": "nesting=1"}, ("debug",), id="an option that no field stands for"),
        pytest.param({"net0": f"name=eth0,{MAC},type=veth"}, ("net0",), id="a card without a bridge"),
        pytest.param({"net0": f"name=eth0,bridge=vmbr0,{MAC},host-managed=1"}, ("net0 (host-managed)",), id="a part"),
    ],
)  # fmt: skip
def test_a_container(options: dict[str, Any], untold: tuple[str, ...]) -> None:
    assert CONTAINER.untold(ct(**options)) == untold
