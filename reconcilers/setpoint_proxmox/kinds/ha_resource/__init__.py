"""The kind HaResource: a guest that a Proxmox cluster keeps available."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_proxmox.kinds.ha_resource.act import ACTS
from setpoint_proxmox.kinds.ha_resource.observe import observe
from setpoint_proxmox.kinds.ha_resource.plan import plan, remark, remove
from setpoint_proxmox.kinds.ha_resource.project import declare, project
from setpoint_proxmox.kinds.ha_resource.spec import HaResourceSpec
from setpoint_proxmox.kinds.ha_resource.state import HaState, problems, status

KIND: Kind[HaResourceSpec, HaState] = Kind(
    name="HaResource",
    summary="A guest that a Proxmox cluster keeps available.",
    spec=HaResourceSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: None if spec.sid is None else {"sid": spec.sid},
    object_id=lambda identity: str(identity.get("sid") or ""),
    acts=ACTS,
    hosted_by="ProxmoxCluster",
    names_only=True,
    mark=remark,
    remove=remove,
    problems=problems,
    status=status,
    examples=examples(__name__),
)
