"""The steps that make a backup job as declared, and the one that takes it away. Pure; neighbour: `act`."""

from __future__ import annotations

from collections.abc import Iterable

from setpoint.model.diff import Diff
from setpoint.model.identity import Owner
from setpoint.model.kind import Planning
from setpoint.model.plan import Disruption, Step, obstructed
from setpoint.model.tree import Json, Tree, parts
from setpoint_proxmox.facts import Facts
from setpoint_proxmox.kinds.backup_job.options import OPTIONS
from setpoint_proxmox.kinds.backup_job.project import whole_tree
from setpoint_proxmox.kinds.backup_job.spec import BackupJobSpec
from setpoint_proxmox.kinds.backup_job.state import JobState
from setpoint_proxmox.mark import without_inline


def plan(found: Diff, planning: Planning[BackupJobSpec, JobState]) -> tuple[Step, ...]:
    """One write of everything that differs."""
    if not found.changes:
        return ()
    spec, state = planning.spec, planning.observed
    tree = whole_tree(spec)
    if state is None:
        assert planning.identity is not None  # noqa: S101  # a job has its name at least
        arguments = _arguments(tree, tree)
        summary = f"create backup job {planning.identity['job']}"
        return (Step("create", summary, found.changes, arguments=arguments),)
    fields = [parts(change.path)[0] for change in found.changes]
    summary = f"set {', '.join(dict.fromkeys(fields))} of backup job {state.job}"
    return (Step("configure", summary, found.changes, arguments=_arguments(tree, fields, state)),)


def _arguments(tree: Tree, fields: Iterable[str], state: JobState | None = None) -> dict[str, Json]:
    """What is written, by Proxmox's names; what is removed; the guests; and the comment that people read."""
    chosen = {*fields}
    options: dict[str, Json] = {}
    delete: list[Json] = []
    for option in OPTIONS:
        if option.field not in chosen:
            continue
        value = option.write(tree[option.field])
        if option.at_storage and tree["storage"] is None:
            value = None
        if value is not None:
            options[option.name] = value
        elif state is not None and option.name in state.row:
            delete.append(option.name)
        if option.at_storage and value is not None:
            options["storage"] = tree["storage"]
    arguments: dict[str, Json] = {"options": options, "delete": delete}
    if "guests" in chosen:
        arguments["guests"] = tree["guests"]
    if "comment" in chosen:
        arguments["comment"] = tree["comment"]
    return arguments


def remark(owner: Owner, state: JobState) -> Step | None:
    """Write our mark behind the comment; None when it is there."""
    if state.mark == owner.mark(state.job):
        return None
    summary = f"write the mark into the comment of backup job {state.job}, which tells that it is {owner.key}"
    return Step("configure", summary, arguments={"comment": without_inline(state.comment, "job")})


def remove(owner: Owner, state: JobState, _facts: Facts) -> tuple[Step, ...]:
    """Remove the job; its backups stay."""
    if state.mark != owner.mark(state.job):
        why = f"backup job {state.job} does not bear the mark of {owner.key}, so it is not removed"
        return (obstructed(why, f"setpoint forget {owner.key}", ()),)
    return (Step("destroy", f"remove backup job {state.job}", disruption=Disruption.DESTROY),)
