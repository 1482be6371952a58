"""Two hundred VMs from nothing on five nodes whose tasks take as long as real ones, in virtual time: as fast as the
budgets allow, and nothing in each other's way."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

from setpoint_proxmox.kinds.proxmox_cluster.spec import Budgets
from tests.rig.daemon import Running
from tests.rig.estate import cluster, vm
from tests.systems.proxmox.drive import Lab, world

COUNT = 200
NODES = tuple(f"pve{number}" for number in range(1, 6))
TEMPLATE = 9000
GIB = 1 << 30
HOUR = 3600.0


def estate() -> dict[str, Any]:
    """Five nodes, each with a pool of its own, a pool shared by all, and a template on that."""
    state = world(
        nodes=[
            {"name": name, "ip": f"10.99.0.{number}", "online": True, "local": number == 1}
            for number, name in enumerate(NODES, 1)
        ],
        guests=[
            {
                "type": "qemu",
                "vmid": TEMPLATE,
                "node": "pve1",
                "status": "stopped",
                "config": {
                    "name": "debian",
                    "template": 1,
                    "memory": "1024",
                    "scsi0": f"ceph:base-{TEMPLATE}-disk-0,size=4G",
                    "net0": "virtio=BC:24:11:00:90:00,bridge=vmbr0",
                    "scsihw": "virtio-scsi-single",
                },
            }
        ],
        content=[
            {"volid": f"ceph:base-{TEMPLATE}-disk-0", "node": "pve1", "vmid": TEMPLATE, "size": 4 * GIB}
        ],
        pace="realistic",
    )
    state["storages"]["ceph"] = {"type": "rbd", "content": "images", "shared": 1, "total": 1 << 44}
    return state


def files(url: str) -> dict[str, str]:
    """Every other VM is a copy of the template, and the rest begin with an empty disk of their node's own pool."""
    declared = {"lab.yaml": cluster(url)}
    for number in range(COUNT):
        spec: dict[str, Any] = {
            "node": NODES[number % len(NODES)],
            "cores": 2,
            "memory": "2GiB",
            "nics": {"net0": {"bridge": "vmbr1"}},
            "power": "running",
        }
        if number % 2:
            spec |= {"clone": {"from": TEMPLATE}, "disks": {"scsi0": {"storage": "ceph", "size": "8GiB"}}}
        else:
            spec |= {"disks": {"scsi0": {"storage": "local-zfs", "size": "8GiB"}}}
        declared[f"vm{number:03}.yaml"] = vm(f"vm{number:03}", spec)
    return declared


@dataclass(frozen=True)
class Task:
    """A task of the emulator; `scopes` are those that our budgets count for it."""

    kind: str
    node: str
    vmid: str
    seconds: float
    status: str


def tasks(lab: Lab) -> list[Task]:
    return [
        Task(row["type"], name, row["id"], float(row["endtime"]) - float(row["starttime"]), row["status"])
        for name in NODES
        for row in lab.api("GET", f"nodes/{name}/tasks?limit=100000&source=all")
    ]


async def made(running: Running) -> float:
    """Seconds until everything was as declared."""
    begun = running.now()
    await running.settle(patience=24 * HOUR)
    # Three failures of different steps seem to be enough to rest; they are tried again all the same.
    while outcomes(running) != {"Done": COUNT + 1}:
        assert running.now() - begun < 24 * HOUR, outcomes(running)
        await asyncio.sleep(60)
        await running.settle(patience=24 * HOUR)
    return running.now() - begun


def outcomes(running: Running) -> Counter[str]:
    return Counter(status.outcome for status in running.statuses().values())


def floor(done: list[Task]) -> tuple[float, str]:
    """The least that these tasks can take under the budgets, and the scope that decides it."""
    budgets = Budgets()
    work: dict[str, float] = defaultdict(float)
    for task in done:
        work[f"node/{task.node}"] += task.seconds / budgets.per_node
        if task.kind == "qmclone":
            work["storage/ceph"] += task.seconds / budgets.per_storage
        elif task.kind == "qmcreate":
            work[f"storage/{task.node}/local-zfs"] += task.seconds / budgets.per_storage
    return max((seconds, scope) for scope, seconds in work.items())


def assert_two_hundred_and_nothing_else(lab: Lab) -> None:
    guests = [row for row in lab.api("GET", "cluster/resources?type=vm") if row["vmid"] != TEMPLATE]
    assert len({row["name"] for row in guests}) == len(guests) == COUNT
    assert {row["status"] for row in guests} == {"running"}
    effects = lab.get("effects")
    born = Counter(effect["vmid"] for effect in effects if effect["kind"] == "guest_made")
    gone = Counter(effect["vmid"] for effect in effects if effect["kind"] == "guest_gone")
    assert {vmid for vmid in born if born[vmid] > gone[vmid]} == {row["vmid"] for row in guests}
    volumes = Counter(effect["what"] for effect in effects if effect["kind"] == "volume_made")
    volumes.subtract(effect["what"] for effect in effects if effect["kind"] == "volume_gone")
    assert sorted(volumes.elements()) == sorted(
        itertools.chain.from_iterable(disks(lab, row) for row in guests)
    )


def disks(lab: Lab, guest: dict[str, Any]) -> list[str]:
    config = lab.api("GET", f"nodes/{guest['node']}/qemu/{guest['vmid']}/config")
    assert not [option for option in config if option.startswith("unused")]
    return [config["scsi0"].partition(",")[0]]
