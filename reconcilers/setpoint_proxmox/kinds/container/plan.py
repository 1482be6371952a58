"""The steps that bring a container to what was declared, in their order. Pure; neighbours: `create`, `edit`, `volumes`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from setpoint.model.diff import Change, Diff
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, Tree, parts
from setpoint_proxmox.guest.migrate import migrations
from setpoint_proxmox.guest.order import unhurried
from setpoint_proxmox.guest.plan import enroll, locked, power, restart, sentence
from setpoint_proxmox.guest.scopes import scopes
from setpoint_proxmox.guest.spec import Power
from setpoint_proxmox.kinds.container.by_hand import by_hand, is_incomplete
from setpoint_proxmox.kinds.container.create import Context, create
from setpoint_proxmox.kinds.container.edit import Edit, edited
from setpoint_proxmox.kinds.container.latent import is_hot, is_latent
from setpoint_proxmox.kinds.container.options import LAYOUT
from setpoint_proxmox.kinds.container.project import PASSWORD
from setpoint_proxmox.kinds.container.state import CtState
from setpoint_proxmox.kinds.container.volumes import moves, obstacles, refusals, resizes


def plan(diff: Diff, planning: Context) -> tuple[Step, ...]:
    """Write, then what takes longer, then power, then restart; what cannot be done is said last."""
    ct = planning.observed
    if ct is None:
        return create(diff.changes, planning)
    changes = tuple(change for change in diff.changes if not change.fixed)
    if ct.lock and changes:
        return (locked(changes, ct),)
    spec, facts = planning.spec, planning.facts
    larger = (*resizes(changes, ct, facts), *moves(changes, ct, facts))
    written = unhurried(_unwritten(changes, ct), larger, LAYOUT)
    edit = edited(written, ct, spec, planning.owner, privileged=not ct.unprivileged)
    return (
        *_configure(edit, ct, planning),
        *larger,
        *migrations(changes, ct, planning.spec.placement, planning.facts),
        *enroll(changes, ct, facts),
        *_power(changes, edit, ct, planning),
        *restart(changes, ct, facts, spec.power),
        *by_hand(edit, ct),
        *refusals(changes, ct, spec).values(),
        *obstacles(changes, ct, spec),
        *_password(changes, ct),
    )


def _unwritten(changes: tuple[Change, ...], ct: CtState) -> tuple[Change, ...]:
    """Without what waits for a restart, for that is written already."""
    return tuple(change for change in changes if not (change.accepted and ct.is_on))


def _configure(edit: Edit, ct: CtState, planning: Context) -> Iterator[Step]:
    """One write of every option that differs."""
    if not (edit.config or edit.delete):
        return
    options = (*edit.config, *edit.delete)
    arguments: Tree = {
        "node": ct.node,
        "digest": ct.digest,
        "config": dict(edit.config),
        "delete": list[Json](edit.delete),
    }
    latent = tuple(replace(change, accepted=True) for change in edit.corrected if is_latent(change, ct))
    yield Step(
        "configure",
        sentence(edit.corrected, lambda change: _removed(change, ct)),
        edit.corrected,
        Disruption.HOT if ct.is_on and any(is_hot(option) for option in options) else Disruption.NONE,
        arguments,
        scopes=scopes(planning.facts, ct.node, *edit.storages),
        then=next(restart(latent, ct, planning.facts, planning.spec.power), None),
    )


def _power(changes: tuple[Change, ...], edit: Edit, ct: CtState, planning: Context) -> Iterator[Step]:
    """One that lacks what only root may give it is not started: it would write where a mount belongs."""
    starts = planning.spec.power is Power.RUNNING
    if not (starts and is_incomplete(edit, ct)):
        yield from power(changes, ct, planning.facts, force=planning.spec.force_stop)


def _password(changes: tuple[Change, ...], ct: CtState) -> Iterator[Step]:
    """Proxmox sets a password only when it makes the container."""
    changed = tuple(change for change in changes if change.path == PASSWORD)
    if changed:
        why = f"the password of {ct} was set when it was made, and Proxmox cannot set another one"
        remedy = f"set it on {ct.node}: pct exec {ct.vmid} -- passwd; and leave out spec.password"
        yield obstructed(why, remedy, changed)


def _removed(change: Change, ct: CtState) -> str:
    spot = LAYOUT.spot(change.path)
    name = ".".join(parts(change.path))
    if spot is None or not spot.option.volume:
        return f"remove {name}"
    text = str(ct.current.get(spot.name) or ct.coming.get(spot.name))
    return f"detach mount point {spot.name}, whose volume {text.partition(',')[0]} is kept"
