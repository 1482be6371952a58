"""What Proxmox rewrites is never taken for drift: converge, look again, and nothing is left to do or written.

One row for each way in which a value comes back in another form, and for each option that Proxmox changes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from tests.systems.proxmox.drive import Driver
from tests.systems.proxmox.made import spec

NIC = {"bridge": "vmbr0"}
MAC = "aa:bb:cc:dd:ee:01"
DISK = {"storage": "local-zfs", "size": "1GiB"}
MARK_LINE = "setpoint: home default/VirtualMachine/web01 vmid=1000"
VOLUME = "local-zfs:vm-1000-disk-0"


@dataclass(frozen=True)
class Row:
    """`by_hand`: what another admin writes after the creation; it means the same, or is not ours to manage."""

    name: str
    fields: Mapping[str, Any]
    by_hand: tuple[Mapping[str, Any], ...]


def row(name: str, fields: Mapping[str, Any], *by_hand: Mapping[str, Any]) -> Row:
    return Row(name, fields, by_hand)


ROWS = [
    row("nic without mac keeps the one that was chosen", {"nics": {"net0": NIC}}),
    row("nic without mac, other option declared", {"nics": {"net0": NIC | {"vlan": 5}}}),
    row("nic in another order", {"nics": {"net0": NIC | {"vlan": 5}}}, {"net0": f"tag=5,bridge=vmbr0,virtio={MAC}"}),
    row("nic with aliases", {"nics": {"net0": NIC | {"mac": MAC}}}, {"net0": f"model=virtio,macaddr={MAC},bridge=vmbr0"}),
    row("nic firewall default written out", {"nics": {"net0": NIC | {"firewall": False}}}, {"net0": f"virtio={MAC},bridge=vmbr0,firewall=0"}),
    row("nic firewall as a word", {"nics": {"net0": NIC | {"firewall": True}}}, {"net0": f"virtio={MAC},bridge=vmbr0,firewall=yes"}),
    row("nic vlan declared untagged", {"nics": {"net0": NIC | {"vlan": None}}}),
    row("nic default model", {"nics": {"net0": NIC | {"model": "virtio"}}}),
    row("nic options that are not managed", {"nics": {"net0": NIC | {"mac": MAC}}}, {"net0": f"virtio={MAC},bridge=vmbr0,mtu=1,queues=4,rate=10.50,trunks=20;10"}),
    row("mac declared in lower case", {"nics": {"net0": NIC | {"mac": MAC}}}),
    row("mac declared in upper case, kept in lower case", {"nics": {"net0": NIC | {"mac": MAC.upper()}}}, {"net0": f"virtio={MAC},bridge=vmbr0"}),
    row("disk in its allocation form", {"disks": {"scsi0": DISK}}),
    row("disk of half a GiB", {"disks": {"scsi0": DISK | {"size": "512MiB"}}}),
    row("disk of a size in MiB", {"disks": {"scsi0": DISK | {"size": "3584MiB"}}}),
    row("disk as a file of a directory", {"disks": {"virtio3": {"storage": "local", "size": "2GiB"}}}),
    row("disk options sorted", {"disks": {"scsi0": DISK}}, {"scsi0": f"{VOLUME},ssd=1,discard=on,backup=yes"}),
    row("disk with a false size", {"disks": {"scsi0": DISK}}, {"scsi0": f"{VOLUME},size=99G"}),
    row("disk with its file named", {"disks": {"scsi0": DISK}}, {"scsi0": f"file={VOLUME}"}),
    row("disks on every bus", {"disks": dict.fromkeys(("scsi30", "virtio15", "sata5", "ide3"), DISK)}),
    row("an empty CD drive beside", {"disks": {"scsi0": DISK}}, {"ide2": "none"}),
    row("a disk that is not declared", {"disks": {"scsi0": DISK}}, {"scsi1": "local-zfs:1"}),
    row("a detached disk", {"disks": {"scsi0": DISK}}, {"scsi1": "local-zfs:1"}, {"delete": "scsi1"}),
    row("memory as text", {"memory": "512MiB"}),
    row("memory in GiB", {"memory": "2GiB"}),
    row("memory as a property", {"memory": "512MiB"}, {"memory": "current=512"}),
    row("memory with a leading zero", {"memory": "512MiB"}, {"memory": "0512"}),
    row("memory default", {"memory": "512MiB"}, {"delete": "memory"}),
    row("cores with a leading zero", {"cores": 2}, {"cores": "02"}),
    row("cores default", {"cores": 1}, {"delete": "cores"}),
    row("onboot off is the default", {"onboot": False}),
    row("onboot off written out", {"onboot": False}, {"onboot": 0}),
    row("onboot on", {"onboot": True}),
    row("description with a newline at its end", {"description": "hello\n"}),
    row("description with blanks around", {"description": "  lead trail  "}),
    row("description of several lines", {"description": "a\n\nb\n\n\n"}),
    row("description that begins with empty lines", {"description": "\n\nx"}),
    row("description with carriage returns", {"description": "a\r\nb"}),
    row("description without the blanks that were declared", {"description": "text  "}, {"description": f"text\n{MARK_LINE}"}),
    row("description beyond ASCII", {"description": "ümlaut ☃"}),
    row("description with signs", {"description": '100% :# \\ "x"; a=b&c=d'}),
    row("description empty", {"description": ""}),
    row("description of blanks", {"description": "  \n "}),
    row("description that looks like a mark", {"description": "setpoint: other default/VirtualMachine/x vmid=7"}),
    row("tags unordered", {"tags": ["b", "a"]}),
    row("tags in capitals", {"tags": ["Zeta", "alpha"]}),
    row("tags twice", {"tags": ["a", "A", "a"]}),
    row("tags with every sign", {"tags": ["a_b-c.d+e"]}),
    row("tags with ours declared", {"tags": ["setpoint", "a"]}),
    row("tags empty", {"tags": []}),
    row("tags by hand with commas", {"tags": ["a", "b"]}, {"tags": "B,a,setpoint"}),
    row("tags by hand with blanks", {"tags": ["a", "b"]}, {"tags": "b setpoint a"}),
    row("boot emptied", {"disks": {"scsi0": DISK}}, {"boot": ""}),
    row("boot order", {"disks": {"scsi0": DISK}, "nics": {"net0": NIC}}, {"boot": "order=net0"}),
    row("vmgenid made anew", {"cores": 1}, {"vmgenid": 1}),
    row("smbios", {"cores": 1}, {"smbios1": "uuid=11111111-2222-3333-4444-555555555555"}),
    row("cpulimit verbatim", {"cores": 1}, {"cpulimit": "1.50"}),
    row("agent verbatim", {"cores": 1}, {"agent": "fstrim_cloned_disks=1,enabled=1"}),
    row("startup, cpu, vga and hotplug verbatim", {"cores": 1}, {"startup": "up=30,order=1", "cpu": "host", "vga": "type=std", "hotplug": "network,disk"}),
    row("balloon and sockets", {"cores": 1, "memory": "512MiB"}, {"balloon": 256, "sockets": 2}),
    row("cloud-init", {"cores": 1}, {"ide2": "local-zfs:cloudinit", "cipassword": "secret123", "nameserver": "1.1.1.1,8.8.8.8"}),
    row("protection", {"cores": 1}, {"protection": 1}),
]  # fmt: skip


BY_HAND = [one for one in ROWS if one.by_hand]


async def _written_by_hand(driver: Driver, row: Row) -> None:
    for params in row.by_hand:
        driver.lab.api("PUT", "nodes/pve1/qemu/1000/config", **params)


@pytest.mark.parametrize("power", ["stopped", "running"])
@pytest.mark.parametrize("row", ROWS, ids=[one.name for one in ROWS])
async def test_nothing_is_left_to_do(driver: Driver, row: Row, power: str) -> None:
    declared = spec(power=power, **row.fields)
    await driver.converge(spec(**row.fields))
    await _written_by_hand(driver, row)
    await driver.converge(declared)
    before = driver.lab.writes()

    again = await driver.look(declared)

    assert (again.found.changes, again.found.unseen, again.steps) == ((), (), ())
    assert await driver.converge(declared) == []
    assert driver.lab.writes() == before


@pytest.mark.parametrize("row", BY_HAND, ids=[one.name for one in BY_HAND])
async def test_what_means_the_same_is_not_even_written_once(driver: Driver, row: Row) -> None:
    declared = spec(**row.fields)
    await driver.converge(declared)
    await _written_by_hand(driver, row)
    before = driver.lab.writes()

    assert await driver.converge(declared) == []
    assert driver.lab.writes() == before
