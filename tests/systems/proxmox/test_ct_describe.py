"""A container that is there, told as a person would declare it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from setpoint.model.tree import Scalar
from setpoint_proxmox.kinds.container import KIND
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState
from tests.systems.proxmox.made_ct import SPECS, VMID, ct, differ, kept, steps

BASE: dict[str, Any] = {
    "node": "pve1",
    "vmid": VMID,
    "rootfs": {"storage": "local-zfs", "size": "8GiB"},
}
NET = "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:00:01,type=veth"

ROWS: list[tuple[str, dict[str, Scalar], dict[str, Any]]] = [
    ("nothing beside the usual", {}, {}),
    ("sizes", {"cores": 2, "memory": 1024, "swap": 0}, {"cores": 2, "memory": "1GiB", "swap": "0B"}),
    ("privileged", {"unprivileged": None}, {"unprivileged": False}),
    ("a nic", {"net0": f"{NET},ip=dhcp"}, {"nics": {"net0": {"bridge": "vmbr0", "name": "eth0", "mac": "BC:24:11:00:00:01", "ipv4": "dhcp"}}}),
    ("a mount point", {"mp0": "nas:subvol-101-disk-1,mp=/data,backup=1,size=1G"}, {"mountPoints": {"mp0": {"storage": "nas", "size": "1GiB", "path": "/data", "backup": True}}}),
    ("a bind mount", {"mp3": "/srv,mp=/srv,ro=1"}, {"bindMounts": {"mp3": {"source": "/srv", "path": "/srv", "readOnly": True}}}),
    ("features and a device", {"features": "keyctl=1,nesting=1", "dev0": "/dev/kvm"}, {"features": {"nesting": True, "keyctl": True}, "devices": {"dev0": {"path": "/dev/kvm"}}}),
    ("a size that no spec can say", {"rootfs": "local-zfs:subvol-101-disk-0,size=9M"}, {"rootfs": None}),
]  # fmt: skip


@pytest.mark.parametrize(("current", "fields"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_the_shortest_declaration_is_told(current: dict[str, Scalar], fields: dict[str, Any]) -> None:
    assert KIND.describe is not None
    found = KIND.describe(ct(**current))
    assert found == {key: value for key, value in (BASE | fields).items() if value is not None}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(SPECS)
def test_from_what_is_told_nothing_that_is_seen_differs(declared: ContainerSpec) -> None:
    config = steps(declared, None)[0].arguments["config"]
    assert isinstance(config, dict)
    state = CtState(VMID, "pve1", current=kept(config), coming=kept(config))
    assert KIND.describe is not None
    told = ContainerSpec.model_validate(KIND.describe(state))
    found = differ(told, state)
    assert (found.changes, found.unseen) == ((), ())


def test_what_waits_and_what_is_secret_is_not_told() -> None:
    assert KIND.describe is not None
    told = KIND.describe(ct({"features": "nesting=1"}, "running"))
    assert not {"features", "password", "power", "osType"} & told.keys()


def test_nothing_is_told_of_a_virtual_machine_in_the_way() -> None:
    assert KIND.describe is not None
    assert KIND.describe(CtState(VMID, "pve1", "qemu")) == {}
