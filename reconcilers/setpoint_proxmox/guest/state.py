"""What is seen of a guest whatever its type: where it is, how it is set now and after the next start, what it bears."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar, TypeAlias

from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.kind import Problem
from setpoint.model.tree import Json, Scalar
from setpoint_proxmox.guest.syntax import WHOLE, Syntax
from setpoint_proxmox.guest.words import MACHINE, Words
from setpoint_proxmox.mark import parse_mark, split_tags

Config: TypeAlias = Mapping[str, Scalar]
"""Option -> value as Proxmox gives it, numbers as numbers and everything else as text."""

_HOLDER = re.compile(r"(scsi|virtio|sata|ide|efidisk|tpmstate|mp|unused)\d+|rootfs")

SETTLED = ("running", "stopped", "paused")
"""The power states in which a guest stays by itself."""


@dataclass(frozen=True)
class Snapshot:
    """A snapshot of a guest.

    Attributes:
        time: when it was taken, seconds since the epoch; 0 when that is not known.
        parent: the name of the snapshot before it; empty for the first.
        ram: whether it holds the guest's memory, so that a rollback makes it run again.
    """

    name: str
    time: int = 0
    description: str = ""
    parent: str = ""
    ram: bool = False


@dataclass(frozen=True)
class Keeper:
    """Who decides on the power of a guest in its place: a declared resource of high availability.

    Attributes:
        state: what it wants of the guest, in Proxmox's words.
        key: which one it is.
    """

    state: str
    key: Key


@dataclass(frozen=True)
class GuestState:
    """A guest under a vmid.

    Attributes:
        kind: its type, `qemu` or `lxc`; of one that is not of the type that was looked for nothing else is read.
        power: `running`, `stopped`, `paused`, or another word of Proxmox's for what lies between.
        current: what is in force now.
        coming: what is in force after the next start.
        digest: of the configuration file; a write that carries it fails if the file changed meanwhile.
        pool: empty when it is in none that we may see.
        template: whether it is one, and can be cloned only.
        snapshots: in the order of their times.
        addresses: NIC slot -> addresses with prefix, as they are told from inside; None when they are not.
        silence: why nothing is told from inside although it should; empty when it is, or nothing was asked.
        keeper: who decides on its power in its place; None when it does itself.
        since: since when this making of the guest is known, seconds since the epoch; 0 at the first look.
        host_key: the public key that its sshd shows; empty where it is not asked for, or not known.
        allowed: the nodes of its placement when it is on one of them, its own alone when it is not; empty when nothing
            is declared about that.
    """

    words: ClassVar[Words] = MACHINE
    name_option: ClassVar[str] = "name"
    nic: ClassVar[Syntax] = WHOLE
    mac_option: ClassVar[str] = ""

    vmid: int
    node: str
    kind: str = MACHINE.path
    power: str = "stopped"
    current: Config = field(default_factory=dict[str, Scalar])
    coming: Config = field(default_factory=dict[str, Scalar])
    digest: str = ""
    pool: str = ""
    template: bool = False
    snapshots: tuple[Snapshot, ...] = ()
    addresses: Mapping[str, tuple[str, ...]] | None = None
    silence: str = ""
    keeper: Keeper | None = None
    since: float = 0.0
    host_key: str = ""
    allowed: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.words.noun} {self.vmid}"

    @property
    def configured(self) -> tuple[str, ...]:
        """The fixed addresses that it was given from outside, where nothing inside tells any."""
        return ()

    @property
    def foreign(self) -> bool:
        """Whether a guest of the other type is in the way."""
        return self.kind != self.words.path

    @property
    def is_on(self) -> bool:
        """Whether it does anything."""
        return self.power != "stopped"

    @property
    def lock(self) -> str:
        """What Proxmox is doing with the guest; empty for nothing."""
        return str(self.current.get("lock") or "")

    @property
    def protected(self) -> bool:
        """Whether Proxmox refuses to take it or one of its volumes away."""
        return str(self.current.get("protection") or "0") != "0"

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
        return str(self.current.get(self.name_option) or "")

    @property
    def macs(self) -> dict[str, str]:
        """The MAC address of every NIC that has one and can be read, by its slot."""
        found: dict[str, str] = {}
        for slot, text in sorted(self.current.items()):
            with suppress(ValueError, KeyError):
                if is_nic_slot(slot):
                    found[slot] = self.nic.split(str(text))[self.mac_option].upper()
        return found

    @property
    def tags(self) -> frozenset[str]:
        """The tags in lower case, ours included."""
        return split_tags(self.current.get("tags"))


def volumes(config: Config) -> Iterator[tuple[str, str]]:
    """What every slot for a volume holds, attached or not: a volume, an image, a folder or device of the node."""
    for option, text in config.items():
        if _HOLDER.fullmatch(option):
            yield option, str(text).partition(",")[0]


def is_nic_slot(option: str) -> bool:
    """Whether an option of a configuration is a NIC."""
    return option.startswith("net") and option[3:].isdigit()


def problems(state: GuestState) -> tuple[Problem, ...]:
    """What an admin should know although it is no difference that we correct."""
    found: list[Problem] = []
    if state.lock:
        found.append(Problem("Locked", f"{state} is locked ({state.lock}); it is not changed meanwhile"))
    if state.power not in SETTLED:
        found.append(Problem("PowerState", f"{state} is {state.power}; look at it on node {state.node}"))
    return tuple(found)


def shown(state: GuestState) -> dict[str, Json]:
    """What `status` shows of any guest."""
    changed = state.current.keys() | state.coming.keys()
    pending: list[Json] = [key for key in sorted(changed) if state.current.get(key) != state.coming.get(key)]
    return {
        "vmid": state.vmid,
        "node": state.node,
        "power": state.power,
        "lock": state.lock or None,
        "template": state.template,
        "pool": state.pool or None,
        "macs": dict[str, Json](state.macs),
        "addresses": _addresses(state),
        "snapshots": list[Json](_snapshot(snapshot) for snapshot in state.snapshots),
        "detachedVolumes": _detached(state),
        "pendingRestart": pending,
    }


def _snapshot(snapshot: Snapshot) -> Json:
    return {
        "name": snapshot.name,
        "taken": datetime.fromtimestamp(snapshot.time, UTC).isoformat() if snapshot.time else None,
        "parent": snapshot.parent or None,
        "description": snapshot.description,
        "ram": snapshot.ram,
    }


def _addresses(state: GuestState) -> Json:
    if state.addresses is None:
        return None
    return {slot: list[Json](texts) for slot, texts in state.addresses.items()}


def _detached(state: GuestState) -> dict[str, Json]:
    """The volumes that belong to the guest and are attached nowhere, by option."""
    return {key: str(text) for key, text in sorted(state.current.items()) if key.startswith("unused")}
