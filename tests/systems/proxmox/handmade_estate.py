"""An estate as it grows by hand over years: fifty mixed guests and two templates on three nodes, some of a kind, some odd."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.systems.proxmox.drive import ROLES, world

NODES = ("pve1", "pve2", "pve3")
KEY = "ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIBm1VjQ0b0Zl3c8u6n7Q2w9y5xkJH1rT4sPqLmNo%20anna%40laptop%0A"
SNAPSHOT = """[before]
cores: 2
memory: 2048
name: shop
scsi0: local-zfs:vm-146-disk-0,iothread=1,size=64G
snaptime: 1748000000
"""
RESERVED = ("template-debian", "template-ct")


def _mac(vmid: int, number: int = 0) -> str:
    return f"BC:24:11:00:{number:02X}:{vmid % 256:02X}"


def _ids(vmid: int) -> dict[str, Any]:
    return {
        "smbios1": f"uuid=0b0e4c71-6a0e-4a6c-9a63-0b7f2d9d{vmid:04d}",
        "vmgenid": f"5b8a3e3c-8a3b-4f0e-9a4c-1d1c9a3b{vmid:04d}",
        "meta": "creation-qemu=10.0.2,ctime=1748000000",
    }


def _machine(vmid: int, name: str, size: int = 32, **options: Any) -> dict[str, Any]:
    """As the wizard makes it."""
    return {
        "agent": 1,
        "boot": "order=scsi0;ide2;net0",
        "cores": 2,
        "cpu": "x86-64-v2-AES",
        "ide2": "none,media=cdrom",
        "memory": 2048,
        "name": name,
        "net0": f"virtio={_mac(vmid)},bridge=vmbr0,firewall=1",
        "numa": 0,
        "ostype": "l26",
        "scsi0": f"local-zfs:vm-{vmid}-disk-0,iothread=1,size={size}G",
        "scsihw": "virtio-scsi-single",
        "sockets": 1,
        **_ids(vmid),
        **options,
    }


def _clone(vmid: int, name: str, address: str, **options: Any) -> dict[str, Any]:
    """As cloned from the template and set up by cloud-init."""
    return _machine(
        vmid,
        name,
        20,
        **{
            "boot": "order=scsi0",
            "ide2": f"local-zfs:vm-{vmid}-cloudinit,media=cdrom,size=4M",
            "ciuser": "anna",
            "sshkeys": KEY,
            "ipconfig0": f"ip={address}/24,gw=192.0.2.1",
            "nameserver": "192.0.2.53",
            "searchdomain": "example.org",
            "serial0": "socket",
            "vga": "serial0",
            "onboot": 1,
        }
        | options,
    )


def _windows(vmid: int, name: str, **options: Any) -> dict[str, Any]:
    return _machine(
        vmid,
        name,
        **{
            "bios": "ovmf",
            "boot": "order=scsi0;ide2",
            "cores": 4,
            "cpu": "host",
            "efidisk0": f"local-zfs:vm-{vmid}-disk-1,efitype=4m,pre-enrolled-keys=1,size=1M",
            "machine": "pc-q35-9.2+pve1",
            "memory": 8192,
            "ostype": "win11",
            "scsi0": f"local-zfs:vm-{vmid}-disk-0,discard=on,iothread=1,size=120G,ssd=1",
            "tpmstate0": f"local-zfs:vm-{vmid}-disk-2,size=4M,version=v2.0",
        }
        | options,
    )


def _container(vmid: int, name: str, ip: str = "dhcp", size: int = 8, **options: Any) -> dict[str, Any]:
    gateway = "" if ip == "dhcp" else ",gw=192.0.2.1"
    return {
        "arch": "amd64",
        "cores": 1,
        "features": "nesting=1",
        "hostname": name,
        "memory": 512,
        "net0": f"name=eth0,bridge=vmbr0,firewall=1,hwaddr={_mac(vmid, 1)},ip={ip}{gateway},type=veth",
        "onboot": 1,
        "ostype": "debian",
        "rootfs": f"local-zfs:subvol-{vmid}-disk-0,size={size}G",
        "swap": 512,
        "unprivileged": 1,
        **options,
    }


def _machines() -> Iterator[tuple[int, dict[str, Any], str]]:
    """Id, configuration, power."""
    on, off = "running", "stopped"
    for number in range(1, 7):
        yield 100 + number, _clone(100 + number, f"web{number:02}", f"192.0.2.{10 + number}", tags="web"), on
    for number in range(1, 4):
        yield (
            110 + number,
            _clone(
                110 + number, f"db{number:02}", f"192.0.2.{20 + number}", tags="db;prod", cores=4, memory=8192,
                scsi1=f"local-zfs:vm-{110 + number}-disk-1,iothread=1,size=200G",
            ),
            on,
        )  # fmt: skip
    for number, name in enumerate(("git", "ci", "registry", "monitor", "logs"), 120):
        yield number, _machine(number, name, onboot=1), on
    yield 125, _machine(125, "mail", 64, memory=4096, onboot=1, startup="order=2,up=30"), on
    yield 126, _machine(126, "Backup", 32, onboot=1, description="Ask Karl before you touch it.\nReally."), on
    for number, name in enumerate(("win-ts1", "win-ts2", "win-build"), 130):
        yield number, _windows(number, name), on if number < 132 else off
    yield (
        140,
        {
            "bootdisk": "ide0", "boot": "c", "ide0": "local:140/vm-140-disk-0.vmdk,size=16G", "memory": 512,
            "name": "fax", "net0": f"e1000={_mac(140)},bridge=vmbr0", "ostype": "w2k3",
        },
        off,
    )  # fmt: skip
    yield (
        141,
        {
            "memory": 1024, "name": "router", "ostype": "other", "scsi0": "local-zfs:vm-141-disk-0,size=4G",
            "net0": f"virtio={_mac(141)},bridge=vmbr0", "net1": f"virtio={_mac(141, 2)},bridge=vmbr1,tag=20",
            "onboot": 1, "startup": "order=1", "cores": 2, "args": "-cpu host,+aes", **_ids(141),
        },
        on,
    )  # fmt: skip
    yield (
        142,
        _machine(
            142, "nvr", hostpci0="0000:0a:00.0,pcie=1", machine="q35", usb0="host=1a6e:089a", cpu="host", memory=16384
        ),
        off,
    )  # fmt: skip
    yield (
        143,
        _machine(
            143, "lab", 16, serial0="socket", sata0="local:143/vm-143-disk-1.qcow2,size=10G", unused0="local-zfs:vm-143-disk-3"
        ),
        off,
    )  # fmt: skip
    yield (
        144,
        _machine(
            144, "sandbox", 16, virtio0="local-zfs:vm-144-disk-1,size=5G", hotplug="disk,network,usb,cpu"
        ),
        off,
    )
    yield 145, _machine(145, "erp", 64, memory=8192, sections="[PENDING]\nmemory: 16384\n"), on
    yield 146, _machine(146, "shop", 64, tags="prod;shop", sections=SNAPSHOT, parent="before"), on


def _containers() -> Iterator[tuple[int, dict[str, Any], str]]:
    on, off = "running", "stopped"
    names = (
        "dns1",
        "dns2",
        "ntp",
        "proxy",
        "wiki",
        "paste",
        "chat",
        "feeds",
        "maps",
        "notes",
        "photos",
        "music",
    )
    for number, name in enumerate(names, 200):
        yield number, _container(number, name, f"192.0.2.{number - 150}/24", tags="prod"), on
    for number, name in enumerate(("test1", "test2", "test3", "test4"), 220):
        yield number, _container(number, name, onboot=0), off
    yield (
        230,
        _container(
            230, "files", size=16, memory=4096, cores=4,
            mp0="local-zfs:subvol-230-disk-1,mp=/srv,size=500G,backup=1",
            mp1="/tank/media,mp=/media,shared=1",
        ),
        on,
    )  # fmt: skip
    yield 231, _container(231, "docker", size=50, features="keyctl=1,nesting=1", memory=8192, cores=8), on
    yield (
        232,
        {
            "arch": "amd64", "hostname": "legacy", "memory": 1024, "ostype": "centos", "swap": 0,
            "rootfs": "local-zfs:subvol-232-disk-0,size=20G", "features": "mount=nfs;cifs",
            "net0": f"name=eth0,bridge=vmbr1,hwaddr={_mac(232, 1)},ip=manual,type=veth",
        },
        off,
    )  # fmt: skip
    yield 233, _container(233, "nix", ostype="nixos", cmode="console", size=20, memory=2048, tags="nixos"), on
    yield 234, _container(234, "gpu", dev0="/dev/dri/renderD128,mode=0660", memory=2048), on
    yield (
        235,
        _container(
            235, "dual", net1=f"name=eth1,bridge=vmbr1,hwaddr={_mac(235, 3)},ip=dhcp,tag=30,type=veth"
        ),
        on,
    )
    yield 236, _container(236, "wiki", description="The old one.", onboot=0), off
    yield (
        237,
        _container(237, "six", "dhcp", nameserver="2001:db8::53", searchdomain="example.org", swap=0),
        on,
    )


POOLS = {
    "web": range(101, 110),
    "databases": range(111, 120),
    "Windows": range(130, 140),
    "test": range(220, 230),
}


def handmade() -> dict[str, Any]:
    """The state of the emulator."""
    guests = [_guest("qemu", *one) for one in _machines()] + [_guest("lxc", *one) for one in _containers()]
    assert len(guests) == 50, len(guests)
    templates = [
        {**_guest("qemu", 9000, _machine(9000, RESERVED[0], template=1), "stopped"), "node": "pve1"},
        {**_guest("lxc", 9001, _container(9001, RESERVED[1], template=1), "stopped"), "node": "pve1"},
    ]
    there = {guest["vmid"] for guest in guests}
    pools = [
        {"poolid": name, "members": [{"vmid": vmid} for vmid in vmids if vmid in there]}
        for name, vmids in POOLS.items()
    ]
    nodes = [
        {"name": name, "ip": f"10.99.0.{place}", "online": True, "local": place == 1}
        for place, name in enumerate(NODES, 1)
    ]
    granted = {**ROLES, "/pool": "PVEPoolAdmin"}
    return world(granted, nodes=nodes, guests=[*guests, *templates], pools=pools)


def _guest(kind: str, vmid: int, options: dict[str, Any], power: str) -> dict[str, Any]:
    text = dict(options)
    notes, sections = text.pop("description", ""), text.pop("sections", "")
    lines = [f"#{line}" for line in notes.splitlines()] + [
        f"{name}: {value}" for name, value in sorted(text.items())
    ]
    return {
        "vmid": vmid,
        "type": kind,
        "node": NODES[vmid % 3],
        "status": power,
        "file": "".join(f"{line}\n" for line in lines) + (f"\n{sections}" if sections else ""),
    }
