"""The steps that make a pool as declared, and those that take it away. Pure; neighbour: `act`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from setpoint.model.diff import Diff
from setpoint.model.identity import Owner
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.pool.spec import PoolSpec
from setpoint_proxmox.kinds.pool.state import PoolState
from setpoint_proxmox.mark import without_mark


def plan(found: Diff, planning: Planning[PoolSpec, PoolState]) -> tuple[Step, ...]:
    """What brings it to the declaration; storages come into a new pool once it is there."""
    return tuple(_steps(found, planning))


def _steps(found: Diff, planning: Planning[PoolSpec, PoolState]) -> Iterator[Step]:
    spec, state = planning.spec, planning.observed
    if state is None:
        assert planning.identity is not None  # noqa: S101  # a pool has its name at least
        summary = f"create pool {planning.identity['pool']}"
        yield Step("create", summary, found.changes, arguments={"comment": spec.comment or ""})
        return
    for change in found.changes:
        if change.path == "/comment":
            summary = f"set the comment of pool {state.pool}"
            yield Step("configure", summary, (change,), arguments={"comment": spec.comment or ""})
        else:
            wanted, there = {*(spec.storages or ())}, {*state.storages}
            moves = ("put", "into", wanted - there, False), ("take", "out of", there - wanted, True)
            for verb, where, names, delete in moves:
                if names:
                    step = _enroll(state.pool, f"{verb} {{}} {where}", names, delete=delete)
                    yield replace(step, changes=(change,))


def _enroll(pool: str, words: str, names: set[str], *, delete: bool) -> Step:
    summary = f"{words.format(', '.join(sorted(names)))} pool {pool}"
    return Step("enroll", summary, arguments={"storages": list[Json](sorted(names)), "delete": delete})


def remark(owner: Owner, state: PoolState) -> Step | None:
    """Write our mark below the comment; None when it is there."""
    if state.mark == owner.mark(state.pool):
        return None
    summary = f"write the mark into the comment of pool {state.pool}, which tells that it is {owner.key}"
    return Step("configure", summary, arguments={"comment": without_mark(state.comment, "pool")})


def remove(owner: Owner, state: PoolState, _facts: Facts) -> tuple[Step, ...]:
    """Empty it of storages and remove it; guests in it are not put out."""
    if state.mark != owner.mark(state.pool):
        why = f"pool {state.pool} does not bear the mark of {owner.key}, so it is not removed"
        return (obstructed(why, f"setpoint forget {owner.key}", ()),)
    if state.guests:
        names = ", ".join(map(str, state.guests))
        remedy = f"give them another pool or none, or setpoint forget {owner.key}"
        return (obstructed(f"pool {state.pool} still holds the guests {names}", remedy, ()),)
    steps: list[Step] = []
    if state.storages:
        emptied = _enroll(state.pool, "take {} out of", {*state.storages}, delete=True)
        steps.append(replace(emptied, disruption=Disruption.DESTROY))
    return (*steps, Step("destroy", f"remove pool {state.pool}", disruption=Disruption.DESTROY))
