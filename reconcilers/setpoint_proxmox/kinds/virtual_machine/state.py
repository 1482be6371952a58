"""What is seen of a virtual machine, and what is wrong with it although nothing differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias

from setpoint.model.identity import Mark
from setpoint.model.kind import Problem
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.kinds.virtual_machine.strings import NicText
from setpoint_proxmox.mark import parse_mark, split_tags
from setpoint_proxmox.propstring import parse

Config: TypeAlias = Mapping[str, Scalar]
"""Option -> value as Proxmox gives it, numbers as numbers and everything else as text."""

SETTLED = ("running", "stopped", "paused")
"""The power states in which a VM stays by itself."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a VM.

    Attributes:
        time: when it was taken, seconds since the epoch; 0 when that is not known.
        parent: the name of the snapshot before it; empty for the first.
        ram: whether it holds the VM's memory, so that a rollback makes it run again.
    """

    name: str
    time: int = 0
    description: str = ""
    parent: str = ""
    ram: bool = False


@dataclass(frozen=True)
class VmState:
    """A guest under a vmid.

    Attributes:
        kind: `qemu`; or `lxc` when a container is in the way, of which nothing else is read.
        power: `running`, `stopped`, `paused`, or another word of QEMU's for what lies between.
        current: what is in force now.
        coming: what is in force after the next start.
        digest: of the configuration file; a write that carries it fails if the file changed meanwhile.
        pool: empty when it is in none that we may see.
        template: whether it is one, and can be cloned only.
        snapshots: in the order of their times.
        addresses: NIC slot -> addresses with prefix, as the guest agent tells them; None when it does not.
        silence: why the agent that is configured tells nothing; empty when it does, or there is none.
        image_current: whether the cloud-init drive shows the present settings; None when that is not known, or
            there is no such drive. Passwords and addresses that somebody else changed since do not count.
    """

    vmid: int
    node: str
    kind: str = "qemu"
    power: str = "stopped"
    current: Config = field(default_factory=dict[str, Scalar])
    coming: Config = field(default_factory=dict[str, Scalar])
    digest: str = ""
    pool: str = ""
    template: bool = False
    snapshots: tuple[Snapshot, ...] = ()
    addresses: Mapping[str, tuple[str, ...]] | None = None
    silence: str = ""
    image_current: bool | None = None

    @property
    def lock(self) -> str:
        """What Proxmox is doing with the guest; empty for nothing."""
        return str(self.current.get("lock") or "")

    @property
    def mark(self) -> Mark | None:
        """The mark that the guest bears."""
        return parse_mark(self.description)

    @property
    def description(self) -> str:
        """The notes, our mark included."""
        return str(self.current.get("description") or "")

    @property
    def name(self) -> str:
        """The name; empty when it has none."""
        return str(self.current.get("name") or "")

    @property
    def uuid(self) -> str:
        """What its firmware says; no other guest of the cluster ever has it, a clone gets a new one."""
        text = str(self.current.get("smbios1") or "")
        return parse(text, "uuid").get("uuid", "") if text else ""

    @property
    def tags(self) -> frozenset[str]:
        """The tags in lower case, ours included."""
        return split_tags(self.current.get("tags"))


def problems(state: VmState) -> tuple[Problem, ...]:
    """What an admin should know although it is no difference that we correct."""
    found: list[Problem] = []
    if state.lock:
        found.append(
            Problem("Locked", f"VM {state.vmid} is locked ({state.lock}); it is not changed meanwhile")
        )
    if state.power not in SETTLED:
        found.append(
            Problem("PowerState", f"VM {state.vmid} is {state.power}; look at it on node {state.node}")
        )
    return tuple(found)


def status(state: VmState) -> dict[str, Json]:
    """What `status` shows."""
    if state.kind != "qemu":
        return {"vmid": state.vmid, "node": state.node, "container": True}
    changed = state.current.keys() | state.coming.keys()
    pending: list[Json] = [key for key in sorted(changed) if state.current.get(key) != state.coming.get(key)]
    snapshots: list[Json] = [_snapshot(snapshot) for snapshot in state.snapshots]
    return {
        "vmid": state.vmid,
        "node": state.node,
        "power": state.power,
        "lock": state.lock or None,
        "template": state.template,
        "pool": state.pool or None,
        "macs": dict[str, Json](macs(state.current)),
        "addresses": _addresses(state),
        "guestAgent": state.silence or None,
        "cloudInitImage": _IMAGE[state.image_current],
        "snapshots": snapshots,
        "detachedVolumes": _detached(state),
        "pendingRestart": pending,
    }


_IMAGE: Mapping[bool | None, Json] = {True: "current", False: "old", None: None}


def macs(config: Config) -> dict[str, str]:
    """The MAC address of every NIC by its slot."""
    return {
        slot: NicText.parse(str(text)).mac.upper()
        for slot, text in sorted(config.items())
        if slot.startswith("net") and slot[3:].isdigit()
    }


def _snapshot(snapshot: Snapshot) -> Json:
    return {
        "name": snapshot.name,
        "taken": datetime.fromtimestamp(snapshot.time, UTC).isoformat() if snapshot.time else None,
        "parent": snapshot.parent or None,
        "description": snapshot.description,
        "ram": snapshot.ram,
    }


def _addresses(state: VmState) -> Json:
    if state.addresses is None:
        return None
    return {slot: list[Json](texts) for slot, texts in state.addresses.items()}


def _detached(state: VmState) -> dict[str, Json]:
    """The volumes that belong to the VM and are attached nowhere, by option."""
    return {key: str(text) for key, text in sorted(state.current.items()) if key.startswith("unused")}
