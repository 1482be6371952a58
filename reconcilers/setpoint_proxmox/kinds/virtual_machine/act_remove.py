"""The effect that ends a VM; neighbour: `remove`, which says when."""

from __future__ import annotations

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import ActResult
from setpoint_proxmox.answer import record
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.virtual_machine.act_common import path_of, started, vmid_of
from setpoint_proxmox.mark import parse_mark


async def destroy(cluster: Cluster, acting: Acting) -> ActResult:
    """Destroy the VM, its own volumes, and what refers to it in backup jobs, replication and HA.

    The mark is read once more: Proxmox takes no digest here, so the number may be another guest's by now.

    Raises:
        RefusalError: it does not bear our mark.
    """
    vmid = vmid_of(acting)
    config = record(await cluster.api.get(*path_of(acting), "config"))
    if parse_mark(str(config.get("description") or "")) != acting.owner.mark(str(vmid)):
        raise RefusalError(f"VM {vmid} does not bear the mark of {acting.owner.key}, so it is not destroyed")
    return started(
        await cluster.api.delete(*path_of(acting), purge=True, **{"destroy-unreferenced-disks": False})
    )
