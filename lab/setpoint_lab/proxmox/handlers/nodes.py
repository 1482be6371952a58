"""The nodes: /nodes and their status."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.handlers.version import REPOSITORY
from setpoint_lab.proxmox.load_points import span, times
from setpoint_lab.proxmox.node_load import NodeLoads
from setpoint_lab.proxmox.routes import route
from setpoint_lab.proxmox.schema import load

if TYPE_CHECKING:
    from setpoint_lab.proxmox.call import Call
    from setpoint_lab.proxmox.world import Node, World

DISK_TOTAL = 270_553_174_016
DISK_USED = 34_491_310_080
BOOTED_BEFORE = 3600
"""Seconds that a node has run when the emulator starts."""

_KERNEL = {
    "release": "6.14.8-2-pve",
    "sysname": "Linux",
    "version": "#1 SMP PREEMPT_DYNAMIC",
    "machine": "x86_64",
}
_AT_REST = (
    *("arcsize", "iowait", "netin", "netout", "swaptotal", "swapused"),
    *("pressurecpusome", "pressureiofull", "pressureiosome", "pressurememoryfull", "pressurememorysome"),
)
"""Figures of a node's load that are always 0."""

_FLAGS = "fpu vme de pse tsc msr pae cx8 apic sep cmov pat sse sse2 ht syscall nx lm svm aes"


def fingerprint(node: str) -> str:
    """The fingerprint of a node's certificate: made of its name, so that it stays."""
    digest = hashlib.sha256(node.encode()).hexdigest().upper()
    return ":".join(digest[index : index + 2] for index in range(0, len(digest), 2))


def node_row(world: World, node: Node, *, detailed: bool) -> dict[str, object]:
    """A node as lists show it; its load only for those who may see it."""
    row: dict[str, object] = {
        "id": f"node/{node.name}",
        "node": node.name,
        "type": "node",
        "level": "",
        "status": "online" if node.online else "offline",
    }
    if detailed:
        row |= {"maxcpu": node.cpus, "maxmem": node.memory, "maxdisk": DISK_TOTAL}
    if detailed and node.online:
        loads = world.part(NodeLoads)
        busy = loads.now(node.name)
        used = {"cpu": busy.cpu, "mem": loads.memory(node.name, busy), "disk": DISK_USED}
        row |= used | {"uptime": _uptime(world)}
    return row


def _uptime(world: World) -> int:
    return int(world.clock.now() - world.started) + BOOTED_BEFORE


@route("GET", "/nodes")
async def list_nodes(call: Call) -> object:
    """All nodes."""
    return call.world.shuffled(
        node_row(call.world, node, detailed=call.allowed(f"/nodes/{node.name}", "Sys.Audit"))
        | {"ssl_fingerprint": fingerprint(node.name)}
        for node in call.world.nodes.values()
    )


@route("GET", "/nodes/{node}/status")
async def read_status(call: Call) -> object:
    """Load, memory, processors and versions of a node."""
    node = call.world.nodes[call.text("node")]
    loads = call.world.part(NodeLoads)
    busy = loads.now(node.name)
    used = loads.memory(node.name, busy)
    free = DISK_TOTAL - DISK_USED
    return {
        "boot-info": {"mode": "legacy-bios"},
        "cpu": busy.cpu,
        "cpuinfo": {
            "cores": node.cpus,
            "cpus": node.cpus,
            "family": "26",
            "flags": _FLAGS,
            "hvm": "1",
            "mhz": "2596.118",
            "model": "AMD EPYC",
            "sockets": 1,
            "user_hz": 100,
            "vendor": "AuthenticAMD",
        },
        "current-kernel": _KERNEL,
        "idle": 0,
        "ksm": {"shared": 0},
        "kversion": f"Linux {_KERNEL['release']} {_KERNEL['version']}",
        "loadavg": ["0.10", "0.12", "0.09"],
        "memory": {
            "available": node.memory - used,
            "free": node.memory - used,
            "total": node.memory,
            "used": used,
        },
        "pveversion": f"pve-manager/{load().version}/{REPOSITORY}",
        "rootfs": {"avail": free, "free": free, "total": DISK_TOTAL, "used": DISK_USED},
        "swap": {"free": 0, "total": 0, "used": 0},
        "uptime": _uptime(call.world),
        "wait": 0,
    }


@route("GET", "/nodes/{node}/rrddata")
async def read_load(call: Call) -> object:
    """The load of a node over time: one row per point, nothing but its time where nothing was measured."""
    node = call.world.nodes[call.text("node")]
    loads, step = call.world.part(NodeLoads), span(call)
    rows: list[dict[str, object]] = []
    for at in times(call):
        mean = loads.mean(node.name, at - step, at)
        rows.append({"time": at} | (_load_row(node, *mean) if mean is not None else {}))
    return rows


def _load_row(node: Node, cpu: float, used: float) -> dict[str, object]:
    row: dict[str, object] = dict.fromkeys(_AT_REST, 0)
    return row | {
        "cpu": cpu,
        "loadavg": cpu * node.cpus,
        "maxcpu": node.cpus,
        "memtotal": node.memory,
        "memused": used,
        "memavailable": node.memory - used,
        "roottotal": DISK_TOTAL,
        "rootused": DISK_USED,
    }
