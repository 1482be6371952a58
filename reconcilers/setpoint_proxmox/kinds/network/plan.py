"""The steps that make a network as declared, and that take it away; each is one apply of the whole cluster. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from setpoint.model.diff import MISSING, Change, Diff
from setpoint.model.identity import Owner
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, Tree, parts
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.network.project import UP, declare
from setpoint_proxmox.kinds.network.spec import NetworkSpec
from setpoint_proxmox.kinds.network.state import NetworkState
from setpoint_proxmox.mark import parse_inline, with_inline, without_inline
from setpoint_proxmox.sdn import MARK, SCOPE, Section

_VNET: Final = 2
_SUBNET: Final = 4
_TAKE_OR_LEAVE = "apply them (pvesh set /cluster/sdn), or take them back (pvesh create /cluster/sdn/rollback)"


def plan(found: Diff, planning: Planning[NetworkSpec, NetworkState]) -> tuple[Step, ...]:
    """One step for all that differs, for it is applied at once."""
    state, changes = planning.observed, found.changes
    if state is None:
        assert planning.identity is not None  # noqa: S101  # a network has its name at least
        zone = str(planning.identity["zone"])
        summary = f"make zone {zone} with the vnets {', '.join(planning.spec.vnets)}, and apply it"
        return (Step("create", summary, changes, arguments=_wanted(planning, zone), scopes=(SCOPE,)),)
    obstacle = next(_obstacles(planning, state, changes), None)
    if obstacle is not None:
        return (obstacle,)
    if all(parts(change.path)[-1] == UP for change in changes):
        summary = f"apply zone {state.zone} once more, for {_failing(state)} has not taken it over"
        verb, arguments = "apply", dict[str, Json]()
    else:
        summary = f"{_summary(changes)} in zone {state.zone}, and apply it"
        verb, arguments = (
            "configure",
            {**_wanted(planning, state.zone), "vnets": _vnets(planning, state, changes)},
        )
    return (Step(verb, summary, changes, disruption=Disruption.HOT, arguments=arguments, scopes=(SCOPE,)),)


def remark(owner: Owner, state: NetworkState) -> Step | None:
    """Write our mark where the former name stands, or on every vnet of a zone that is taken over; None when it is there."""
    mark, marks = owner.mark(state.zone), state.marks
    if state.mark is None:
        names = list(state.vnets)
    else:
        names = [name for name, one in marks.items() if one != mark and owner.owns(one, state.zone)]
    if not names or state.foreign:
        return None
    vnets: Tree = {
        name: {"alias": with_inline(without_inline(state.vnets[name].option("alias"), MARK), mark, MARK)}
        for name in names
    }
    summary = f"write the mark into the alias of {', '.join(names)}, which tells that zone {state.zone} is {owner.key}"
    arguments: Tree = {"vnets": vnets, "adopt": state.mark is None}
    return Step("mark", summary, disruption=Disruption.HOT, arguments=arguments, scopes=(SCOPE,))


def remove(owner: Owner, state: NetworkState, facts: Facts) -> tuple[Step, ...]:
    """Take subnets, vnets and zone away, and apply that; that no guest is on it is seen to right before."""
    mark, forget = owner.mark(state.zone), f"setpoint forget {owner.key}"
    strange = sorted(name for name, one in state.marks.items() if one != mark)
    if strange:
        why = f"zone {state.zone} holds {', '.join(strange)} without the mark of {owner.key}, so it is not removed"
        return (obstructed(why, f"remove them by hand, or {forget}", ()),)
    if state.foreign:
        return (obstructed(_foreign(state), _TAKE_OR_LEAVE, ()),)
    if facts.blind:
        return (obstructed(f"guests may still use zone {state.zone}: {facts.blind}", forget, ()),)
    summary = f"remove zone {state.zone} with its vnets, and apply that"
    return (Step("destroy", summary, disruption=Disruption.DESTROY, scopes=(SCOPE,)),)


def _obstacles(
    planning: Planning[NetworkSpec, NetworkState], state: NetworkState, changes: tuple[Change, ...]
) -> Iterator[Step]:
    if state.foreign:
        yield obstructed(_foreign(state), _TAKE_OR_LEAVE, changes)
    mark = planning.owner.mark(state.zone)
    for name in planning.spec.vnets:
        if name in state.elsewhere:
            why = f"vnet {name} is in zone {state.elsewhere[name]} already"
            yield obstructed(why, "give this one another id, for a cluster has each id once", changes)
    if state.mark is None:
        return  # It is taken over: every vnet is marked first.
    touched = {parts(change.path)[1] for change in changes if len(parts(change.path)) >= _VNET}
    for name in sorted(touched & state.vnets.keys()):
        alias = state.vnets[name].option("alias")
        if not planning.owner.owns(parse_inline(alias, MARK), state.zone):
            why = f"vnet {name} is in zone {state.zone} and does not bear the mark of {planning.owner.key}"
            marked = with_inline(without_inline(alias, MARK), mark, MARK)
            remedy = f"if it is ours, run on a node: pvesh set /cluster/sdn/vnets/{name} --alias '{marked}' && pvesh set /cluster/sdn"
            yield obstructed(why, remedy, changes)


def _foreign(state: NetworkState) -> str:
    names = ", ".join(state.foreign)
    return f"somebody staged changes that are not applied, and applying zone {state.zone} would apply them, too: {names}"


def _failing(state: NetworkState) -> str:
    names = [
        name for name, one in sorted(state.nodes.items()) if any(one.trouble(vnet) for vnet in state.vnets)
    ]
    return ", ".join(names)


def _summary(changes: tuple[Change, ...]) -> str:
    removed = [".".join(parts(change.path)[1::2]) for change in changes if change.desired is MISSING]
    others = ["/".join(parts(change.path)) for change in changes if change.desired is not MISSING]
    words = [f"set {', '.join(others)}"] if others else []
    return " and ".join([*words, *([f"remove {', '.join(removed)}"] if removed else [])])


def _wanted(planning: Planning[NetworkSpec, NetworkState], zone: str) -> Tree:
    """Everything that is declared, as an act takes it."""
    tree = declare(planning.spec)
    vnets = tree.pop("vnets")
    assert isinstance(vnets, dict)  # noqa: S101  # as declared
    kind, mark = tree.pop("type"), planning.owner.mark(zone)
    there: Mapping[str, Section] = planning.observed.vnets if planning.observed is not None else {}
    marked: Tree = {}
    for name, vnet in vnets.items():
        assert isinstance(vnet, dict)  # noqa: S101  # as declared
        alias = vnet.get("alias")
        if alias is None:
            alias = without_inline(there[name].option("alias"), MARK) if name in there else ""
        marked[name] = {**vnet, "alias": with_inline(str(alias), mark, MARK)}
    return {"type": kind, "zone": tree, "vnets": marked}


def _vnets(
    planning: Planning[NetworkSpec, NetworkState], state: NetworkState, changes: tuple[Change, ...]
) -> Tree:
    """The declared vnets, and what of the observed ones is to go."""
    vnets = _wanted(planning, state.zone)["vnets"]
    assert isinstance(vnets, dict)  # noqa: S101  # made above
    for change in changes:
        place = parts(change.path)
        if change.desired is not MISSING or not place or place[0] != "vnets":
            continue
        if len(place) == _VNET:
            vnets[place[1]] = None
    for change in changes:
        place = parts(change.path)
        if change.desired is MISSING and len(place) == _SUBNET and (vnet := vnets.get(place[1])) is not None:
            assert isinstance(vnet, dict)  # noqa: S101  # made above
            subnets = vnet.setdefault("subnets", {})
            assert isinstance(subnets, dict)  # noqa: S101  # made above
            subnets[place[3]] = None
    return vnets
