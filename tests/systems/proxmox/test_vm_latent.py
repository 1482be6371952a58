"""What a plan says of a restart before a write is what is seen after it."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from tests.systems.proxmox.drive import Driver, Lab, world

FIELDS: dict[str, dict[str, Any]] = {
    "memory": {"memory": "2GiB"},
    "cores": {"cores": 4},
    "sockets and numa": {"sockets": 2, "numa": True},
    "cpu type": {"cpu": {"type": "host"}},
    "cpu limit": {"cpu": {"limit": 2}},
    "machine": {"machine": "q35"},
    "guest agent": {"agent": True},
    "os type": {"osType": "win11"},
    "controller": {"scsiController": "virtio-scsi-pci"},
    "display": {"vga": {"type": "qxl"}},
    "rng": {"rng": {"source": "/dev/urandom"}},
    "watchdog": {"watchdog": {"model": "i6300esb"}},
    "keyboard": {"keyboard": "de"},
    "clock": {"localTime": True},
    "acpi": {"acpi": False},
    "tags and start": {"tags": ["x"], "onboot": True, "protection": True},
    "words": {"description": "hello"},
    "network card": {"nics": {"net1": {"bridge": "vmbr0", "mac": "BC:24:11:00:00:99"}}},
}


@pytest.mark.parametrize("fields", FIELDS.values(), ids=FIELDS.keys())
async def test_the_restart_that_was_foretold_is_the_one_that_is_needed(
    lab: Lab, driver: Driver, fields: dict[str, Any]
) -> None:
    config = {
        "name": driver.owner.key.name,
        "memory": 1024,
        "smbios1": "uuid=7b1f0c5d-2f3e-4d0a-8f6b-5f8b9c100200",
    }
    lab.begin(
        world(guests=[{"vmid": 100, "type": "qemu", "node": "pve1", "status": "running", "config": config}])
    )
    declared = VirtualMachineSpec.model_validate({"vmid": 100, **fields})
    (write,) = [step for step in (await driver.look(declared)).steps if step.verb == "configure"]
    foretold = write.then.summary if write.then is not None else None
    assert await driver.act(write) == ""
    needed = [step.summary for step in (await driver.look(declared)).steps]
    assert needed == ([] if foretold is None else [foretold])
