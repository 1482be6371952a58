"""A VM against the emulated API: created, changed, grown, switched, and found again."""

from __future__ import annotations

from tests.systems.proxmox.drive import Driver
from tests.systems.proxmox.made import spec

FULL = spec(
    cores=2,
    memory="2GiB",
    disks={"scsi0": {"storage": "local-zfs", "size": "10GiB"}},
    nics={"net0": {"bridge": "vmbr0", "vlan": 20, "firewall": True}},
    tags=["Web", "prod"],
    description="Shop\n",
    onboot=True,
    power="running",
)


async def test_an_absent_vm_is_created_and_started_and_then_nothing_is_left_to_do(driver: Driver) -> None:
    assert await driver.converge(FULL) == ["create", "start"]

    seen = await driver.look(FULL)
    assert seen.found.changes == ()
    assert driver.identity == {"vmid": 1000}
    assert seen.state.mark is not None
