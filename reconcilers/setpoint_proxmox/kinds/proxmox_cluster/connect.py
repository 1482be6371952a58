"""How a declared cluster is reached."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.kind import Gate
from setpoint.model.secret import Secret, SecretRef
from setpoint_proxmox.client import Client
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.kinds.proxmox_cluster.spec import ProxmoxClusterSpec
from setpoint_proxmox.sdn import SCOPE as SDN_SCOPE
from setpoint_proxmox.transport import Login


def connect(spec: ProxmoxClusterSpec, secrets: Mapping[str, Secret], gate: Gate) -> Cluster:
    """Make a client; nothing is sent."""
    user, _, token = spec.token.id.partition("!")
    api = Client(
        endpoints=[Endpoint.parse(text) for text in spec.endpoints],
        login=Login(user, token, secrets["token"].reveal()),
        trust=Trust(ca=spec.ca or "", fingerprint=spec.fingerprint or ""),
        gate=gate,
    )
    return Cluster(api, (spec.vmids.low, spec.vmids.high))


def secrets(spec: ProxmoxClusterSpec) -> Mapping[str, SecretRef]:
    """The token's value."""
    return {"token": spec.token.secret}


def budget(spec: ProxmoxClusterSpec, scope: str) -> int:
    """How many operations may use a scope side by side; networks are applied for the whole cluster, one at a time."""
    if scope == SDN_SCOPE:
        return 1
    return spec.budgets.per_storage if scope.startswith("storage/") else spec.budgets.per_node


async def close(cluster: Cluster) -> None:
    """Give threads and sockets back."""
    await cluster.uploads.close()
    await cluster.api.close()
