"""Declaration and state of a rule of high availability as one comparable tree."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.diff import Projection, Treatment
from setpoint.model.tree import Json, Pointer, Tree
from setpoint_proxmox.answer import whole
from setpoint_proxmox.kinds.ha_rule.spec import HaRuleSpec
from setpoint_proxmox.kinds.ha_rule.state import RuleState
from setpoint_proxmox.mark import without_inline

TREATMENTS: Mapping[Pointer, Treatment] = {"/resources": Treatment.SET, "/nodes": Treatment.ATOMIC}


def declare(spec: HaRuleSpec) -> Tree:
    """What was written."""
    tree: Tree = spec.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"rule"})
    tree["resources"] = list[Json](sorted({str(name) for name in spec.resources}))
    if "comment" in tree:
        tree["comment"] = (spec.comment or "").strip()
    return {field: value for field, value in tree.items() if value is not None}


def project(state: RuleState) -> Projection:
    """What is there."""
    tree: Tree = {
        "resources": list[Json](sorted({state.names.get(sid, sid) for sid in state.sids})),
        "nodes": dict[str, Json](state.nodes),
        "strict": whole(state.row.get("strict")) == 1,
        "affinity": str(state.row.get("affinity") or ""),
        "enabled": whole(state.row.get("disable")) != 1,
        "comment": without_inline(state.comment, "rule"),
    }
    return Projection(tree, unseen=("/resources",) if state.unread else ())
