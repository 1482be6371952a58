"""What no API token may do, said by name and with the command that root runs on the node. Pure; neighbour: `plan`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import replace

from setpoint.model.diff import MISSING
from setpoint.model.plan import Step, obstructed
from setpoint.model.tree import parts
from setpoint_proxmox.kinds.container.edit import ByHand, Edit
from setpoint_proxmox.kinds.container.state import CtState


def by_hand(edit: Edit, ct: CtState) -> Iterator[Step]:
    """One obstacle for each option that only root may write, with the exact command.

    What waits for a restart already was written.
    """
    for name, found in sorted(edit.by_hand.items()):
        changes = tuple(change for change in found.changes if not (change.accepted and ct.is_on))
        if changes:
            # Of one that is not made yet the id is not known, and its change is that it is made.
            yield _obstacle(name, replace(found, changes=changes), ct)


def is_incomplete(edit: Edit, ct: CtState) -> bool:
    """Whether a stopped container lacks something that only root may give it; started, it would miss it."""
    given = (change for found in edit.by_hand.values() for change in found.changes)
    return not ct.is_on and any(change.desired is not MISSING and not change.accepted for change in given)


def _obstacle(name: str, found: ByHand, ct: CtState) -> Step:
    vmid = str(ct.vmid) if ct.vmid else "VMID"
    fields = ", ".join(".".join(parts(change.path)) for change in found.changes)
    if found.text is None:
        command = f"pct set {vmid} --delete {name}"
    else:
        command = f"pct set {vmid} --{name} {shlex.quote(found.text)}"
    waits = "" if ct.is_on or found.text is None else "; until then a stopped container is not started"
    why = f"only root may set {fields}{' of ' + str(ct) if ct.vmid else ''}, an API token may not{waits}"
    return obstructed(why, f"run on {ct.node}: {command}", found.changes if ct.vmid else ())
