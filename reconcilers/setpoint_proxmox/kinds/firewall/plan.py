"""The steps that make a firewall as declared, in an order in which nobody is locked out on the way. Pure; neighbour: `act`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from setpoint.model.diff import MISSING, Change, Diff
from setpoint.model.identity import Owner
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, Tree, parts
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.firewall.observe import CLUSTER, guest_of
from setpoint_proxmox.kinds.firewall.options import GUEST, shown_option, shown_rule
from setpoint_proxmox.kinds.firewall.project import declare, project
from setpoint_proxmox.kinds.firewall.spec import FirewallSpec
from setpoint_proxmox.kinds.firewall.state import FirewallState

MANAGEMENT: Final = 8006
"""The port of the API and the web interface."""
_SETS: Final = ("ipsets", "aliases", "groups")


def plan(found: Diff, planning: Planning[FirewallSpec, FirewallState]) -> tuple[Step, ...]:
    """First what rules name, then rules, then whether and how strictly it is on, and last what no rule names any more."""
    if planning.observed is None:
        guest = guest_of(planning.spec)
        name = "the cluster" if guest is None else "/".join(guest)
        summary = f"take the firewall of {name} in hand, with our mark in the empty set `setpoint`"
        arguments: Tree = {"guest": None if guest is None else list[Json](guest)}
        return (Step("create", summary, found.changes, arguments=arguments),)
    return tuple(_steps(found.changes, planning, planning.observed))


def _steps(
    changes: tuple[Change, ...], planning: Planning[FirewallSpec, FirewallState], state: FirewallState
) -> Iterator[Step]:
    tree, name = declare(planning.spec), _name(state)
    closing = _closing(changes, planning.spec, state)
    if closing:
        fields = ", ".join(sorted({parts(one.path)[0] for one in closing}))
        yield obstructed(
            f"with {fields} the cluster's firewall would let nobody reach port {MANAGEMENT}, this program included",
            "declare a rule that accepts tcp port 8006 from where it is used, or policyIn: ACCEPT",
            closing,
        )
    changes = tuple(one for one in changes if one not in closing)
    made = tuple(one for one in changes if parts(one.path)[0] in _SETS and one.desired is not MISSING)
    gone = tuple(one for one in changes if parts(one.path)[0] in _SETS and one.desired is MISSING)
    rules = tuple(one for one in changes if one.path == "/rules")
    options = tuple(one for one in changes if parts(one.path)[0] not in (*_SETS, "rules"))
    if made:
        names = sorted({"/".join(parts(one.path)[:2]) for one in made})
        arguments: Tree = {kind: _chosen(tree, kind, made) for kind in _SETS}
        yield _step(state, "define", f"set {', '.join(names)} of {name}", made, arguments)
    if rules:
        yield _step(state, "rule", f"set the rules of {name}", rules, {"rules": tree["rules"]})
    if options:
        fields = ", ".join(parts(one.path)[0] for one in options)
        wanted = {option.name: tree[option.field] for option in GUEST if option.field in tree}
        yield _step(state, "configure", f"set {fields} of {name}", options, {"options": wanted})
    used = [parts(one.path)[1] for one in gone if _used(one, tree, state)]
    if used:
        # With the sets and aliases, for the rules in the group may name them.
        yield obstructed(
            f"rules of {name} name what is declared no more: {', '.join(used)}",
            "take these rules away first, or declare the groups again",
            gone,
        )
    elif gone:
        names = ["/".join(parts(one.path)) for one in gone]
        arguments = {
            kind: {parts(one.path)[1]: None for one in gone if parts(one.path)[0] == kind} for kind in _SETS
        }
        yield _step(state, "undefine", f"remove {', '.join(names)} of {name}", gone, arguments)


def _step(
    state: FirewallState, verb: str, summary: str, changes: tuple[Change, ...], arguments: Mapping[str, Json]
) -> Step:
    told: Tree = {"path": list[Json](state.path), **arguments}
    return Step(verb, summary, changes, disruption=Disruption.HOT, arguments=told)


def _chosen(tree: Tree, kind: str, made: tuple[Change, ...]) -> Tree:
    names = {parts(one.path)[1] for one in made if parts(one.path)[0] == kind}
    declared = tree.get(kind)
    return (
        {name: one for name, one in declared.items() if name in names} if isinstance(declared, dict) else {}
    )


def _closing(changes: tuple[Change, ...], spec: FirewallSpec, state: FirewallState) -> tuple[Change, ...]:
    """The changes after which the cluster's firewall would let nobody reach its own port.

    Of one that is off only those of the options matter; what is shut already becomes no more so by its rules.
    """
    if state.which != CLUSTER:
        return ()
    now: Tree = {option.field: shown_option(option, state.options) for option in GUEST}
    declared = declare(spec)
    then = {**now, **{field: value for field, value in declared.items() if field in now}}
    if not _is_shut(then, declared, state):
        return ()
    opens = now["enabled"] and now["policyIn"] != "ACCEPT" and not _is_shut(now, {}, state)
    harmless = ("ipsets", "aliases") if opens else (*_SETS, "rules")
    return tuple(one for one in changes if parts(one.path)[0] not in harmless and one.desired is not MISSING)


def _is_shut(options: Tree, tree: Tree, state: FirewallState) -> bool:
    """Whether it is on, closed, and without a rule that lets its own port through."""
    if not options["enabled"] or options["policyIn"] == "ACCEPT":
        return False
    return not any(_lets_in(rule) for rule in _asked(tree, state))


def _rules(tree: Tree, state: FirewallState) -> list[Tree]:
    """The cluster's or guest's own rules as they will be."""
    rules = tree.get("rules")
    listed = rules if isinstance(rules, list) else [shown_rule(row) for row in state.rules]
    return [rule for rule in listed if isinstance(rule, dict)]


def _asked(tree: Tree, state: FirewallState) -> Iterator[Tree]:
    """The same, with the rules of groups in place of those that name them."""
    groups: Tree = {}
    for found in (project(state).tree["groups"], tree.get("groups")):
        groups |= found if isinstance(found, dict) else {}
    for rule in _rules(tree, state):
        group = groups.get(str(rule.get("group")))
        if "group" not in rule:
            yield rule
        elif rule.get("enabled") and isinstance(group, dict) and isinstance(inner := group["rules"], list):
            yield from (one for one in inner if isinstance(one, dict))


def _used(gone: Change, tree: Tree, state: FirewallState) -> bool:
    """Whether it is a group that rules beside it will still name."""
    kind, name, *_ = parts(gone.path)
    return kind == "groups" and any(rule.get("group") == name for rule in _rules(tree, state))


def _lets_in(rule: Mapping[str, Json]) -> bool:
    if (
        not rule.get("enabled")
        or rule.get("action") != "ACCEPT"
        or rule.get("direction") != "in"
        or "macro" in rule
    ):
        return False
    if "protocol" not in rule:
        return True
    return rule["protocol"] in ("tcp", "6") and ("port" not in rule or _names(str(rule["port"])))


def _names(ports: str) -> bool:
    for one in ports.split(","):
        low, _, high = one.partition(":")
        if low.isdecimal() and int(low) <= MANAGEMENT <= int(high if high.isdecimal() else low):
            return True
    return False


def remark(owner: Owner, state: FirewallState) -> Step | None:
    """Write our mark; None when it is there."""
    if state.mark == owner.mark(state.which):
        return None
    summary = f"write the mark into the set `setpoint`, which tells that {_name(state)} is {owner.key}"
    return Step("mark", summary, arguments={"path": list[Json](state.path), "which": state.which})


def remove(owner: Owner, state: FirewallState, _facts: Facts) -> tuple[Step, ...]:
    """Switch it off, and take away all that is in it."""
    if state.mark != owner.mark(state.which):
        why = f"{_name(state)} does not bear the mark of {owner.key}, so it is left as it is"
        return (obstructed(why, f"setpoint forget {owner.key}", ()),)
    named = [*state.groups, *(name for name in (*state.ipsets, *state.aliases) if name != "setpoint")]
    if state.which == CLUSTER and named:
        why = f"firewalls of guests may name what is in that of the cluster: {', '.join(sorted(named))}"
        return (obstructed(why, f"remove them by hand, or setpoint forget {owner.key}", ()),)
    summary = f"switch {_name(state)} off, and remove all that is in it"
    arguments: Tree = {"path": list[Json](state.path), "which": state.which}
    return (Step("destroy", summary, disruption=Disruption.DESTROY, arguments=arguments),)


def _name(state: FirewallState) -> str:
    return f"the firewall of {state.which}"
