"""The kind Pool: a named set of guests and storages that rights can be given on."""

from __future__ import annotations

import re

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_proxmox.kinds.pool.act import ACTS
from setpoint_proxmox.kinds.pool.observe import observe
from setpoint_proxmox.kinds.pool.plan import plan, remark, remove
from setpoint_proxmox.kinds.pool.project import TREATMENTS, declare, project
from setpoint_proxmox.kinds.pool.spec import PATTERN, PoolSpec
from setpoint_proxmox.kinds.pool.state import PoolState, status

KIND: Kind[PoolSpec, PoolState] = Kind(
    name="Pool",
    summary="A resource pool of a Proxmox cluster, with its storages.",
    spec=PoolSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: None if spec.pool is None else {"pool": spec.pool},
    named=lambda key: {"pool": key.name},
    object_id=lambda identity: str(identity["pool"]),
    acts=ACTS,
    treatments=TREATMENTS,
    names=re.compile(PATTERN),
    hosted_by="ProxmoxCluster",
    mark=remark,
    remove=remove,
    status=status,
    examples=examples(__name__),
)
