"""The steps that make a rule of high availability as declared, and the one that takes it away. Pure; neighbour: `act`."""

from __future__ import annotations

from setpoint.model.diff import Diff
from setpoint.model.identity import Owner
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, Tree, parts
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.ha_rule.project import declare
from setpoint_proxmox.kinds.ha_rule.spec import HaRuleSpec
from setpoint_proxmox.kinds.ha_rule.state import RuleState
from setpoint_proxmox.mark import without_inline


def plan(found: Diff, planning: Planning[HaRuleSpec, RuleState]) -> tuple[Step, ...]:
    """One write of everything that differs; the manager then moves who is not where the rule says, while it runs."""
    if not found.changes:
        return ()
    spec, state = planning.spec, planning.observed
    tree = declare(spec)
    if state is None:
        assert planning.identity is not None  # noqa: S101  # a rule has its name at least
        summary = f"create rule {planning.identity['rule']} of high availability"
        return (Step("create", summary, found.changes, arguments=_arguments(spec, tree)),)
    if state.type != spec.type:
        why = f"rule {state.rule} is about {state.type}, and one about {spec.type} is declared"
        return (obstructed(why, "Proxmox cannot change that: give the new one another name", found.changes),)
    fields = dict.fromkeys(parts(change.path)[0] for change in found.changes)
    arguments = _arguments(spec, {field: tree[field] for field in fields})
    summary = f"set {', '.join(fields)} of rule {state.rule} of high availability"
    return (Step("configure", summary, found.changes, arguments={**arguments, "digest": state.digest}),)


def _arguments(spec: HaRuleSpec, tree: Tree) -> dict[str, Json]:
    options: dict[str, Json] = {field: tree[field] for field in ("strict", "affinity") if field in tree}
    if "enabled" in tree:
        options["disable"] = not tree["enabled"]
    if "nodes" in tree and spec.nodes is not None:
        options["nodes"] = ",".join(f"{name}:{number}" for name, number in sorted(spec.nodes.items()))
    arguments: dict[str, Json] = {"type": spec.type, "options": options}
    return arguments | {field: tree[field] for field in ("resources", "comment") if field in tree}


def remark(owner: Owner, state: RuleState) -> Step | None:
    """Write our mark behind the comment; None when it is there."""
    if state.mark == owner.mark(state.rule):
        return None
    summary = f"write the mark into the comment of rule {state.rule}, which tells that it is {owner.key}"
    arguments: dict[str, Json] = {
        "type": state.type,
        "digest": state.digest,
        "comment": without_inline(state.comment, "rule"),
    }
    return Step("configure", summary, arguments=arguments)


def remove(owner: Owner, state: RuleState, _facts: Facts) -> tuple[Step, ...]:
    """Remove the rule; whoever it is about stays where he is."""
    if state.mark != owner.mark(state.rule):
        why = f"rule {state.rule} does not bear the mark of {owner.key}, so it is not removed"
        return (obstructed(why, f"setpoint forget {owner.key}", ()),)
    summary = f"remove rule {state.rule} of high availability"
    return (Step("destroy", summary, disruption=Disruption.DESTROY),)
