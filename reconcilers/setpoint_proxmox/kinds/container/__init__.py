"""The kind Container: an LXC container, made from a template."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_proxmox.guest.host import expand, told_by_node
from setpoint_proxmox.guest.names import asks
from setpoint_proxmox.guest.naming import NAMES, identity_of, object_id
from setpoint_proxmox.guest.outputs import GuestOutputs, publish
from setpoint_proxmox.guest.remark import remark
from setpoint_proxmox.guest.remove import remove
from setpoint_proxmox.guest.state import problems
from setpoint_proxmox.kinds.container.act import ACTS
from setpoint_proxmox.kinds.container.describe import describe, untold
from setpoint_proxmox.kinds.container.observe import observe
from setpoint_proxmox.kinds.container.place import compute
from setpoint_proxmox.kinds.container.plan import plan
from setpoint_proxmox.kinds.container.project import TREATMENTS, declare, project, secrets
from setpoint_proxmox.kinds.container.spec import ContainerSpec
from setpoint_proxmox.kinds.container.state import CtState, status

KIND: Kind[ContainerSpec, CtState] = Kind(
    name="Container",
    summary="An LXC container of a Proxmox cluster.",
    spec=ContainerSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: None if spec.vmid is None else {"vmid": spec.vmid},
    object_id=object_id,
    acts=ACTS,
    treatments=TREATMENTS,
    names=NAMES,
    hosted_by="ProxmoxCluster",
    mark=remark,
    remove=remove,
    stateful=True,
    problems=problems,
    status=status,
    compute=compute,
    secrets=secrets,
    outputs=GuestOutputs,
    publish=publish,
    identity=identity_of,
    title=lambda state: state.name,
    describe=describe,
    untold=untold,
    asks=lambda key, spec: asks(key, spec.dns),
    expand=expand(told_by_node),
    examples=examples(__name__),
)
