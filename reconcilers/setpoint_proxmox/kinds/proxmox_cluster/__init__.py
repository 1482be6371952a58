"""The kind ProxmoxCluster: a cluster or a single node that holds guests."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind, TargetPort
from setpoint_proxmox.doctor import examine
from setpoint_proxmox.kinds.proxmox_cluster.connect import budget, close, connect, secrets
from setpoint_proxmox.kinds.proxmox_cluster.spec import ProxmoxClusterSpec
from setpoint_proxmox.kinds.proxmox_cluster.state import ClusterState, observe, problems, project, status
from setpoint_proxmox.operations import find, poll
from setpoint_proxmox.stock import listing
from setpoint_proxmox.survey import survey

KIND: Kind[ProxmoxClusterSpec, ClusterState] = Kind(
    name="ProxmoxCluster",
    summary="A Proxmox VE cluster, or a single node, that holds guests.",
    spec=ProxmoxClusterSpec,
    declare=lambda _: {},
    project=project,
    observe=observe,
    plan=lambda _diff, _planning: (),
    identify=lambda _: None,
    object_id=lambda identity: str(identity["id"]),
    port=TargetPort(connect, survey, poll, find, close, secrets, budget, examine, listing),
    problems=problems,
    status=status,
    examples=examples(__name__),
)
