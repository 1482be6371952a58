"""What is declared before and after, and what has to be found in the world whatever happened to the daemon meanwhile."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.systems.proxmox.drive import world
from tests.systems.proxmox.made_ct import TEMPLATE
from tests.systems.proxmox.test_ct_converge import estate

Document = Mapping[str, Any]
VMID = 1000
"""The first number of the cluster's range, which the VM of every scenario gets."""
_TEMPLATE = 9000
_GIB = 1 << 30
_MAC = re.compile(r"(?:[0-9A-F]{2}:){5}[0-9A-F]{2}")

_DISK = {"storage": "local-zfs", "size": "4GiB"}
_PLAIN: dict[str, Any] = {
    "node": "pve1",
    "cores": 1,
    "disks": {"scsi0": _DISK},
    "nics": {"net0": {"bridge": "vmbr0"}},
}
_TWO = {**_PLAIN, "disks": {"scsi0": _DISK, "scsi1": {"storage": "local-zfs", "size": "2GiB"}}}
_MOVED = {**_TWO, "disks": {"scsi0": _DISK, "scsi1": {"storage": "local", "size": "2GiB"}}}
_MORE = {
    **_PLAIN,
    "cores": 2,
    "disks": {**_TWO["disks"], "scsi0": {"storage": "local-zfs", "size": "6GiB"}},
    "nics": {**_PLAIN["nics"], "net1": {"bridge": "vmbr1"}},
    "power": "running",
}


def _world(**parts: Any) -> Document:
    """Tasks take as long as real ones, so that there is time to die beside each."""
    return world(pace="realistic", **parts)


def _with_template() -> Document:
    disk = f"local-zfs:base-{_TEMPLATE}-disk-0"
    config = {
        "name": "debian",
        "template": 1,
        "memory": "1024",
        "scsi0": f"{disk},size=2G",
        "net0": "virtio=BC:24:11:00:90:00,bridge=vmbr0",
        "scsihw": "virtio-scsi-single",
    }
    template = {
        "type": "qemu", "vmid": _TEMPLATE, "node": "pve1", "status": "stopped", "config": config
    }  # fmt: skip
    volume = {"volid": disk, "node": "pve1", "vmid": _TEMPLATE, "size": 2 * _GIB}
    return _world(guests=[template], content=[volume])


_CT: dict[str, Any] = {
    "node": "pve1",
    "template": TEMPLATE,
    "rootfs": {"storage": "local-zfs", "size": "4GiB"},
    "mountPoints": {"mp0": {"storage": "local-zfs", "size": "2GiB", "path": "/data"}},
    "nics": {"net0": {"bridge": "vmbr0"}},
    "power": "running",
}
_CT_MORE = {
    **_CT,
    "memory": "1GiB",
    "rootfs": {"storage": "local-zfs", "size": "6GiB"},
    "mountPoints": {**_CT["mountPoints"], "mp1": {"storage": "local-zfs", "size": "1GiB", "path": "/more"}},
    "nics": {**_CT["nics"], "net1": {"bridge": "vmbr1"}},
    "features": {"nesting": True},
}


def _with_archive() -> Document:
    return {**estate(), "pace": "realistic"}


def _with_container() -> Document:
    """A template of containers lies ready."""
    root = f"local-zfs:basevol-{_TEMPLATE}-disk-0"
    config = {
        "hostname": "debian",
        "template": 1,
        "unprivileged": 1,
        "ostype": "debian",
        "arch": "amd64",
        "rootfs": f"{root},size=4G",
        "net0": "name=eth0,bridge=vmbr0,hwaddr=BC:24:11:00:90:00,type=veth",
    }
    template = {
        "type": "lxc", "vmid": _TEMPLATE, "node": "pve1", "status": "stopped", "config": config
    }  # fmt: skip
    return {**estate(guests=[template]), "pace": "realistic"}


@dataclass(frozen=True)
class Scenario:
    """One change of the declarations, and all that comes of it.

    Attributes:
        before: what is declared and true at first; None for nothing.
        after: what is declared then; None for nothing, so that the VM is deleted.
        effects: kind of effect -> how often it comes about; no other does.
        disks: slot -> storage and GiB afterwards.
        state: the world at first.
        kind: what web01 is.
        rebuilt: it is done at a moment of the lifecycle, a day after it was made.
        beside: what else is declared all the time, `Kind/name` -> spec; it is in sync at the end.
        has: slot -> what its option of the configuration holds afterwards.
    """

    before: Document | None
    after: Document | None
    effects: Mapping[str, int]
    disks: Mapping[str, tuple[str, int]]
    policy: Document = field(default_factory=dict[str, Any])
    state: Document = field(default_factory=_world)
    kind: str = "VirtualMachine"
    rebuilt: bool = False
    beside: Mapping[str, Document] = field(default_factory=dict[str, Document])
    has: Mapping[str, str] = field(default_factory=dict[str, str])


REBUILD = 1_795_230_301.0
"""The moment of a lifecycle, some minutes after the emulator's clock begins, and a second."""
_DAILY = {"deletion": "delete", "lifecycle": {"rebuildEvery": "1d", "at": "03:05"}}
_REBUILT = {"guest_gone": 1, "volume_gone": 2, "stopped": 1, "guest_made": 1, "volume_made": 2, "started": 1}
_FIXED = {"net0": {"bridge": "vmbr0", "mac": "BC:24:11:00:00:01"}}

SCENARIOS = {
    "create": Scenario(
        before=None,
        after={**_TWO, "power": "running"},
        effects={"guest_made": 1, "volume_made": 2, "mac_made": 1, "started": 1},
        disks={"scsi0": ("local-zfs", 4), "scsi1": ("local-zfs", 2)},
    ),
    "update": Scenario(
        before={**_PLAIN, "power": "running"},
        after=_MORE,
        effects={"volume_made": 1, "mac_made": 1, "stopped": 1, "started": 1},
        disks={"scsi0": ("local-zfs", 6), "scsi1": ("local-zfs", 2)},
        policy={"reboot": "whenNeeded"},
    ),
    "clone": Scenario(
        before=None,
        after={**_MORE, "clone": {"from": _TEMPLATE}},
        effects={"guest_made": 1, "volume_made": 2, "mac_made": 2, "started": 1},
        disks={"scsi0": ("local-zfs", 6), "scsi1": ("local-zfs", 2)},
        state=_with_template(),
    ),
    "move": Scenario(
        before={**_TWO, "power": "running"},
        after={**_MOVED, "power": "running"},
        effects={"volume_made": 1, "volume_gone": 1},
        disks={"scsi0": ("local-zfs", 4), "scsi1": ("local", 2)},
    ),
    "remove": Scenario(
        before={**_TWO, "power": "running"},
        after=None,
        effects={"guest_gone": 1, "volume_gone": 2, "stopped": 1},
        disks={},
        policy={"deletion": "delete", "grace": "0s"},
    ),
    "rebuild": Scenario(
        before={**_TWO, "nics": _FIXED, "power": "running"},
        after={**_TWO, "nics": _FIXED, "power": "running"},
        effects=_REBUILT,
        disks={"scsi0": ("local-zfs", 4), "scsi1": ("local-zfs", 2)},
        policy=_DAILY,
        rebuilt=True,
    ),
    "rebuild-container": Scenario(
        before={**_CT, "nics": _FIXED},
        after={**_CT, "nics": _FIXED},
        effects=_REBUILT,
        disks={"rootfs": ("local-zfs", 4), "mp0": ("local-zfs", 2)},
        policy=_DAILY,
        state=_with_archive(),
        kind="Container",
        rebuilt=True,
    ),
    "create-container": Scenario(
        before=None,
        after=_CT,
        effects={"guest_made": 1, "volume_made": 2, "mac_made": 1, "started": 1},
        disks={"rootfs": ("local-zfs", 4), "mp0": ("local-zfs", 2)},
        state=_with_archive(),
        kind="Container",
    ),
    "take-address": Scenario(
        before=None,
        after={**_CT, "nics": {"net0": {"bridge": "vmbr0", "ipv4": {"pool": "lan"}}}},
        effects={"guest_made": 1, "volume_made": 2, "mac_made": 1, "started": 1},
        disks={"rootfs": ("local-zfs", 4), "mp0": ("local-zfs", 2)},
        state=_with_archive(),
        kind="Container",
        beside={"AddressPool/lan": {"cidr": "192.0.2.0/24", "gateway": "192.0.2.1"}},
        has={"net0": "ip=192.0.2.2/24"},
    ),
    "update-container": Scenario(
        before=_CT,
        after=_CT_MORE,
        effects={"volume_made": 1, "mac_made": 1, "stopped": 1, "started": 1},
        disks={"rootfs": ("local-zfs", 6), "mp0": ("local-zfs", 2), "mp1": ("local-zfs", 1)},
        policy={"reboot": "whenNeeded"},
        state=_with_archive(),
        kind="Container",
    ),
    "clone-container": Scenario(
        before=None,
        after={
            "clone": {"from": _TEMPLATE},
            "rootfs": {"storage": "local-zfs", "size": "6GiB"},
            "nics": {"net0": {"bridge": "vmbr1"}},
            "power": "running",
        },
        effects={"guest_made": 1, "volume_made": 1, "mac_made": 1, "started": 1},
        disks={"rootfs": ("local-zfs", 6)},
        state=_with_container(),
        kind="Container",
    ),
    "move-volume": Scenario(
        before={**_CT, "power": "stopped"},
        after={
            **_CT,
            "mountPoints": {"mp0": {"storage": "local", "size": "2GiB", "path": "/data"}},
            "power": "stopped",
        },
        effects={"volume_made": 1, "volume_gone": 1},
        disks={"rootfs": ("local-zfs", 4), "mp0": ("local", 2)},
        state=_with_archive(),
        kind="Container",
    ),
}


def _on(node: str, spec: Document) -> Document:
    """The same with a placement that allows one node alone."""
    return {**spec, "node": None, "placement": {"nodes": [node]}, "power": "running"}


SCENARIOS["migrate"] = Scenario(
    before=_on("pve1", _PLAIN),
    after=_on("pve2", _PLAIN),
    effects={"guest_moved": 1, "volume_made": 1, "volume_gone": 1},
    disks={"scsi0": ("local-zfs", 4)},
)
SCENARIOS["migrate-container"] = Scenario(
    before=_on("pve1", _CT),
    after=_on("pve2", _CT),
    effects={"guest_moved": 1, "volume_made": 2, "volume_gone": 2, "stopped": 1, "started": 1},
    disks={"rootfs": ("local-zfs", 4), "mp0": ("local-zfs", 2)},
    policy={"reboot": "whenNeeded"},
    state=_with_archive(),
    kind="Container",
)


def check_effects(scenario: Scenario, effects: Sequence[Document]) -> None:
    """Everything came about exactly once, and to our VM alone."""
    assert dict(Counter(effect["kind"] for effect in effects)) == scenario.effects, effects
    assert {effect["vmid"] for effect in effects} == {VMID}, effects


def check_world(scenario: Scenario, before: Document, after: Document) -> None:
    """One VM more at most, under its number, with its disks and nothing beside them, and the addresses it had."""
    there = {VMID} if scenario.after is not None else set[int]()
    assert _vmids(after) == (_vmids(before) - {VMID}) | there
    config = _config(after)
    volumes = {row["volid"]: row for row in after["content"] if row.get("vmid") == VMID}
    disks = {
        option: volumes.pop(volid)
        for option, text in config.items()
        if (volid := text.partition(",")[0]) in volumes
    }
    assert volumes == {}, "left over"
    found = {slot: (row["volid"].partition(":")[0], row["size"] / _GIB) for slot, row in disks.items()}
    assert found == scenario.disks
    assert all(part in config[slot] for slot, part in scenario.has.items()), config
    if scenario.after is None:
        return
    assert _macs(before).items() <= _macs(after).items()
    assert len(set(_macs(after).values())) == len(_macs(after)) == len(scenario.after["nics"])


def _vmids(state: Document) -> set[int]:
    return {guest["vmid"] for guest in state["guests"]}


def _config(state: Document) -> dict[str, str]:
    return next(
        (dict[str, str](guest["config"]) for guest in state["guests"] if guest["vmid"] == VMID),
        dict[str, str](),
    )


def _macs(state: Document) -> dict[str, str]:
    nics = {slot: text for slot, text in _config(state).items() if slot.startswith("net")}
    return {slot: _MAC.findall(text)[0] for slot, text in nics.items()}
