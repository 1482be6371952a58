"""What Proxmox rewrites is never taken for drift: converge, look again, and nothing is left to do or written.

One row for each way in which a value comes back in another form, and for each option that Proxmox changes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest

from tests.systems.proxmox.drive import Driver, Lab, world
from tests.systems.proxmox.made import spec

NIC = {"bridge": "vmbr0"}
MAC = "aa:bb:cc:dd:ee:01"
DISK = {"storage": "local-zfs", "size": "1GiB"}
MARK_LINE = "setpoint: home default/VirtualMachine/web01 vmid=1000"
VOLUME = "local-zfs:vm-1000-disk-0"
SSH_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGr/0+mzHk2r8sDq0nQ1u anna@example.org"
CLOUD = {
    "user": "admin",
    "sshKeys": [SSH_KEY],
    "ip": {"net0": {"ipv4": "192.0.2.10/24", "gateway4": "192.0.2.1"}},
    "nameservers": ["9.9.9.9", "1.1.1.1"],
    "searchDomain": "example.org",
}


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
    row("agent with its name", {"agent": True}, {"agent": "enabled=1"}),
    row("agent as a word", {"agent": True}, {"agent": "yes,type=virtio"}),
    row("agent with an alias", {"agent": {"freeze": False}}, {"agent": "1,guest-fsfreeze=0"}),
    row("agent off written out", {"agent": False}, {"agent": "0"}),
    row("startup in another order", {"startup": {"order": 1, "up": "30s"}}, {"startup": "up=30,order=1"}),
    row("startup bare", {"startup": {"order": 1}}, {"startup": "1"}),
    row("cpu with its name", {"cpu": {"type": "host", "flags": ["+aes"]}}, {"cpu": "cputype=host,flags=+aes"}),
    row("cpu default written out", {"cpu": {"type": "kvm64"}}, {"cpu": "kvm64"}),
    row("cpu default left out", {"cpu": {"type": "kvm64", "hidden": False}}, {"delete": "cpu"}),
    row("cpu options that are not managed", {"cpu": {"type": "host"}}, {"cpu": "host,phys-bits=host"}),
    row("cpulimit in another form", {"cpu": {"limit": 1.5}}, {"cpulimit": "1.50"}),
    row("cpulimit none", {"cpu": {"limit": None}}, {"cpulimit": "0"}),
    row("cpuunits default", {"cpu": {"units": 100}}, {"cpuunits": 100}),
    row("sockets default", {"sockets": 1, "numa": False}, {"sockets": 1, "numa": 0}),
    row("machine default", {"machine": "pc"}, {"machine": "type=pc"}),
    row("firmware default", {"firmware": {"type": "seabios"}}, {"bios": "seabios"}),
    row("firmware", {"firmware": {"type": "ovmf", "efi": {"storage": "local-zfs"}}}),
    row("tpm", {"tpm": {"storage": "local-zfs", "version": "v2.0"}}),
    row("os and controller left out", {"osType": "other", "scsiController": "lsi"}, {"delete": "ostype,scsihw"}),
    row("vga with its name", {"vga": {"type": "virtio", "memory": "32MiB"}}, {"vga": "memory=32,type=virtio"}),
    row("vga default", {"vga": {"type": "std", "memory": None}}, {"vga": "std"}),
    row("tablet, acpi and kvm written out", {"tablet": True, "acpi": True, "kvm": True}, {"tablet": 1, "acpi": 1, "kvm": 1}),
    row("hotplug as usual", {"hotplug": ["network", "disk", "usb"]}, {"hotplug": "1"}),
    row("hotplug in another order", {"hotplug": ["network", "disk", "usb"]}, {"hotplug": "usb,network,disk"}),
    row("hotplug of nothing", {"hotplug": []}, {"hotplug": "0"}),
    row("watchdog bare", {"watchdog": {"model": "i6300esb", "action": "reset"}}, {"watchdog": "action=reset"}),
    row("rng with its name", {"rng": {"source": "/dev/urandom"}}, {"rng0": "source=/dev/urandom"}),
    row("disk options sorted otherwise", {"disks": {"scsi0": DISK | {"ssd": True, "discard": True}}}, {"scsi0": f"{VOLUME},ssd=on,discard=on"}),
    row("disk options default", {"disks": {"scsi0": DISK | {"backup": True, "cache": "none", "discard": False}}}, {"scsi0": f"{VOLUME},backup=1,cache=none,discard=ignore"}),
    row("disk options that are not managed", {"disks": {"scsi0": DISK | {"ssd": True}}}, {"scsi0": f"{VOLUME},ssd=1,wwn=0x5000000000000001,werror=stop"}),
    row("cd drive", {"cdroms": {"ide2": {"iso": None}}}, {"ide2": "none"}),
    row("nic options written out", {"nics": {"net0": NIC | {"mac": MAC, "connected": True, "trunks": [10, "20-30"]}}}, {"net0": f"virtio={MAC},bridge=vmbr0,link_down=0,trunks=20-30;10"}),
    row("nic rate in another form", {"nics": {"net0": NIC | {"mac": MAC, "rate": 10.5}}}, {"net0": f"virtio={MAC},bridge=vmbr0,rate=10.50"}),
    row("cloud-init drive", {"disks": {"scsi0": DISK}, "cloudInit": {}}),
    row("cloud-init in full", {"disks": {"scsi0": DISK}, "cloudInit": CLOUD}),
    row("cloud-init addresses in another order", {"disks": {"scsi0": DISK}, "cloudInit": CLOUD}, {"ipconfig0": "gw=192.0.2.1,ip=192.0.2.10/24"}),
    row("cloud-init servers with commas", {"disks": {"scsi0": DISK}, "cloudInit": CLOUD}, {"nameserver": "9.9.9.9,1.1.1.1"}),
    row("cloud-init keys with a line end", {"disks": {"scsi0": DISK}, "cloudInit": CLOUD}, {"sshkeys": quote(f"\n{SSH_KEY}\n", safe="")}),
    row("cloud-init upgrade default", {"disks": {"scsi0": DISK}, "cloudInit": {"upgrade": True}}, {"ciupgrade": 1}),
    row("cloud-init drive somewhere else", {"disks": {"scsi0": DISK}, "cloudInit": {"user": "a"}}, {"delete": "ide2"}, {"scsi7": "local-zfs:cloudinit"}),
    row("pool", {"pool": "ops"}),
    row("serial port", {"serial": {"serial0": "socket"}}),
    row("usb with its name", {"usb": {"usb0": {"device": "spice"}}}, {"usb0": "host=spice,usb3=0"}),
]  # fmt: skip


@pytest.fixture
def lab(emulator: str) -> Lab:
    """Everything that a field may need is there and granted."""
    found = Lab(emulator)
    found.begin(world({"/": "Administrator"}, pools=[{"poolid": "ops"}]))
    return found


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
