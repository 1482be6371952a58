"""Every field from one value to another and away again, in a VM that is off and in one that runs.

What was reached is seen as such: nothing differs afterwards, and nothing more is written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.systems.proxmox.drive import Driver, Lab, world
from tests.systems.proxmox.made import spec

NIC = {"bridge": "vmbr0"}
DISK = {"storage": "local-zfs", "size": "1GiB"}
REF = {"env": "PASSWORD"}
BODY = "AAAAC3NzaC1lZDI1NTE5AAAAIGr/0+mzHk2r8sDq0nQ1u"
KEYS = [f"ssh-ed25519 {BODY} anna@example.org", f"ssh-rsa {BODY}== ben"]
ISO = "local:iso/debian-13.iso"


def nic(**fields: Any) -> dict[str, Any]:
    return {"nics": {"net0": NIC | fields}}


def disk(slot: str = "scsi0", **fields: Any) -> dict[str, Any]:
    return {"disks": {slot: DISK | fields}}


def cloud(**fields: Any) -> dict[str, Any]:
    return {"disks": {"scsi0": DISK}, "cloudInit": fields}


def ip(**fields: Any) -> dict[str, Any]:
    return cloud(ip={"net0": fields})


CHANGES: list[tuple[str, Mapping[str, Any], Mapping[str, Any]]] = [
    ("sockets", {"sockets": 2}, {"sockets": 1}),
    ("numa", {"numa": True}, {"numa": False}),
    ("balloon", {"memory": "1GiB", "balloon": "512MiB"}, {"memory": "1GiB", "balloon": False}),
    ("balloon on again", {"balloon": False}, {"balloon": None}),
    ("cpu type", {"cpu": {"type": "host"}}, {"cpu": {"type": "kvm64"}}),
    ("cpu flags", {"cpu": {"flags": ["+aes", "-pcid"]}}, {"cpu": {"flags": []}}),
    ("cpu flags in another order", {"cpu": {"flags": ["+aes", "-pcid"]}}, {"cpu": {"flags": ["-pcid", "+aes"]}}),
    ("cpu hidden", {"cpu": {"type": "host", "hidden": True}}, {"cpu": {"type": "host", "hidden": False}}),
    ("cpu limit", {"cpu": {"limit": 1.5}}, {"cpu": {"limit": None}}),
    ("cpu units", {"cpu": {"units": 200}}, {"cpu": {"units": 100}}),
    ("machine", {"machine": "q35"}, {"machine": "pc"}),
    ("iommu", {"machine": "q35", "iommu": "virtio"}, {"machine": "q35", "iommu": None}),
    ("firmware", {"firmware": {"type": "seabios"}}, {"firmware": {"type": "ovmf", "efi": {"storage": "local-zfs"}}}),
    ("firmware without a place", {"firmware": {"type": "ovmf", "efi": None}}, {"firmware": {"type": "seabios"}}),
    ("efi keys", {}, {"firmware": {"efi": {"storage": "local-zfs", "preEnrolledKeys": False}}}),
    ("tpm", {"tpm": None}, {"tpm": {"storage": "local-zfs"}}),
    ("tpm of old", {}, {"tpm": {"storage": "local-zfs", "version": "v1.2"}}),
    ("os type", {"osType": "win11"}, {"osType": "other"}),
    ("controller", {"scsiController": "lsi"}, {"scsiController": "virtio-scsi-pci"}),
    ("disk cache", disk(cache="writeback"), disk(cache="none")),
    ("disk discard and ssd", disk(discard=True, ssd=True), disk(discard=False, ssd=False)),
    ("disk thread", disk(iothread=True), disk(iothread=False)),
    ("disk aio", disk(aio="native"), disk(aio=None)),
    ("disk without backup", disk(backup=False, replicate=False), disk(backup=True, replicate=True)),
    ("disk read only", disk(readOnly=True), disk(readOnly=False)),
    ("disk zeroes", disk(detectZeroes=False), disk(detectZeroes=None)),
    ("disk serial", disk(serial="A b,1%"), disk(serial=None)),
    ("disk limits", disk(limits={"iops": 500, "mbpsRead": 10.5}), disk(limits={"iops": None, "mbpsRead": None})),
    ("disk of virtio", disk("virtio0", discard=True), disk("virtio0", discard=False)),
    ("disk of sata", disk("sata0", discard=True), disk("sata0", discard=False)),
    ("disk of ide", disk("ide0", ssd=True), disk("ide0", ssd=False)),
    ("disk of a format", {}, {"disks": {"scsi0": {"storage": "local", "size": "1GiB", "format": "qcow2"}}}),
    ("disk of an image", {}, disk(image="local:import/debian-13.qcow2", size="4GiB")),
    ("disk removed", {"disks": {"scsi0": DISK, "scsi1": DISK}}, disk()),
    ("disk of sata removed", {"disks": {"scsi0": DISK, "sata1": DISK}}, disk()),
    ("all disks removed", disk(), {}),
    ("cd changed", {"cdroms": {"ide2": {"iso": None}}}, {"cdroms": {"ide2": {"iso": ISO}}}),
    ("cd taken out", {"cdroms": {"ide2": {"iso": ISO}}}, {"cdroms": {"ide2": {"iso": None}}}),
    ("cd drive removed", {"cdroms": {"ide2": {"iso": ISO}}}, {"cdroms": {}}),
    ("cd in place of a disk", disk("ide0"), {"cdroms": {"ide0": {"iso": None}}}),
    ("nic trunks", nic(trunks=["10", "20-30"]), nic(trunks=[])),
    ("nic trunks in another order", nic(trunks=["10", "20-30"]), nic(trunks=["20-30", 10])),
    ("nic rate", nic(rate=10.5), nic(rate=None)),
    ("nic mtu", nic(mtu=1), nic(mtu=None)),
    ("nic queues", nic(queues=4), nic(queues=None)),
    ("nic unplugged", nic(connected=False), nic(connected=True)),
    ("nic model", nic(model="e1000"), nic(model="virtio")),
    ("nic removed", {"nics": {"net0": NIC, "net1": NIC}}, nic()),
    ("all nics removed", nic(), {}),
    ("cloud-init added", disk(), cloud(user="admin")),
    ("cloud-init somewhere", disk(), cloud(slot="scsi5", storage="local")),
    ("cloud-init user", cloud(user="admin"), cloud(user=None)),
    ("cloud-init password", cloud(user="admin"), cloud(password=REF)),
    ("cloud-init keys", cloud(sshKeys=KEYS), cloud(sshKeys=KEYS[:1])),
    ("cloud-init keys in another order", cloud(sshKeys=KEYS), cloud(sshKeys=KEYS[::-1])),
    ("cloud-init no keys", cloud(sshKeys=KEYS), cloud(sshKeys=[])),
    ("cloud-init address", ip(ipv4="192.0.2.10/24", gateway4="192.0.2.1"), ip(ipv4="dhcp", gateway4=None)),
    ("cloud-init address v6", ip(ipv6="2001:DB8::10/64", gateway6="2001:db8::1"), ip(ipv6="auto")),
    ("cloud-init address removed", cloud(ip={"net0": {"ipv4": "dhcp"}, "net1": {"ipv4": "dhcp"}}), ip(ipv4="dhcp")),
    ("cloud-init servers", cloud(nameservers=["9.9.9.9", "2620:fe::fe"]), cloud(nameservers=[])),
    ("cloud-init domain", cloud(searchDomain="example.org"), cloud(searchDomain=None)),
    ("cloud-init upgrade", cloud(upgrade=False), cloud(upgrade=True)),
    ("cloud-init type", cloud(type="configdrive2"), cloud(type=None)),
    ("cloud-init snippets", cloud(snippets={"user": "local:snippets/u.yaml"}), cloud(snippets={"user": None})),
    ("agent", {"agent": True}, {"agent": False}),
    ("agent in full", {"agent": {"enabled": True, "fstrimClonedDisks": True, "freeze": False}}, {"agent": True}),
    ("agent of isa", {"agent": {"type": "isa"}}, {"agent": {"type": "virtio"}}),
    ("boot", disk() | nic() | {"boot": ["scsi0", "net0"]}, disk() | nic() | {"boot": ["net0"]}),
    ("startup", {"startup": {"order": 2, "up": "30s", "down": "2m"}}, {"startup": {"order": 3, "up": None}}),
    ("no startup", {"startup": {"order": 2}}, {"startup": {"order": None}}),
    ("protection", {"protection": True}, {"protection": False}),
    ("pool", {"pool": "ops"}, {"pool": "team"}),
    ("pool left", {"pool": "ops"}, {"pool": None}),
    ("serial", {"serial": {"serial0": "socket"}}, {"serial": {}}),
    ("usb", {"usb": {"usb0": {"device": "spice"}}}, {"usb": {"usb0": {"device": "spice", "usb3": True}}}),
    ("usb removed", {"usb": {"usb0": {"device": "spice"}}}, {}),
    ("vga", {"vga": {"type": "virtio", "memory": "32MiB"}}, {"vga": {"type": "std", "memory": None}}),
    ("vga on a port", {"vga": {"type": "serial0"}, "serial": {"serial0": "socket"}}, {"vga": {"type": "std"}}),
    ("rng", {"rng": {"maxBytes": "2KiB", "period": 500}}, {"rng": None}),
    ("rng as it is", {}, {"rng": {}}),
    ("watchdog", {"watchdog": {"action": "reset"}}, {"watchdog": {"model": "ib700", "action": None}}),
    ("watchdog removed", {"watchdog": {}}, {"watchdog": None}),
    ("audio", {"audio": {}}, {"audio": {"device": "AC97", "driver": "none"}}),
    ("tablet", {"tablet": False}, {"tablet": True}),
    ("hotplug", {"hotplug": ["usb", "disk"]}, {"hotplug": []}),
    ("hotplug as usual", {"hotplug": []}, {"hotplug": ["usb", "network", "disk"]}),
    ("keyboard", {"keyboard": "de"}, {"keyboard": None}),
    ("acpi", {"acpi": False}, {"acpi": True}),
    ("kvm", {"kvm": False}, {"kvm": True}),
    ("local time", {"localTime": True}, {"localTime": None}),
]  # fmt: skip


@pytest.fixture
def lab(emulator: str) -> Lab:
    found = Lab(emulator)
    state = world({"/": "Administrator"}, pools=[{"poolid": "ops"}, {"poolid": "team"}])
    state["storages"]["local"]["content"] = "images,iso,import,snippets"
    state["content"] = [
        {"volid": ISO, "node": "pve1", "content": "iso", "size": 1 << 20},
        {"volid": "local:import/debian-13.qcow2", "node": "pve1", "content": "import", "size": 2 << 30},
        {"volid": "local:snippets/u.yaml", "node": "pve1", "content": "snippets", "size": 100},
    ]
    found.begin(state)
    return found


async def is_reached(driver: Driver, fields: Mapping[str, Any]) -> None:
    before = driver.lab.writes()
    again = await driver.look(spec(**fields))
    assert (again.found.changes, again.found.unseen, again.steps) == ((), (), ())
    assert await driver.converge(spec(**fields), restart=True) == []
    assert driver.lab.writes() == before


@pytest.mark.parametrize("power", ["stopped", "running"])
@pytest.mark.parametrize(("before", "after"), [row[1:] for row in CHANGES], ids=[row[0] for row in CHANGES])
async def test_a_value_is_reached_and_another_one_after_it(
    driver: Driver, before: Mapping[str, Any], after: Mapping[str, Any], power: str
) -> None:
    for fields in (before, after):
        declared = {**fields, "power": power}
        await driver.converge(spec(**declared), restart=True)
        await is_reached(driver, declared)
