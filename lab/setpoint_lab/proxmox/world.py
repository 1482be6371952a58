"""The whole state of an emulated cluster: one mutable world per process, replaced as a whole by the control plane."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.access import Access
from setpoint_lab.proxmox.ledger import Ledger
from setpoint_lab.proxmox.tasks import Tasks
from setpoint_lab.proxmox.volumes import Storage, Volumes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.clock import Clock
    from setpoint_lab.proxmox.guests import Guest


@dataclass(slots=True)
class Node:
    """A member of the cluster; memory in bytes."""

    name: str
    ip: str
    online: bool = True
    cpus: int = 2
    memory: int = 8 << 30


@dataclass(slots=True)
class Pool:
    """A pool; its guests and storages are its members."""

    id: str
    comment: str | None = None
    guests: set[int] = field(default_factory=set[int])
    storages: set[str] = field(default_factory=set[str])


class World:
    """A cluster, or a node that never joined one (`cluster` None)."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        """Start as an empty node pve1 with the usual storages and bridge."""
        self.clock = clock
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311  # lists come in a random order that a seed repeats
        self.ledger = Ledger()
        self.nodes: dict[str, Node] = {"pve1": Node("pve1", "10.99.0.1")}
        self.local = "pve1"
        self.cluster: str | None = None
        self.quorate = True
        self.storages: dict[str, Storage] = {}
        self.volumes = Volumes(self.ledger)
        self.bridges: dict[str, Mapping[str, object]] = {}
        self.guests: dict[int, Guest] = {}
        self.pools: dict[str, Pool] = {}
        self.access = Access(self.ledger)
        self.tasks = Tasks(clock, self.ledger)
        self.missing_devices: set[str] = set()
        self.datacenter: dict[str, object] = {}

    def changed(self) -> None:
        """Say that the request being served changes the world; every store that is written calls it."""
        self.ledger.changed()
