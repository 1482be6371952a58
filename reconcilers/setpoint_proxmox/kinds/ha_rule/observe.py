"""Reads a rule of high availability from the cluster's list, which is whole for whoever may see it at all."""

from __future__ import annotations

from setpoint.model.kind import Looking
from setpoint.model.observation import Absent, Observation, Present, Unknown
from setpoint.model.survey import Survey
from setpoint_proxmox.answer import records
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.ha import resources, sid_named
from setpoint_proxmox.kinds.ha_rule.spec import HaRuleSpec
from setpoint_proxmox.kinds.ha_rule.state import RuleState

FIRST = 9
"""The first version of Proxmox that has rules."""


async def observe(cluster: Cluster, looking: Looking[HaRuleSpec]) -> Observation[RuleState]:
    """Look at the rule by its id."""
    survey: Survey[Facts] = looking.survey
    if not survey.facts.quorate:
        why = f"{survey.target_id} has no quorum, so what it tells may be old and nothing can be changed"
        return Unknown(why, of_target=True)
    version = survey.facts.version
    if int(version.partition(".")[0] or FIRST) < FIRST:
        return Unknown(
            f"rules of high availability are there since Proxmox VE {FIRST}; {survey.target_id} has {version}"
        )
    assert looking.identity is not None  # noqa: S101  # a rule has its name at least
    rule = str(looking.identity["rule"])
    state = await read(cluster, rule)
    if state is None:
        return Absent(f"the cluster has no rule {rule}")
    rows = await resources(cluster)
    wanted = [str(name) for name in looking.spec.resources if ":" not in name]
    sids = {name: sid_named(rows, looking.owner, name) for name in wanted}
    names = {sid: name for name, sid in sids.items() if sid is not None}
    state = RuleState(rule, state.row, names, unread=None in sids.values())
    return Present(state, {"rule": rule}, state.mark)


async def read(cluster: Cluster, rule: str) -> RuleState | None:
    """The rule as it is now, its resources by their ids; None when there is none."""
    rows = records(await cluster.api.get("cluster", "ha", "rules"))
    found = next((row for row in rows if row.get("rule") == rule), None)
    return None if found is None else RuleState(rule, found, {})
