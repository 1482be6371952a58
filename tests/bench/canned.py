"""The real kinds of Proxmox over a cluster that answers from memory: no HTTP, and as many VMs as there are vmids.

Everything from the kinds down to the client's threads is real; what is left out are proxmoxer, requests and the wire.
The replies are those of Proxmox VE 9 for such a machine, as text, so that JSON is read as it is in earnest.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import requests

from setpoint.model.kind import Gate, System, TargetPort
from setpoint.model.secret import Secret
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.endpoint import Endpoint
from setpoint_proxmox.kinds.proxmox_cluster import KIND as CLUSTER
from setpoint_proxmox.kinds.proxmox_cluster.connect import connect as real_connect
from setpoint_proxmox.kinds.proxmox_cluster.spec import ProxmoxClusterSpec
from setpoint_proxmox.kinds.virtual_machine import KIND as MACHINE
from setpoint_proxmox.transport import close_api
from tests.bench import null

FIRST = 1000
"""The lowest vmid."""
NODES = ("pve1", "pve2", "pve3", "pve4", "pve5")
PRIVILEGES = {
    "/": ("Sys.Audit", "Sys.Modify"),
    "/pool": ("Pool.Allocate",),
    "/sdn": ("SDN.Use",),
    "/storage": ("Datastore.AllocateSpace", "Datastore.Audit"),
    "/vms": (
        "VM.Allocate",
        "VM.Audit",
        "VM.Clone",
        "VM.Config.CDROM",
        "VM.Config.CPU",
        "VM.Config.Cloudinit",
        "VM.Config.Disk",
        "VM.Config.HWType",
        "VM.Config.Memory",
        "VM.Config.Network",
        "VM.Config.Options",
        "VM.GuestAgent.Audit",
        "VM.PowerMgmt",
    ),
}


def name(number: int) -> str:
    """The name of a VM."""
    return f"vm{number:05}"


def node(number: int) -> str:
    """Where a VM is."""
    return NODES[number % len(NODES)]


def spec(number: int) -> dict[str, Any]:
    """What is declared of a VM, and what it is."""
    return {
        "node": node(number),
        "cores": 2,
        "memory": "2GiB",
        "onboot": True,
        "disks": {"scsi0": {"storage": "local-zfs", "size": "20GiB"}},
        "nics": {"net0": {"bridge": "vmbr0"}},
        "power": "running",
    }


def cluster_spec(count: int) -> dict[str, Any]:
    """A cluster of `count` VMs."""
    return {
        "endpoints": ["http://127.0.0.1:9"],
        "token": {"id": "setpoint@pve!bench", "secret": {"env": "BENCH_TOKEN"}},
        "vmids": {"from": FIRST, "to": FIRST + count - 1},
    }


def config(number: int) -> dict[str, Any]:
    """The configuration of a VM, as Proxmox keeps it."""
    vmid = FIRST + number
    return {
        "boot": "order=scsi0;net0",
        "cores": 2,
        "cpu": "x86-64-v2-AES",
        "description": f"setpoint: {null.ESTATE} default/VirtualMachine/{name(number)} vmid={vmid}",
        "memory": "2048",
        "meta": "creation-qemu=10.0.13,ctime=1795230000",
        "name": name(number),
        "net0": f"virtio=BC:24:11:{number >> 16:02X}:{number >> 8 & 255:02X}:{number & 255:02X},bridge=vmbr0",
        "onboot": 1,
        "ostype": "l26",
        "scsi0": f"local-zfs:vm-{vmid}-disk-0,size=20G",
        "scsihw": "virtio-scsi-single",
        "smbios1": f"uuid=e61a441c-12e0-48b2-bad6-{number:012}",
        "tags": "setpoint",
        "vmgenid": f"78de5857-5487-4e1e-af19-{number:012}",
    }


@dataclass(frozen=True)
class Replies:
    """What the API of a cluster with `count` VMs answers to reads."""

    count: int

    def answer(self, path: str) -> Any:
        """The data of a reply.

        Raises:
            LookupError: nobody asks that of a cluster at rest.
        """
        match path.split("/"):
            case ["version"]:
                return {"release": "9.2", "repoid": "14a22df3", "version": "9.2.11"}
            case ["cluster", "status"]:
                return self._status()
            case ["cluster", "resources"]:
                return json.loads(self._resources)
            case ["access", "permissions"]:
                return {path: dict.fromkeys(names, 1) for path, names in PRIVILEGES.items()}
            case ["nodes", _, "qemu", vmid, *rest]:
                return json.loads(json.dumps(self._machine(int(vmid) - FIRST, "/".join(rest))))
            case _:
                raise LookupError(path)

    def _status(self) -> list[dict[str, Any]]:
        whole = {"type": "cluster", "name": "bench", "nodes": len(NODES), "quorate": 1}
        return [whole, *({"type": "node", "name": name, "online": 1} for name in NODES)]

    @cached_property
    def _resources(self) -> str:
        return json.dumps([*self._parts(), *(self._guest(number) for number in range(self.count))])

    def _parts(self) -> Iterator[dict[str, Any]]:
        for name in NODES:
            yield {"id": f"node/{name}", "node": name, "type": "node", "status": "online", "maxcpu": 64}
            shared = {"storage": "local-zfs", "node": name, "shared": 0, "status": "available"}
            yield {"id": f"storage/{name}/local-zfs", "type": "storage", **shared}

    def _guest(self, number: int) -> dict[str, Any]:
        vmid = FIRST + number
        return {
            "id": f"qemu/{vmid}",
            "type": "qemu",
            "vmid": vmid,
            "name": name(number),
            "node": node(number),
            "status": "running",
            "template": 0,
            "tags": "setpoint",
            "cpu": 0.01,
            "maxcpu": 2,
            "mem": 1 << 30,
            "maxmem": 2 << 30,
            "maxdisk": 20 << 30,
            "uptime": 1000,
        }

    def _machine(self, number: int, what: str) -> Any:
        match what:
            case "config":
                return {**config(number), "digest": "d1"}
            case "pending":
                rows = [{"key": key, "value": value} for key, value in config(number).items()]
                return [*rows, {"key": "digest", "value": "d1"}]
            case "status/current":
                told = {
                    "status": "running",
                    "qmpstatus": "running",
                    "pid": number + 2,
                    "vmid": FIRST + number,
                }
                return {**told, "name": name(number), "cpus": 2, "maxmem": 2 << 30, "uptime": 1000}
            case "snapshot":
                return [{"name": "current", "digest": "d1", "running": 1, "description": "You are here!"}]
            case _:
                raise LookupError(what)


@dataclass(frozen=True)
class Resource:
    """A path of the API, as proxmoxer's."""

    replies: Replies
    path: str

    def get(self, **_params: Any) -> Any:
        return self.replies.answer(self.path)


class Api:
    """In the place of proxmoxer's object."""

    def __init__(self, replies: Replies) -> None:
        self.replies = replies
        self._store = {"session": requests.Session()}

    def __call__(self, path: str) -> Resource:
        return Resource(self.replies, path)


def connect(spec: ProxmoxClusterSpec, secrets: Mapping[str, Secret], gate: Gate) -> Cluster:
    """The real client, with replies from memory under it."""
    cluster = real_connect(spec, secrets, gate)
    for _, api in cluster.api._apis:
        close_api(api)
    replies = Replies(spec.vmids.high - spec.vmids.low + 1)
    cluster.api._apis = [(Endpoint.parse(spec.endpoints[0]), Api(replies))]
    return cluster


def port() -> TargetPort[ProxmoxClusterSpec]:
    assert CLUSTER.port is not None
    return replace(CLUSTER.port, connect=connect)


SYSTEM = System("proxmox", (replace(CLUSTER, port=port()), MACHINE))
