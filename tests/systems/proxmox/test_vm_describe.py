"""Describing a VM, whatever its configuration holds: never an error, never a difference, never a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from setpoint.decide.diff import diff
from setpoint.model.tree import Json, Scalar, Tree, leaves, parts
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.options import LAYOUT
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState

MAC = "BC:24:11:5D:0E:01"
USUAL: Mapping[str, tuple[Scalar, ...]] = {
    "acpi": (0, 1),
    "affinity": ("0-3", "1,3"),
    "agent": ("1", "0", "enabled=1,fstrim_cloned_disks=1", "1,freeze-fs=0", "enabled=1,guest-fsfreeze=0"),
    "audio0": ("device=AC97", "device=ich9-intel-hda,driver=none"),
    "balloon": (0, 256),
    "bios": ("ovmf", "seabios"),
    "boot": ("order=scsi0;net0", "c", "legacy=cdn", "order="),
    "cicustom": ("user=local:snippets/u.yaml", "vendor=local:snippets/v.yaml,meta=local:snippets/m.yaml"),
    "cipassword": ("$5$salt$hash",),
    "citype": ("nocloud", "configdrive2"),
    "ciupgrade": (0, 1),
    "ciuser": ("anna", "Administrator"),
    "cores": (1, 2, 64),
    "cpu": (
        "host",
        "kvm64",
        "host,flags=+aes;-pcid",
        "cputype=x86-64-v3,hidden=1",
        "custom-a,phys-bits=host",
    ),
    "cpulimit": ("0", "1.50", "2"),
    "cpuunits": (2, 100, 1024),
    "description": ("Shop", "a  \n\n b \n", "größe: 1", "---", "null"),
    "efidisk0": ("local-zfs:vm-100-disk-9,efitype=4m,pre-enrolled-keys=1,size=1M", "nas:100/e.raw,size=128K"),
    "hookscript": ("local:snippets/hook.pl",),
    "hostpci0": ("0000:01:00,pcie=1", "mapping=gpu,mdev=nvidia-660", "host=01:00.0;01:00.1,rombar=0"),
    "hotplug": ("0", "1", "disk,network", "usb,network,disk"),
    "ide2": ("none,media=cdrom", "local:iso/a.iso,media=cdrom,size=4M", "cdrom,media=cdrom"),
    "ide3": (
        "local-zfs:vm-100-cloudinit,media=cdrom,size=4M",
        "local:100/vm-100-cloudinit.qcow2,media=cdrom",
    ),
    "ipconfig0": (
        "ip=dhcp",
        "ip=192.0.2.9/24,gw=192.0.2.1",
        "ip6=2001:DB8::A/64,gw6=FE80::1",
        "gw=192.0.2.1",
    ),
    "keyboard": ("de", "xx"),
    "kvm": (0, 1),
    "localtime": (0, 1),
    "lock": ("backup",),
    "machine": ("q35", "pc-q35-9.2+pve1", "q35,viommu=intel", "pc"),
    "memory": ("512", "current=2048", "1024"),
    "nameserver": ("192.0.2.53 2001:DB8::53", "192.0.2.53,192.0.2.54"),
    "net0": (
        f"virtio={MAC},bridge=vmbr0",
        f"virtio={MAC.lower()},bridge=vmbr0,tag=5,firewall=1",
        f"model=e1000,macaddr={MAC},bridge=vmbr1,link_down=1",
        f"e1000-82545em={MAC},bridge=vmbr0",
        f"virtio={MAC}",
    ),
    "net10": (f"vmxnet3={MAC},bridge=vmbr0,rate=1.5,mtu=1,queues=2,trunks=5;1-3",),
    "numa": (0, 1),
    "onboot": (0, 1),
    "protection": (0, 1),
    "rng0": ("source=/dev/urandom", "/dev/random,max_bytes=1024,period=1000"),
    "sata0": ("/dev/sdb,size=4G", "local:100/vm-100-disk-7.qcow2,size=1000001K", "local:100/a.raw,size=4M"),
    "scsi0": (
        "local-zfs:vm-100-disk-0,size=32G",
        "local-zfs:vm-100-disk-0",
        "volume=nas:100/vm-100-disk-0.qcow2,iothread=1,ssd=1,cache=unsafe,size=4G,serial=A%20B",
        "file=nas:100/vm-100-disk-0.qcow2,mbps=10,iops_max=100,aio=native,backup=0,size=3584M,wwn=0x5",
    ),
    "scsihw": ("virtio-scsi-single", "lsi", "megasas"),
    "searchdomain": ("example.org",),
    "serial0": ("socket", "/dev/ttyS0"),
    "shares": (500,),
    "sockets": (1, 2),
    "sshkeys": (
        "ssh-ed25519%20AAAAC3NzaC1lZDI1NTE5AAAAIBm1VjQ0b0Zl3c8u6n7Q2w9y5xkJH1rT4sPqLmNo%20anna%0A",
        "not%20a%20key",
    ),
    "startup": ("order=1", "3,up=30", "down=60,up=5,order=0"),
    "tablet": (0, 1),
    "tags": ("b;A", "setpoint;x", " ", "a, b c"),
    "tpmstate0": ("local-zfs:vm-100-disk-8,size=4M,version=v2.0", "local-zfs:vm-100-disk-8,size=4M"),
    "unused0": ("local-zfs:vm-100-disk-4",),
    "usb0": ("spice", "host=1-1.2,usb3=1", "mapping=stick"),
    "vga": ("qxl,memory=32", "serial0", "none", "std,clipboard=vnc"),
    "virtio15": ("local-zfs:vm-100-disk-3,discard=on,detect_zeroes=0,replicate=0,size=1T",),
    "watchdog": ("i6300esb", "model=ib700,action=reset"),
}
USUALLY = st.fixed_dictionaries({}, optional={name: st.sampled_from(texts) for name, texts in USUAL.items()})
ODDLY = st.fixed_dictionaries(
    {}, optional={name: st.sampled_from(texts) | st.text(max_size=12) for name, texts in USUAL.items()}
)


def _changed(now: Mapping[str, Scalar], later: Mapping[str, Scalar], gone: set[str]) -> Mapping[str, Scalar]:
    return {name: text for name, text in {**now, **later}.items() if name not in gone}


def _state(
    now: Mapping[str, Scalar], later: Mapping[str, Scalar], gone: set[str], power: str, *, stale: bool
) -> VmState:
    return VmState(
        100,
        "pve1",
        power=power,
        current=now,
        coming=_changed(now, later, gone),
        pool="p1" if stale else "",
        image_current=not stale,
    )


def states(configs: st.SearchStrategy[dict[str, Scalar]]) -> st.SearchStrategy[VmState]:
    """VMs with what is in force, and what is to change at the next start."""
    powers = st.sampled_from(["running", "stopped", "paused", "prelaunch"])
    gone = st.just(set[str]()) | st.sets(st.sampled_from(sorted(USUAL)), max_size=3)
    later = st.just(dict[str, Scalar]()) | configs
    return st.builds(_state, now=configs, later=later, gone=gone, power=powers, stale=st.booleans())


def _turned(config: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
    return dict(reversed(list(config.items())))


def described(state: VmState) -> Tree:
    assert KIND.describe is not None
    return KIND.describe(state)


def settled(**config: Scalar) -> VmState:
    return VmState(100, "pve1", current=config, coming=config)


@settings(deadline=None)
@given(state=states(USUALLY) | states(ODDLY))
def test_from_the_description_nothing_differs(state: VmState) -> None:
    declared = KIND.declare(VirtualMachineSpec.model_validate(described(state)))
    found = diff(declared, KIND.project(state), KIND.treatments, applied=None)
    assert found.changes == ()
    assert set(found.unseen) <= {"/power"}


@settings(deadline=None)
@given(state=states(ODDLY))
def test_a_description_is_plain_data_and_the_same_in_whatever_order_the_options_come(state: VmState) -> None:
    turned = replace(state, current=_turned(state.current), coming=_turned(state.coming))
    assert json.dumps(described(turned)) == json.dumps(described(state))


@settings(deadline=None)
@given(config=USUALLY)
@example(config={name: texts[0] for name, texts in USUAL.items()})
def test_a_secret_is_never_described(config: Mapping[str, Scalar]) -> None:
    text = json.dumps(described(settled(**{**config, "cipassword": "$5$salt$hash"})))
    assert "assword" not in text
    assert "salt" not in text


SAYABLE = {
    "acpi": (0, "acpi", False),
    "agent": ("1", "agent", True),
    "balloon off": (0, "balloon", False),
    "cores": (3, "cores", 3),
    "hotplug nothing": ("0", "hotplug", []),
    "memory": ("1536", "memory", "1536MiB"),
    "memory by default": (None, "memory", "512MiB"),
    "controller by default": (None, "scsiController", "lsi"),
    "onboot": (1, "onboot", True),
    "sockets": (2, "sockets", 2),
    "startup": ("up=30,order=2", "startup", {"order": 2, "up": "30s"}),
    "no cpu": (None, "cpu", {"type": "kvm64"}),
    "watchdog": ("i6300esb", "watchdog", {"model": "i6300esb"}),
    "local time": (0, "localTime", False),
}
OPTIONS = {"balloon off": "balloon", "hotplug nothing": "hotplug", "memory by default": "memory",
           "controller by default": "scsihw", "no cpu": "cpu", "local time": "localtime"}  # fmt: skip


@pytest.mark.parametrize(("name", "row"), SAYABLE.items(), ids=SAYABLE)
def test_what_is_set_is_said(name: str, row: tuple[Scalar, str, Json]) -> None:
    raw, field, value = row
    config = {} if raw is None else {OPTIONS.get(name, name): raw}
    assert described(settled(**config))[field] == value


@pytest.mark.parametrize(
    ("option", "raw"),
    [
        ("cores", 1), ("sockets", 1), ("numa", 0), ("onboot", 0), ("agent", "0"), ("tags", " "), ("description", ""),
        ("bios", "seabios"), ("machine", "pc"), ("vga", "std"), ("hotplug", "1"), ("hotplug", "network,disk,usb"),
        ("cpulimit", "0"), ("tablet", 1), ("acpi", 1), ("boot", "c"), ("unused0", "nas:vm-100-disk-1"),
        ("args", "-x"), ("ciuser", "anna"), ("startup", ""), ("net0", f"virtio={MAC}"), ("scsi0", "/dev/sdb"),
    ],
)  # fmt: skip
def test_what_means_the_same_unsaid_or_cannot_be_declared_is_not_said(option: str, raw: Scalar) -> None:
    assert described(settled(**{option: raw})) == described(settled())


@settings(deadline=None)
@given(config=USUALLY)
@example(config={name: texts[0] for name, texts in USUAL.items()})
def test_every_place_that_is_not_its_default_is_said(config: Mapping[str, Scalar]) -> None:
    """But for what cannot be declared: a choice that a spec does not know, a device that lacks what it needs."""
    state = settled(**config)
    spec = described(state)
    said = dict(leaves(KIND.declare(VirtualMachineSpec.model_validate(spec))))
    for place, value in leaves(KIND.project(state).tree):
        spot = LAYOUT.spot(place)
        if spot is not None and spot.row is not None and value not in (spot.row.absent, None, {}):
            assert said.get(place, value) == value
            assert place in said or value in UNSAID or _lacks_its_device(place, spec)


UNSAID = (
    *("xx", "Administrator", ["not a key"], "192.0.2.1"),
    *("virtio", "ich9-intel-hda", "i6300esb", "spice"),
)
"""What a spec does not know or not take alone, and what it means anyway."""


def _lacks_its_device(place: str, spec: Tree) -> bool:
    """Whether the device that a place belongs to is left out as a whole."""
    group, *rest = parts(place)
    devices = spec.get(group)
    if group not in ("cloudInit", "cdroms", "disks", "firmware", "nics", "pci", "usb", "tpm"):
        return False
    return not isinstance(devices, dict) or (group in ("nics", "disks", "cdroms") and rest[0] not in devices)


def test_of_two_options_that_do_not_go_together_one_is_left_out() -> None:
    said = described(settled(memory="512", balloon=1024, cores=2))
    assert (said["memory"], said["cores"], "balloon" in said) == ("512MiB", 2, False)


def test_what_cannot_be_read_is_not_said() -> None:
    said = described(settled(memory="much", cores="two", sockets=2))
    assert (said["sockets"], "memory" in said, "cores" in said) == (2, False, False)


def test_nothing_is_described_of_a_container_in_the_way() -> None:
    assert described(VmState(100, "pve1", "lxc")) == {}


def test_a_cloud_init_drive_that_shows_old_settings_is_not_declared() -> None:
    config = {"ide2": "local-zfs:vm-100-cloudinit,media=cdrom", "ciuser": "anna"}
    current = VmState(100, "pve1", power="running", current=config, coming=config, image_current=True)
    stale = VmState(100, "pve1", power="running", current=config, coming=config, image_current=False)
    assert described(current)["cloudInit"] == {"storage": "local-zfs", "slot": "ide2", "user": "anna"}
    assert "cloudInit" not in described(stale)
