"""The kind Firewall: that of a guest, or that of the cluster."""

from __future__ import annotations

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_proxmox.kinds.firewall.act import ACTS
from setpoint_proxmox.kinds.firewall.observe import CLUSTER, observe
from setpoint_proxmox.kinds.firewall.plan import plan, remark, remove
from setpoint_proxmox.kinds.firewall.project import TREATMENTS, declare, project
from setpoint_proxmox.kinds.firewall.spec import FirewallSpec
from setpoint_proxmox.kinds.firewall.state import FirewallState, status

KIND: Kind[FirewallSpec, FirewallState] = Kind(
    name="Firewall",
    summary="The firewall of a guest, or of a Proxmox cluster as a whole: options, rules, sets, aliases and groups.",
    spec=FirewallSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: {"firewall": CLUSTER} if spec.cluster else None,
    object_id=lambda identity: str(identity.get("firewall", "")),
    acts=ACTS,
    treatments=TREATMENTS,
    hosted_by="ProxmoxCluster",
    mark=remark,
    remove=remove,
    status=status,
    examples=examples(__name__),
)
