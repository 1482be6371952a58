"""The kind VirtualMachine: a VM with empty disks, from an image, or as a clone."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_proxmox.guest.host import expand, told_by_agent
from setpoint_proxmox.guest.names import asks
from setpoint_proxmox.guest.naming import NAMES, identity_of, object_id
from setpoint_proxmox.guest.outputs import GuestOutputs, publish
from setpoint_proxmox.guest.remark import remark
from setpoint_proxmox.guest.remove import remove
from setpoint_proxmox.kinds.virtual_machine.act import ACTS
from setpoint_proxmox.kinds.virtual_machine.describe import describe, untold
from setpoint_proxmox.kinds.virtual_machine.observe import observe
from setpoint_proxmox.kinds.virtual_machine.place import compute
from setpoint_proxmox.kinds.virtual_machine.plan import plan
from setpoint_proxmox.kinds.virtual_machine.project import TREATMENTS, declare, project, secrets
from setpoint_proxmox.kinds.virtual_machine.spec import VirtualMachineSpec
from setpoint_proxmox.kinds.virtual_machine.state import VmState, problems, status

KIND: Kind[VirtualMachineSpec, VmState] = Kind(
    name="VirtualMachine",
    summary="A virtual machine of a Proxmox cluster.",
    spec=VirtualMachineSpec,
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
    lasting=("uuid",),
    remove=remove,
    stateful=True,
    problems=problems,
    status=status,
    compute=compute,
    secrets=secrets,
    outputs=GuestOutputs,
    publish=publish,
    machine=lambda state: state.uuid,
    identity=identity_of,
    title=lambda state: state.name,
    describe=describe,
    untold=untold,
    asks=lambda key, spec: asks(key, spec.dns),
    expand=expand(told_by_agent),
    examples=examples(__name__),
)
