"""The steps that make a resource of high availability as declared, and the one that takes it away. Pure; neighbour: `act`."""

from __future__ import annotations

from setpoint.model.diff import Diff
from setpoint.model.identity import Owner
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, parts
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.ha_resource.project import declare
from setpoint_proxmox.kinds.ha_resource.spec import HaResourceSpec, State
from setpoint_proxmox.kinds.ha_resource.state import HaState
from setpoint_proxmox.mark import without_inline

_RULES = 9
"""The version of Proxmox that brought rules."""
_NAMES = {
    "state": "state",
    "maxRestart": "max_restart",
    "maxRelocate": "max_relocate",
    "failback": "failback",
}


def plan(found: Diff, planning: Planning[HaResourceSpec, HaState]) -> tuple[Step, ...]:
    """One write of everything that differs; what was not declared is left to Proxmox."""
    if not found.changes:
        return ()
    spec, state = planning.spec, planning.observed
    tree = declare(spec)
    if state is None:
        summary = f"let the manager of high availability look after {spec.guest} ({spec.state})"
        arguments: dict[str, Json] = {
            "guest": spec.guest,
            "options": _options(tree),
            "comment": spec.comment or "",
        }
        return (Step("create", summary, found.changes, _disruption(spec.state), arguments),)
    fields = list(dict.fromkeys(parts(change.path)[0] for change in found.changes))
    chosen = {field: tree[field] for field in fields}
    arguments = {"sid": state.sid, "options": _options(chosen), "digest": state.digest}
    if "comment" in chosen:
        arguments["comment"] = chosen["comment"]
    shown = [f"{field} to {tree[field]}" if field == "state" else field for field in fields]
    summary = f"set {', '.join(shown)} of {state.sid} for the manager of high availability"
    disruption = _disruption(spec.state) if "state" in fields else Disruption.NONE
    return (Step("configure", summary, found.changes, disruption, arguments),)


def _options(tree: dict[str, Json]) -> Json:
    return {_NAMES[field]: value for field, value in tree.items() if field in _NAMES}


def _disruption(state: State) -> Disruption:
    return Disruption.STOP if state in (State.STOPPED, State.DISABLED) else Disruption.NONE


def remark(owner: Owner, state: HaState) -> Step | None:
    """Write our mark behind the comment; None when it is there."""
    if state.mark == owner.mark(state.sid):
        return None
    summary = f"write the mark into the comment of {state.sid}, which tells that it is {owner.key}"
    comment = without_inline(state.comment, "sid")
    arguments: dict[str, Json] = {"sid": state.sid, "digest": state.digest, "comment": comment}
    return Step("configure", summary, arguments=arguments)


def remove(owner: Owner, state: HaState, facts: Facts) -> tuple[Step, ...]:
    """Let the manager look after it no more; the guest goes on as it is."""
    if state.mark != owner.mark(state.sid):
        why = f"{state.sid} does not bear the mark of {owner.key}, so the manager goes on to look after it"
        return (obstructed(why, f"setpoint forget {owner.key}", ()),)
    summary = f"let the manager of high availability look after {state.sid} no more"
    # Rules that name it are not ours to change, and before version 9 there were none.
    arguments: dict[str, Json] = {
        "sid": state.sid,
        "rules": int(facts.version.partition(".")[0] or 0) >= _RULES,
    }
    return (Step("destroy", summary, disruption=Disruption.DESTROY, arguments=arguments),)
