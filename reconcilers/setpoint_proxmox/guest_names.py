"""Which guests other kinds mean by the names of resources: those that bear their marks."""

from __future__ import annotations

from setpoint.model.identity import Mark, Owner
from setpoint.model.key import Key
from setpoint_proxmox.cluster import Cluster


def vmid_of(cluster: Cluster, owner: Owner, kind: str, name: str) -> int | None:
    """The vmid of `name` or `namespace/name`, seen from a resource of ours; None while no guest bears its mark.

    A name without a namespace is looked up in that of the owner, then in `default`, as references are.
    """
    namespace, slash, plain = name.rpartition("/")
    spaces = (namespace,) if slash else (owner.key.namespace, "default")
    for space in spaces:
        wanted = Key(space, kind, plain)
        for vmid, (_, mark) in sorted(cluster.marks.items()):
            if mark == Mark(owner.estate, wanted, str(vmid)):
                return vmid
    return None
