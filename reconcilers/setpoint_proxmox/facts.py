"""What a survey of a cluster tells its kinds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from setpoint_proxmox.access import Privilege


@dataclass(frozen=True)
class Guest:
    """A guest as the cluster's list tells it.

    Attributes:
        kind: `qemu` or `lxc`.
        lock: empty when it has none.
        name: as last reported by its node, `VM 100` for one without; empty while its node has not reported it.
        template: as last reported by its node.
        pool: the pool that it is in, as far as we may see it; else empty.
        status: `running`, `stopped` or what QEMU calls it, as last reported by its node, up to 10 s ago.
        memory: the most that it may take, in bytes, as last reported by its node; None while that has not.
        cpus: its processors, reported likewise; those of its node for a container without a number of its own.
        ha: what the HA manager does with it; empty for a guest that it does not look after.
    """

    vmid: int
    kind: str
    node: str
    tags: frozenset[str]
    lock: str
    name: str
    template: bool
    pool: str
    status: str
    memory: int | None = None
    cpus: float | None = None
    ha: str = ""


@dataclass(frozen=True)
class Capacity:
    """What a node has: its processors, and its memory in bytes."""

    cpus: int
    memory: int


@dataclass(frozen=True)
class Unclear:
    """A guest that may be ours and of which that could not be told; `passing` when it ends by itself."""

    vmid: int
    node: str
    why: str
    passing: bool


@dataclass(frozen=True)
class Facts:
    """One look at a cluster.

    Attributes:
        cluster: its name; empty for a node that never joined one.
        nodes: name -> whether it is online.
        capacity: what each node has; of those that never reported it, or that we may not look at, nothing.
        storages: name -> whether every node sees the same one; only those that we may see.
        active: storage -> the nodes on which it can be used now.
        missing: privileges that every cluster needs and that we lack.
        forgone: privileges that only some features need and that we lack.
        unclear: guests that may be ours and of which that could not be told.
        blind: a sentence why guests may be hidden from us; empty when every guest was seen.
        vmids: first and last id that we may give to a new guest.
        endpoint: who answered.
    """

    version: str
    cluster: str
    quorate: bool
    nodes: Mapping[str, bool]
    guests: Mapping[int, Guest]
    storages: Mapping[str, bool]
    missing: tuple[Privilege, ...]
    forgone: tuple[Privilege, ...]
    unclear: tuple[Unclear, ...]
    blind: str
    vmids: tuple[int, int]
    endpoint: str
    token: str
    capacity: Mapping[str, Capacity] = field(default_factory=dict[str, Capacity])
    active: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
