"""What the kinds of a cluster share: its client, the range of new vmids, and what one look remembers for the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.tree import Json
from setpoint_proxmox.client import Client
from setpoint_proxmox.contents import Contents
from setpoint_proxmox.facts import Guest
from setpoint_proxmox.guest.load import Loads
from setpoint_proxmox.sums import Sums
from setpoint_proxmox.uploads import Uploads


@dataclass(frozen=True)
class Silence:
    """A guest agent that did not answer, and that is left alone for a while: each question costs seconds.

    Attributes:
        pid: of the machine that was asked; another one is asked at once.
        pause: seconds for which it is left alone.
        until: the end of the pause, seconds since the epoch.
    """

    pid: int
    pause: float
    until: float
    why: str


@dataclass(frozen=True)
class HostKey:
    """The host key of a VM, and the machine that was running when it was read."""

    pid: int
    key: str


@dataclass(frozen=True)
class Beside:
    """What was read of a VM beside its configuration.

    Attributes:
        digest: of the configuration at that time; whatever is kept in the same file is as old as it.
        at: when its power was read, seconds since the epoch.
        machine: the answer of status/current.
        snapshots: the answer of snapshot.
        drive: the answer of cloudinit; None when it was not asked for.
        resource: what is wanted of it by the manager of high availability; None when that does not look after it.
    """

    digest: str
    at: float
    machine: Mapping[str, Json]
    snapshots: tuple[Mapping[str, Json], ...]
    drive: tuple[Mapping[str, Json], ...] | None = None
    resource: Mapping[str, Json] | None = None


@dataclass(frozen=True)
class Claim:
    """What was promised of a node to a guest that is not seen there yet.

    Attributes:
        memory: in bytes.
        until: when it is forgotten, seconds since the epoch.
    """

    node: str
    memory: int
    until: float


@dataclass(frozen=True)
class Asked:
    """What the HA manager was asked for: to move a guest to a node.

    Attributes:
        since: when the guest was first seen not to be there yet, seconds since the epoch; None before that.
    """

    node: str
    since: float | None = None


@dataclass(frozen=True)
class Cluster:
    """A connected cluster.

    Attributes:
        vmids: first and last id that we may give to a new guest.
        marks: per vmid, the guest as it was listed when its mark was read, name, pool and template left aside;
            another listing reads it again.
        making: the vmids under which we began to make guests that do not show their mark yet.
        silences: per vmid, the guest agents that did not answer.
        host_keys: per vmid, what the guest agent read last.
        beside: per vmid, what was read last beside the configuration.
        contents: what was found out of files on storages.
        sums: of files of this host.
        uploads: those that are under way.
        cut_off: the SDN zones of which the journal says that a change of ours was cut off, since the last apply.
        doubtful: by the moment at which a change of the networks began that was cut off, when we first looked for what it
            left, seconds of the loop.
        loads: what the nodes used over the last day, as far as somebody asked for it.
        claims: by key, what was promised of nodes to guests that are about to be made or moved.
        asked: per vmid, the moves that the HA manager was asked for and that were not seen to be done.
        outdated: the vmids whose cloud-init drives our own writes made old in what Proxmox does not tell of them.
    """

    api: Client
    vmids: tuple[int, int]
    marks: dict[int, tuple[Guest, Mark | None]] = field(default_factory=dict[int, tuple[Guest, Mark | None]])
    making: set[int] = field(default_factory=set[int])
    claims: dict[Key, Claim] = field(default_factory=dict[Key, Claim])
    asked: dict[int, Asked] = field(default_factory=dict[int, Asked])
    silences: dict[int, Silence] = field(default_factory=dict[int, Silence])
    host_keys: dict[int, HostKey] = field(default_factory=dict[int, HostKey])
    beside: dict[int, Beside] = field(default_factory=dict[int, Beside])
    outdated: set[int] = field(default_factory=set[int])
    loads: Loads = field(default_factory=Loads)
    cut_off: set[str] = field(default_factory=set[str])
    doubtful: dict[float, float] = field(default_factory=dict[float, float])
    contents: Contents = field(default_factory=Contents)
    sums: Sums = field(default_factory=Sums)
    uploads: Uploads = field(default_factory=Uploads)
