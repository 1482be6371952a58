"""The kind Container: an LXC container, made from a template."""

from __future__ import annotations

import re

from setpoint.model.kind import Kind
from setpoint_proxmox.examples import examples
from setpoint_proxmox.guest.remark import remark
from setpoint_proxmox.guest.remove import remove
from setpoint_proxmox.guest.state import problems
from setpoint_proxmox.kinds.container.act import ACTS
from setpoint_proxmox.kinds.container.describe import describe
from setpoint_proxmox.kinds.container.observe import observe
from setpoint_proxmox.kinds.container.outputs import CtOutputs, publish
from setpoint_proxmox.kinds.container.plan import plan
from setpoint_proxmox.kinds.container.project import TREATMENTS, declare, project, secrets
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState, status

_VMID = re.compile(r"[1-9][0-9]{2,8}")
_LABEL = "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?"

KIND: Kind[ContainerSpec, CtState] = Kind(
    name="Container",
    summary="An LXC container of a Proxmox cluster.",
    spec=ContainerSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: None if spec.vmid is None else {"vmid": spec.vmid},
    object_id=lambda identity: str(identity["vmid"]),
    acts=ACTS,
    treatments=TREATMENTS,
    names=re.compile(rf"{_LABEL}(\.{_LABEL})*"),
    hosted_by="ProxmoxCluster",
    mark=remark,
    remove=remove,
    stateful=True,
    problems=problems,
    status=status,
    secrets=secrets,
    outputs=CtOutputs,
    publish=publish,
    identity=lambda text: {"vmid": int(text)} if _VMID.fullmatch(text) else None,
    title=lambda state: state.name,
    describe=describe,
    examples=examples(__name__),
)
