"""The kind Network: a zone of the software-defined network with its vnets and subnets, applied as one."""

from __future__ import annotations

import re

from setpoint.examples import examples
from setpoint.model.identity import Identity
from setpoint.model.kind import Kind
from setpoint_proxmox.kinds.network.act import ACTS
from setpoint_proxmox.kinds.network.describe import describe
from setpoint_proxmox.kinds.network.observe import observe
from setpoint_proxmox.kinds.network.plan import plan, remark, remove
from setpoint_proxmox.kinds.network.project import TREATMENTS, declare, project
from setpoint_proxmox.kinds.network.spec import NAMES, PATTERN, NetworkSpec
from setpoint_proxmox.kinds.network.state import NetworkOutputs, NetworkState, outputs, problems, status


def _identity(text: str) -> Identity | None:
    return {"zone": text} if re.fullmatch(PATTERN, text) else None


KIND: Kind[NetworkSpec, NetworkState] = Kind(
    name="Network",
    summary="A zone of a Proxmox cluster's software-defined network, with its vnets and subnets.",
    spec=NetworkSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: None if spec.zone is None else {"zone": spec.zone},
    named=lambda key: {"zone": key.name},
    object_id=lambda identity: str(identity["zone"]),
    acts=ACTS,
    treatments=TREATMENTS,
    names=re.compile(NAMES),
    hosted_by="ProxmoxCluster",
    mark=remark,
    remove=remove,
    problems=problems,
    status=status,
    outputs=NetworkOutputs,
    publish=outputs,
    identity=_identity,
    title=lambda state: state.zone,
    describe=describe,
    examples=examples(__name__),
)
