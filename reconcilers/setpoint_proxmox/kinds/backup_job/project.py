"""Declaration and state of a backup job as one comparable tree."""

from __future__ import annotations

from collections.abc import Mapping

from setpoint.model.diff import Projection, Treatment
from setpoint.model.tree import Json, Pointer, Tree
from setpoint_proxmox.kinds.backup_job.options import OPTIONS
from setpoint_proxmox.kinds.backup_job.spec import BackupJobSpec, Selection
from setpoint_proxmox.kinds.backup_job.state import JobState
from setpoint_proxmox.mark import without_inline

TREATMENTS: Mapping[Pointer, Treatment] = {
    "/guests": Treatment.ATOMIC,
    "/retention": Treatment.ATOMIC,
    "/mailTo": Treatment.SET,
}


def declare(spec: BackupJobSpec) -> Tree:
    """What was written."""
    tree = whole_tree(spec)
    written = {BackupJobSpec.model_fields[name].alias for name in spec.model_fields_set}
    return {field: value for field, value in tree.items() if field in written}


def whole_tree(spec: BackupJobSpec) -> Tree:
    """What was written, and the defaults for the rest."""
    tree: Tree = spec.model_dump(mode="json", by_alias=True, exclude={"job"})
    tree["guests"] = _chosen(spec.guests)
    tree["retention"] = None if spec.retention is None else dict[str, Json](spec.retention.options)
    tree["mailTo"] = list[Json](sorted(set(spec.mail_to)))
    tree["comment"] = (spec.comment or "").strip()
    return tree


def project(state: JobState) -> Projection:
    """What is there."""
    row = state.row
    tree: Tree = {
        option.field: option.read(row[option.name]) if option.name in row else option.absent
        for option in OPTIONS
    }
    unseen = ("/guests",) if state.unread else ()
    return Projection(
        {**tree, "guests": state.selection, "comment": without_inline(state.comment, "job")}, unseen=unseen
    )


def _chosen(guests: Selection) -> Json:
    if guests.all:
        return {"all": True, "exclude": list[Json](guests.exclude.names)}
    if guests.pool is not None:
        return {"pool": guests.pool}
    return {"named": list[Json](guests.names)}
