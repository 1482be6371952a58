"""The real kinds of Proxmox over two sorts of clusters: those of `canned`, which answer from memory, and those on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from setpoint.model.kind import Gate
from setpoint.model.secret import Secret
from setpoint_proxmox import SYSTEM as REAL
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.proxmox_cluster import KIND as CLUSTER
from setpoint_proxmox.kinds.proxmox_cluster.connect import connect as real_connect
from setpoint_proxmox.kinds.proxmox_cluster.spec import ProxmoxClusterSpec
from tests.bench import canned

POINTS = """[setpoint.systems]
netbox = setpoint_netbox:SYSTEM
proxmox = tests.bench.both:SYSTEM
"""
"""In the place of what is installed."""


def connect(spec: ProxmoxClusterSpec, secrets: Mapping[str, Secret], gate: Gate) -> Cluster:
    """From memory where the declaration is that of `canned`."""
    from_memory = list(spec.endpoints) == canned.cluster_spec(1)["endpoints"]
    return (canned.connect if from_memory else real_connect)(spec, secrets, gate)


_CLUSTER = replace(CLUSTER, port=replace(canned.port(), connect=connect))
SYSTEM = replace(REAL, kinds=tuple(_CLUSTER if kind is CLUSTER else kind for kind in REAL.kinds))
