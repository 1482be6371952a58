"""The steps that are the same for both types of guests. Pure; neighbours: the plans of the kinds."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from setpoint.model.diff import MISSING, SECRET, Change
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Tree, parts
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.guest.spec import Power
from setpoint_proxmox.guest.state import GuestState, Keeper


def no_node(node: str | None, changes: tuple[Change, ...], facts: Facts) -> Step:
    """Why a guest cannot be made: nobody said where, or there is no such node."""
    why = f"node {node} is not in the cluster" if node else "the cluster has several nodes"
    return obstructed(why, f"set spec.node to one of {', '.join(sorted(facts.nodes))}", changes)


def locked(changes: tuple[Change, ...], guest: GuestState) -> Step:
    """Why nothing is changed while Proxmox works on a guest."""
    why = f"{guest} is locked ({guest.lock}), so it is not changed"
    remedy = f"wait until that ends; if nothing works on it any more: {guest.words.tool} unlock {guest.vmid}"
    return obstructed(why, remedy, changes, passing=True)


def enroll(changes: Iterable[Change], guest: GuestState, facts: Facts) -> Iterator[Step]:
    """Put it into the declared pool, or out of the one that it is in."""
    change = next((change for change in changes if change.path == "/pool"), None)
    if change is not None:
        pool = str(change.desired or "")
        summary = f"put {guest} into pool {pool}" if pool else f"take {guest} out of pool {guest.pool}"
        where: Tree = {"pool": pool, "former": guest.pool}
        yield Step("enroll", summary, (change,), arguments=where, scopes=scopes(facts, guest.node))


def power(changes: Iterable[Change], guest: GuestState, facts: Facts, *, force: bool) -> Iterator[Step]:
    """A change of power that was declared is what the person asked for, so it is no restart that may be held."""
    change = next((change for change in changes if change.path == "/power"), None)
    if change is None:
        return
    if guest.keeper is not None:
        yield _kept(change, guest, guest.keeper)
        return
    where: Tree = {"node": guest.node}
    used = scopes(facts, guest.node)
    if change.desired == Power.STOPPED:
        if guest.power == "paused" and not force:
            # Proxmox refuses to shut it down. Held together, or it would go on where the shutdown may not follow.
            summary = f"resume {guest}, so that it can shut down"
            yield Step("resume", summary, (change,), Disruption.STOP, dict(where), scopes=used)
        where["force"] = force
        yield Step("shutdown", f"shut {guest} down", (change,), Disruption.STOP, where, scopes=used)
    elif guest.power == "paused":
        yield Step("resume", f"resume {guest}", (change,), arguments=where, scopes=used)
    else:
        yield Step("start", f"start {guest}", (change,), arguments=where, scopes=used)


def _kept(change: Change, guest: GuestState, keeper: Keeper) -> Step:
    """Two that decide on the same power would switch it back and forth for ever."""
    if (change.desired == Power.RUNNING) is (keeper.state == "started"):
        why = f"{guest} is {guest.power}, and {keeper.key} lets the manager of high availability change that"
        return obstructed(why, f"see ha-manager status on {guest.node}", (change,), passing=True)
    why = f"{guest} is kept {keeper.state} by {keeper.key}, and power: {change.desired} is declared"
    return obstructed(why, f"leave out spec.power, or set spec.state of {keeper.key}", (change,))


def restart(
    changes: Iterable[Change], guest: GuestState, facts: Facts, wanted: Power | None
) -> Iterator[Step]:
    """What brings into force what waits for it."""
    waiting = tuple(change for change in changes if change.accepted)
    if waiting and guest.is_on and wanted is not Power.STOPPED:
        fields = ", ".join(change.path.lstrip("/") for change in waiting)
        yield Step(
            "restart",
            f"restart {guest}, so that {fields} takes effect",
            waiting,
            Disruption.RESTART,
            {"node": guest.node},
            scopes=scopes(facts, guest.node),
        )


def sentence(changes: Iterable[Change], removed: Callable[[Change], str]) -> str:
    """What one write does, in the imperative; `removed` says what becomes of something that is taken away."""
    changes = tuple(changes)
    sets = [_shown(change) for change in changes if change.desired is not MISSING]
    gone = [removed(change) for change in changes if change.desired is MISSING]
    return "; ".join([*gone, *(["set " + ", ".join(sets)] if sets else [])])


def _shown(change: Change) -> str:
    name = ".".join(parts(change.path))
    match change.desired:
        case str() as text if text != SECRET:
            return f"{name} to {text}"
        case str():
            return name
        case list() as items:
            return f"{name} to {', '.join(str(item) for item in items) or 'none'}"
        case None:
            return f"{name} to none"
        case value:
            return f"{name} to {json.dumps(value)}"
