"""The kind HaRule: where guests that a Proxmox cluster keeps available may be."""

from __future__ import annotations

import re

from setpoint.examples import examples
from setpoint.model.kind import Kind
from setpoint_proxmox.kinds.ha_rule.act import ACTS
from setpoint_proxmox.kinds.ha_rule.observe import observe
from setpoint_proxmox.kinds.ha_rule.plan import plan, remark, remove
from setpoint_proxmox.kinds.ha_rule.project import TREATMENTS, declare, project
from setpoint_proxmox.kinds.ha_rule.spec import PATTERN, HaRuleSpec
from setpoint_proxmox.kinds.ha_rule.state import RuleState, status

KIND: Kind[HaRuleSpec, RuleState] = Kind(
    name="HaRule",
    summary="A rule about where guests that a Proxmox cluster keeps available may be.",
    spec=HaRuleSpec,
    declare=declare,
    project=project,
    observe=observe,
    plan=plan,
    identify=lambda spec: None if spec.rule is None else {"rule": spec.rule},
    named=lambda key: {"rule": key.name},
    object_id=lambda identity: str(identity["rule"]),
    acts=ACTS,
    treatments=TREATMENTS,
    names=re.compile(PATTERN),
    hosted_by="ProxmoxCluster",
    names_only=True,
    mark=remark,
    remove=remove,
    status=status,
    examples=examples(__name__),
)
