"""What people declare in a simulated estate: machines in files, commits of a repository, and a source that serves them."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from setpoint.model.errors import SourceError
from setpoint.sources.snapshot import HistoryRewrittenError, Snapshot
from setpoint.sources.source import Approved
from tests.simulation.loop import mix
from tests.systems.proxmox.drive import TOKEN

SECRET_NAME = "SETPOINT_SIMULATED_TOKEN"
PASSWORD_NAME = "SETPOINT_SIMULATED_PASSWORD"
PASSWORD = "correct-horse-battery-staple"
FIXED = (1100, 1900)
"""The ids that people choose themselves."""
POLL = 120.0
"""Seconds between two looks at the repository."""


CONTAINER = "ct"
"""What the names of containers begin with."""
NETWORK = "net"
"""What the names of networks begin with."""
TEMPLATE = "local:vztmpl/debian-13-standard_13.1-2_amd64.tar.zst"


def kind_of(name: str) -> str:
    """What a resource of that name is."""
    if name.startswith(NETWORK):
        return "Network"
    return "Container" if name.startswith(CONTAINER) else "VirtualMachine"


@dataclass(frozen=True)
class Machine:
    """One declared guest.

    Attributes:
        path: of its file.
        spec: as written.
        policy: as written.
    """

    name: str
    path: str
    spec: Mapping[str, Any]
    policy: Mapping[str, Any]
    target: str
    formerly: str = ""

    def text(self) -> str:
        """The manifest, as JSON, which is YAML."""
        metadata = {"name": self.name, **({"formerly": self.formerly} if self.formerly else {})}
        return json.dumps(
            {
                "kind": kind_of(self.name),
                "metadata": metadata,
                "target": self.target,
                "policy": dict(self.policy),
                "spec": dict(self.spec),
            }
        )


@dataclass(frozen=True)
class Commit:
    """One version.

    Attributes:
        machines: what a reader of this version would say is declared, by name; of a broken file what it held before.
        broken: paths whose text is no manifest.
        hidden: names that this version lost by accident (an empty checkout, half of one).
    """

    number: int
    version: str
    parent: str
    machines: Mapping[str, Machine]
    targets: Mapping[str, str]
    broken: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()

    def files(self) -> dict[str, bytes]:
        """The checkout."""
        shown = [one for one in self.machines.values() if one.name not in self.hidden]
        files = {one.path: one.text() for one in shown}
        files |= dict.fromkeys(self.broken, "kind: VirtualMachine\nspec: [broken\n")
        if len(self.hidden) < len(self.machines) or not self.machines:
            files |= {f"{name}.yaml": text for name, text in self.targets.items()}
        return {path: text.encode() for path, text in files.items()}


def cluster(name: str, *hosts: str) -> str:
    """The manifest of a cluster that is asked at `hosts`."""
    token = {"id": TOKEN, "secret": {"env": SECRET_NAME}}
    spec = {"endpoints": [f"https://{host}" for host in hosts], "token": token}
    return json.dumps({"kind": "ProxmoxCluster", "metadata": {"name": name}, "spec": spec})


@dataclass
class Repository:
    """Commits, the last of which is followed; it outlives every daemon.

    Attributes:
        down: why it cannot be read; empty while it can.
        served: when the daemon last got each version, the last one last, as far as it remembers; seconds of the loop.
        pushed: when each version became the head, seconds of the loop.
    """

    dice: random.Random
    commits: dict[str, Commit] = field(default_factory=dict)
    head: str = ""
    down: str = ""
    pushed: dict[str, float] = field(default_factory=dict)
    rung: list[asyncio.Event] = field(default_factory=list)
    served: dict[str, float] = field(default_factory=dict)

    @property
    def now(self) -> Commit:
        """What is declared."""
        return self.commits[self.head]

    def push(self, machines: Mapping[str, Machine], targets: Mapping[str, str], **more: Any) -> Commit:
        """A new version on top of the head."""
        number = len(self.commits)
        distinct = _distinct(machines, self.now.machines if self.head else {})
        made = Commit(number, f"{number:04d}{'0' * 36}", self.head, distinct, dict(targets), **more)
        self.commits[made.version] = made
        self.reset(made.version)
        return made

    def reset(self, version: str) -> None:
        """Let the branch be at `version`, whatever was there."""
        self.head = version
        self.pushed[version] = asyncio.get_running_loop().time()

    def contains(self, head: str, version: str | None) -> bool:
        """Whether `version` is `head` or one before it."""
        while head:
            if head == version:
                return True
            head = self.commits[head].parent
        return False

    def last_word(self, name: str) -> tuple[Machine, float] | None:
        """What the daemon knew last of a machine while it was declared, and until when; None when nothing."""
        for version, at in reversed(self.served.items()):
            commit = self.commits[version]
            if name in commit.machines and name not in commit.hidden:
                return commit.machines[name], at
        return None

    def ring(self) -> None:
        """Tell who follows it that somebody pushed."""
        for bell in self.rung:
            bell.set()


def _distinct(machines: Mapping[str, Machine], before: Mapping[str, Machine]) -> dict[str, Machine]:
    """The machines without two that are one and the same object, which no version may say: the newer one is any."""
    distinct, taken = dict(machines), set[tuple[str, Any]]()
    for name in sorted(machines, key=lambda name: name not in before):
        machine = machines[name]
        claim = (machine.target, machine.spec.get("vmid"))
        if claim in taken:
            rest = {field: value for field, value in machine.spec.items() if field != "vmid"}
            distinct[name] = replace(machine, spec=rest)
        elif claim[1] is not None:
            taken.add(claim)
    return distinct


class Following:
    """One daemon's source: the repository as it is seen from there."""

    name = "simulated"

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._bell = asyncio.Event()
        repository.rung = [self._bell]

    async def fetch(self, previous: str | None, approved: Approved) -> Snapshot:
        repository = self._repository
        await asyncio.sleep(mix(repository.dice, 0.01, 0.5))
        if repository.down:
            raise SourceError(repository.down)
        head = repository.now
        if previous and not repository.contains(head.version, previous) and not approved(head.version):
            raise HistoryRewrittenError("history was rewritten", remedy="approve", commit=head.version)
        repository.served.pop(head.version, None)
        repository.served[head.version] = asyncio.get_running_loop().time()
        return Snapshot(self.name, head.version, head.files(), author="somebody")

    async def watch(self) -> AsyncGenerator[None]:
        while True:
            try:
                async with asyncio.timeout(POLL):
                    await self._bell.wait()
            except TimeoutError:
                pass
            self._bell.clear()
            yield

    def poke(self) -> None:
        self._bell.set()


NODES = ("pve1", "pve2", "pve3")
INTERVALS = {"20m": 1200.0, "1h": 3600.0, "90m": 5400.0}
"""How often to look, as written and in seconds."""


GRACES = {"1h": 3600.0, "2h": 7200.0}
"""How long what is deleted stays stopped, as written and in seconds; longer than any accident lasts."""


def a_spec(dice: random.Random, nodes: int, kind: str = "VirtualMachine") -> dict[str, Any]:
    """What somebody might write for a new guest."""
    volume = {"storage": "local-zfs", "size": f"{dice.randint(1, 8)}GiB"}
    spec: dict[str, Any] = {
        "node": NODES[dice.randrange(nodes)],
        "cores": dice.choice((1, 2, 4)),
        "memory": dice.choice(("512MiB", "1GiB", "2GiB")),
        "nics": {"net0": {"bridge": "vmbr0"}},
    }
    if kind == "Container":
        spec |= {"template": TEMPLATE, "rootfs": volume}
    else:
        spec["disks"] = {"scsi0": volume}
    if dice.random() < 0.75:
        spec["power"] = "running"
    if dice.random() < 0.5:
        spec["tags"] = sorted(dice.sample(("web", "db", "blue", "red"), dice.randint(1, 2)))
    if dice.random() < 0.15:
        password = {"password": {"env": PASSWORD_NAME}}
        spec |= password if kind == "Container" else {"cloudInit": {"user": "admin", **password}}
    if dice.random() < 0.15:
        spec["vmid"] = dice.randrange(*FIXED)
    if dice.random() < 0.4:
        spec["description"] = dice.choice(("front", "back", "a machine"))
    return spec


def a_policy(dice: random.Random) -> dict[str, Any]:
    """What somebody might want for a VM."""
    policy: dict[str, Any] = {"interval": dice.choice(list(INTERVALS))}
    reboot = dice.choice(("never", "never", "whenNeeded", "window"))
    if reboot != "never":
        policy["reboot"] = reboot
    if reboot == "window":
        policy["window"] = dice.choice(("04:00-05:00", "sat 05:00-06:30", "02:00-03:30"))
    if dice.random() < 0.15:
        policy["drift"] = "warn"
    if dice.random() < 0.12:
        policy["manage"] = dice.choice(("observe", "updateOnly", "noDelete"))
    if dice.random() < 0.4:
        policy["deletion"] = "delete"
        policy["grace"] = dice.choice(list(GRACES))
    if dice.random() < 0.1:
        policy["windows"] = {"hot": dice.choice(("04:00-05:00", "06:00-07:30", "03:30-04:10"))}
    return policy


def a_sandbox(dice: random.Random, policy: Mapping[str, Any], at: str) -> dict[str, Any]:
    """The policy of a sandbox that is made anew at a time of the day."""
    kept = {name: value for name, value in policy.items() if name not in ("manage", "window", "reboot")}
    every = dice.choice(("1d", "2d"))
    return {**kept, "deletion": "delete", "grace": "1h", "lifecycle": {"rebuildEvery": every, "at": at}}


def changed(dice: random.Random, machine: Machine) -> Machine:
    """The machine with something else declared."""
    spec = dict(machine.spec)
    match dice.randrange(7):
        case 0:
            spec["cores"] = dice.choice([n for n in (1, 2, 4, 8) if n != spec["cores"]])
        case 1:
            spec["memory"] = dice.choice([m for m in ("512MiB", "1GiB", "2GiB") if m != spec["memory"]])
        case 2:
            spec["tags"] = sorted(dice.sample(("web", "db", "blue", "red", "green"), dice.randint(0, 3)))
        case 3:
            spec["description"] = f"changed {dice.randint(1, 99)}"
        case 4:
            spec["power"] = "stopped" if spec.get("power") == "running" else "running"
        case 5:
            disk = dict(spec.get("rootfs") or spec.get("disks", {}).get("scsi0", {}))
            if disk:
                disk["size"] = f"{int(disk['size'].removesuffix('GiB')) + dice.randint(1, 3)}GiB"
                spec |= {"rootfs": disk} if "rootfs" in spec else {"disks": {"scsi0": disk}}
        case _:
            return replace(machine, policy=a_policy(dice))
    return replace(machine, spec=spec)
