"""What is declared before and after, and what may have come about in the world when the daemon was killed in between."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.systems.proxmox.drive import world

Spec = dict[str, Any]
Effects = Sequence[Mapping[str, Any]]

_DISK = {"storage": "local-zfs", "size": "4GiB"}
_PLAIN: Spec = {
    "node": "pve1",
    "cores": 1,
    "disks": {"scsi0": _DISK},
    "nics": {"net0": {"bridge": "vmbr0"}},
}
_TWO: Spec = {**_PLAIN, "disks": {"scsi0": _DISK, "scsi1": {"storage": "local-zfs", "size": "8GiB"}}}
_MORE: Spec = {
    **_PLAIN,
    "cores": 2,
    "disks": {**_TWO["disks"], "scsi0": {"storage": "local-zfs", "size": "6GiB"}},
    "nics": {**_PLAIN["nics"], "net1": {"bridge": "vmbr1"}},
    "power": "running",
}


@dataclass(frozen=True)
class Scenario:
    """One change of the declarations, and all that may come of it.

    Attributes:
        before: what is declared and true at first; None for nothing.
        effects: kind of effect -> how often it comes about, whatever happens to the daemon; no other does.
        disks: slot -> storage and gigabytes afterwards.
        state: the world at first.
    """

    before: Spec | None
    after: Spec
    effects: Mapping[str, int]
    disks: Mapping[str, tuple[str, int]]
    policy: Mapping[str, Any] = field(default_factory=dict[str, Any])
    state: Mapping[str, Any] = field(default_factory=world)


SCENARIOS = {
    "create": Scenario(
        before=None,
        after={**_TWO, "power": "running"},
        effects={"guest_made": 1, "volume_made": 2, "mac_made": 1, "started": 1},
        disks={"scsi0": ("local-zfs", 4), "scsi1": ("local-zfs", 8)},
    ),
    "update": Scenario(
        before={**_PLAIN, "power": "stopped"},
        after=_MORE,
        effects={"volume_made": 1, "mac_made": 1, "started": 1},
        disks={"scsi0": ("local-zfs", 6), "scsi1": ("local-zfs", 8)},
    ),
    "update while it runs": Scenario(
        before={**_PLAIN, "power": "running"},
        after=_MORE,
        effects={"volume_made": 1, "mac_made": 1, "stopped": 1, "started": 1},
        disks={"scsi0": ("local-zfs", 6), "scsi1": ("local-zfs", 8)},
        policy={"reboot": "whenNeeded"},
    ),
}


def counted(effects: Effects) -> dict[str, int]:
    return dict(Counter(effect["kind"] for effect in effects))
