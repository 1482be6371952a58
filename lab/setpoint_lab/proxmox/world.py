"""The whole state of an emulated cluster: one mutable world per process, replaced as a whole by the control plane."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from setpoint_lab.proxmox.access import Access
from setpoint_lab.proxmox.effects import Effects
from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.ledger import Ledger
from setpoint_lab.proxmox.pace import QUICK, Traffic
from setpoint_lab.proxmox.samples import Samples
from setpoint_lab.proxmox.tasks import Tasks
from setpoint_lab.proxmox.tickets import Signer
from setpoint_lab.proxmox.volumes import Storage, Volumes

if TYPE_CHECKING:
    from setpoint_lab.clock import Clock
    from setpoint_lab.proxmox.frozen import Waiting
    from setpoint_lab.proxmox.guests import Guest
    from setpoint_lab.proxmox.interference import Delay, Interference
    from setpoint_lab.proxmox.parts import Part

    Own = TypeVar("Own", bound=Part)

Row = TypeVar("Row")

NO_QUORUM_SECONDS = 10.0


@dataclass(slots=True)
class Node:
    """A member of the cluster; memory in bytes.

    `stopped` are the daemons that are down; a `silent` node's network drops what is sent to it.
    """

    name: str
    ip: str
    online: bool = True
    cpus: int = 2
    memory: int = 8 << 30
    stopped: set[str] = field(default_factory=set[str])
    silent: bool = False


@dataclass(slots=True)
class Pool:
    """A pool; its guests and storages are its members."""

    id: str
    comment: str | None = None
    guests: set[int] = field(default_factory=set[int])
    storages: set[str] = field(default_factory=set[str])


USUAL_BRIDGE: Mapping[str, object] = {
    "iface": "vmbr0",
    "type": "bridge",
    "method": "static",
    "cidr": "10.99.0.1/24",
    "bridge_ports": "eno1",
    "bridge_stp": "off",
    "bridge_fd": "0",
    "autostart": 1,
    "active": 1,
}


def usual_storages() -> list[Storage]:
    """The storages of a fresh installation: a folder, and a pool for disks."""
    files = frozenset({"backup", "images", "import", "iso", "rootdir", "snippets", "vztmpl"})
    return [
        Storage("local", "dir", files, path="/var/lib/vz", total=270_553_174_016, used=32_191_750_144),
        Storage(
            "local-zfs",
            "zfspool",
            frozenset({"images", "rootdir"}),
            pool="rpool/data",
            total=107_374_182_400,
            used=10_737_418_240,
            options={"sparse": 1},
        ),
    ]


class World:
    """A cluster, or a node that never joined one (`cluster` None)."""

    def __init__(self, clock: Clock, seed: int = 0, lag: float = 10.0) -> None:
        """Start as an empty node pve1 with the usual storages and bridge; `lag` in seconds ages the samples."""
        self.clock = clock
        self.started = clock.now()
        self.seed = seed
        self.random = random.Random(seed)  # noqa: S311  # lists come in a random order that a seed repeats
        self.signer = Signer(self.random.randbytes(32))
        self.ledger = Ledger()
        self.effects = Effects(clock)
        self.nodes: dict[str, Node] = {"pve1": Node("pve1", "10.99.0.1")}
        self.local = "pve1"
        self.cluster: str | None = None
        self.cluster_version = 2
        self.quorate = True
        self.storages: dict[str, Storage] = {storage.id: storage for storage in usual_storages()}
        self.pace = QUICK
        self.traffic = Traffic()
        self.volumes = Volumes(self.ledger, self.effects)
        self.bridges: dict[str, Mapping[str, object]] = {"vmbr0": USUAL_BRIDGE}
        self.guests: dict[int, Guest] = {}
        self.fresh_macs = set[str]()
        self.pools: dict[str, Pool] = {}
        self.access = Access(self.ledger, self.pools)
        self.tasks = Tasks(clock, self.ledger)
        self.missing_devices: set[str] = set()
        self.datacenter: dict[str, object] = {}
        self.samples = Samples(lag)
        self.luck = random.Random(seed + 1)  # noqa: S311  # what troubles hit; apart from the order of lists
        self.interferences: list[Interference] = []
        self.delays: list[Delay] = []
        self.mending: list[Callable[[], None]] = []
        self.late: list[asyncio.Task[None]] = []
        self.frozen: dict[tuple[str, str], list[Waiting]] = {}
        self.other: dict[str, object] = {}
        self.parts: dict[str, Part] = {}
        self.daemons: list[asyncio.Task[None]] = []

    def part(self, kind: type[Own]) -> Own:
        """What the world has of that kind; made from its section of the state when it is asked for first."""
        found = self.parts.get(kind.KEY)
        if not isinstance(found, kind):
            found = self.parts[kind.KEY] = kind(self, self.other.get(kind.KEY))
        return found

    def shuffled(self, rows: Iterable[Row]) -> list[Row]:
        """The rows in a random order that the seed repeats: real lists come in the order of a hash."""
        mixed = list(rows)
        self.random.shuffle(mixed)
        return mixed

    async def require_quorum(self, what: str, path: str) -> None:
        """Raise 500 after the time that the cluster's lock is waited for when too few nodes are there to vote.

        `what` is what failed, for example `create pool failed`, or nothing; `path` names the locked file, `user_cfg`.
        """
        if not self.quorate:
            await self.clock.sleep(NO_QUORUM_SECONDS)
            raise ApiError.internal(f"{what}{': ' if what else ''}cfs-lock 'file-{path}' error: no quorum!")

    def keep(self, guest: Guest) -> None:
        """Let there be a guest."""
        self.guests[guest.vmid] = guest
        self.effects.note("guest_made", guest.vmid, guest.node)

    def lose(self, vmid: int) -> None:
        """Let there be a guest no more."""
        guest = self.guests.pop(vmid, None)
        if guest is not None:
            self.effects.note("guest_gone", vmid, guest.node)

    def changed(self) -> None:
        """Say that the request being served changes the world; every store that is written calls it."""
        self.ledger.changed()
