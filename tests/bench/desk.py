"""A daemon at rest between an emulated NetBox and an emulated cluster, and changes in the one that are awaited at the other."""

from __future__ import annotations

import itertools
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from setpoint_lab.rehearsal_folder import free_port
from tests.bench import both, canned, plant
from tests.bench.child import SideError
from tests.bench.daemon import Daemon, daemon
from tests.bench.entered import FAR, NEAR, TAG
from tests.bench.estate import SECRETS, Folder, manifest, prepare
from tests.systems.netbox.ground import MACHINES, TOKEN, NetBox
from tests.systems.proxmox.drive import Lab

POLLS = 4
"""Polls for which nothing is to happen."""
REST = 1.5
"""Seconds after which NetBox's next call counts as another one."""
PATIENCE = 120.0
MANY = 1_000
"""VMs from which polls are as seldom as in earnest, or nearly."""
HOOK = "s3cret"
EVENTS = ("object_created", "object_updated", "object_deleted")


@dataclass(frozen=True)
class Desk:
    """What is measured at.

    Attributes:
        wire: what the daemon asks of NetBox.
        lab: the cluster that takes writes.
        size, far: machines in NetBox, and those of them that the cluster in memory holds.
        written: ids in NetBox of the machines of that cluster.
        poll: seconds between two polls.
        rule: the id of the rule by which NetBox calls.
        began, work: seconds from the daemon's start until all was in sync, and seconds of a processor meanwhile.
    """

    running: Daemon
    netbox: NetBox
    wire: plant.Wire
    lab: Lab
    size: int
    far: int
    written: range
    poll: float
    rule: int
    began: float
    work: float
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def made(self) -> str:
        """What stands for a large estate."""
        near = len(self.written)
        return f"{near} VMs on an emulated cluster, {self.far:,} on one in memory, {self.size - near - self.far:,} planned"

    def calling(self, *, on: bool) -> None:
        """Let NetBox call, or let it be silent."""
        self.netbox.edit("extras/event-rules", self.rule, enabled=on)

    def change(self, number: int) -> float:
        """Seconds from somebody's PATCH in NetBox to the first write at the cluster."""
        self.running.in_sync()
        time.sleep(REST)
        before, began = len(self.lab.writes()), time.perf_counter()
        self.netbox.edit(MACHINES, number, description=f"Change {next(self._numbers)}.")
        while len(self.lab.writes()) == before:
            if time.perf_counter() - began > PATIENCE:
                log = self.running.log.read_text()[-3000:]
                raise SideError(f"machine {number} is not written at Proxmox\n{log}")
            time.sleep(0.005)
        return time.perf_counter() - began


@contextmanager
def at_rest(root: Path, netbox: NetBox, size: int, near: int, far: int) -> Generator[Desk]:
    """A daemon for the length of the block that found `size` machines in NetBox, some of them on the clusters."""
    poll, port = 5.0 if size >= MANY else 1.0, free_port(0)
    rule = _rule(netbox, port)
    with plant.plant(near, first=size - near) as lab, plant.counted(netbox.url) as wire:
        folder = _folder(root, _settings(wire.url, port, poll), lab, size, far)
        began = time.monotonic()
        with daemon(folder) as running:
            running.until(lambda: len(_done(running)) == near + far + 2, "the machines of NetBox in sync")
            taken, work = time.monotonic() - began, running.work()
            written = range(size - near + 1, size + 1)
            yield Desk(running, netbox, wire, lab, size, far, written, poll, rule, taken, work)


def _rule(netbox: NetBox, port: int) -> int:
    """A webhook, and a disabled rule that calls it."""
    hook = netbox.make(
        "extras/webhooks", name="setpoint", payload_url=f"http://127.0.0.1:{port}/hook", secret=HOOK
    )
    action = {"action_type": "webhook", "action_object_type": "extras.webhook", "action_object_id": hook}
    kinds = ["virtualization.virtualmachine"]
    return netbox.make(
        "extras/event-rules",
        name="setpoint",
        enabled=False,
        object_types=kinds,
        event_types=EVENTS,
        **action,
    )


def _settings(url: str, port: int, poll: float) -> dict[str, Any]:
    return {
        "url": url,
        "token": {"env": "BENCH_NETBOX"},
        "select": {"tags": [TAG]},
        "poll": f"{poll:.0f}s",
        "webhook": {"listen": f"127.0.0.1:{port}", "secret": {"env": "BENCH_HOOK"}},
    }


def _folder(root: Path, settings: dict[str, Any], lab: Lab, size: int, far: int) -> Folder:
    """The clusters, and what NetBox has no place for; machines are looked at once a day."""
    defaults = "kind: VirtualMachine\npolicy: {interval: 24h}\nspec:\n  nics: {net0: {bridge: vmbr0}}\n"
    texts = (
        ("far.yaml", manifest("ProxmoxCluster", FAR, canned.cluster_spec(far))),
        ("near.yaml", manifest("ProxmoxCluster", NEAR, plant.spec(lab.url, size))),
        ("defaults.yaml", defaults),
    )
    secrets = {**SECRETS, **plant.SECRETS, "BENCH_NETBOX": TOKEN, "BENCH_HOOK": HOOK}
    return prepare(root, texts, points=both.POINTS, secrets=secrets, inventories={"netbox": settings})


def _done(running: Daemon) -> list[str]:
    rows = running.status().get("resources", [])
    return [row["key"] for row in rows if row["outcome"] == "Done"]
