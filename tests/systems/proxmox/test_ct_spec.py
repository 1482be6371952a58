"""What a person may write about a container, and what is answered to what makes no sense."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from setpoint_proxmox.kinds.container.spec import ContainerSpec
from tests.systems.proxmox.made_ct import ROOTFS, TEMPLATE, spec

DATA = {"storage": "local-zfs", "size": "1GiB", "path": "/data"}
NIC = {"bridge": "vmbr0"}


def test_almost_everything_has_a_default() -> None:
    found = ContainerSpec.model_validate({"template": TEMPLATE, "rootfs": ROOTFS})
    assert (found.unprivileged, found.memory, found.swap, found.cores) == (True, 512 << 20, 512 << 20, None)


WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("memory of half a MiB", {"memory": 16 * (1 << 20) + 1}, "multiple of 1MiB"),
    ("too little memory", {"memory": "8MiB"}, "at least 16MiB"),
    ("swap of half a MiB", {"swap": 1000}, "multiple of 1MiB"),
    ("size that storages round", {"rootfs": ROOTFS | {"size": "1MiB"}}, "multiple of 4MiB"),
    ("no size", {"rootfs": ROOTFS | {"size": 0}}, "multiple of 4MiB"),
    ("path that is not absolute", {"mountPoints": {"mp0": DATA | {"path": "data"}}}, "pattern"),
    ("path that leads up", {"mountPoints": {"mp0": DATA | {"path": "/a/../b"}}}, "leads up"),
    ("a second root", {"mountPoints": {"mp0": DATA | {"path": "/"}}}, "is rootfs"),
    ("slot that is none", {"mountPoints": {"mp256": DATA}}, "pattern"),
    ("a slot twice", {"mountPoints": {"mp0": DATA}, "bindMounts": {"mp0": {"source": "/srv", "path": "/srv"}}}, "slot mp0 is declared twice"),
    ("a path twice", {"mountPoints": {"mp0": DATA, "mp1": DATA | {"path": "/data/"}}}, "/data is mounted twice"),
    ("a bind mount of a volume", {"bindMounts": {"mp0": {"source": "local-zfs:x", "path": "/srv"}}}, "pattern"),
    ("a device elsewhere", {"devices": {"dev0": {"path": "/etc/passwd"}}}, "pattern"),
    ("a mode in decimal", {"devices": {"dev0": {"path": "/dev/kvm", "mode": "660"}}}, "pattern"),
    ("a name twice", {"nics": {"net0": NIC, "net1": NIC | {"name": "eth0"}}}, "two network cards are called eth0"),
    ("a gateway without an address", {"nics": {"net0": NIC | {"gateway4": "192.0.2.1"}}}, "needs an address of its own"),
    ("a gateway with dhcp", {"nics": {"net0": NIC | {"ipv4": "dhcp", "gateway4": "192.0.2.1"}}}, "needs an address of its own"),
    ("an address without its length", {"nics": {"net0": NIC | {"ipv4": "192.0.2.9"}}}, "or manual"),
    ("auto for IPv4", {"nics": {"net0": NIC | {"ipv4": "auto"}}}, "is no IPv4 setting"),
    ("a group's mac", {"nics": {"net0": NIC | {"mac": "01:00:00:00:00:01"}}}, "multicast"),
    ("a server that is a name", {"nameservers": ["dns.example.org"]}, "is no IP address"),
    ("quotas of an unprivileged one", {"rootfs": ROOTFS | {"quota": True}}, "privileged"),
    ("a file system with a comma", {"features": {"mount": ["nfs,x"]}}, "is no file system"),
    ("a tag with a blank", {"tags": ["a b"]}, "is no tag"),
    ("a key that is none", {"sshKeys": ["secret"]}, "is no public key"),
    ("a password in plain", {"password": "secret"}, "never written"),
    ("a distribution that is none", {"osType": "windows"}, "pattern"),
]  # fmt: skip


@pytest.mark.parametrize(("fields", "why"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_what_makes_no_sense_is_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        spec(**fields)


def test_paths_and_options_have_one_form() -> None:
    mount = spec(
        mountPoints={"mp0": DATA | {"path": "//data//x/", "mountOptions": ["noatime", "discard", "noatime"]}}
    )
    assert mount.mount_points["mp0"].path == "/data/x"
    assert mount.mount_points["mp0"].mount_options == ("discard", "noatime")
