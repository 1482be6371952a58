"""Brings a list of rules to what is wanted, that of a firewall or of a security group; neighbour: `edits`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from setpoint.model.errors import RefusalError
from setpoint.model.tree import Tree
from setpoint_proxmox.answer import records, text
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.kinds.firewall.edits import Delete, Edit, Insert, Move, Switch, next_edit
from setpoint_proxmox.kinds.firewall.options import sent_rule, shown_rule

_MOST = 2000
"""Calls that one change of rules may take."""


async def bring(cluster: Cluster, path: tuple[str, ...], wanted: Sequence[Tree]) -> None:
    """Make the rules at `path` of the API those that are wanted, one call after the other.

    Raises:
        RefusalError: they do not become so.
    """
    for _ in range(_MOST):
        rows = sorted(records(await cluster.api.get(*path)), key=lambda row: int(text(row, "pos")))
        edit = next_edit([shown_rule(row) for row in rows], wanted)
        if edit is None:
            return
        await _edit(cluster, path, edit, text(rows[0], "digest") if rows else None)
    raise RefusalError(f"the rules at {'/'.join(path)} do not become what is declared")


async def _edit(cluster: Cluster, path: tuple[str, ...], edit: Edit, digest: str | None) -> None:
    api = cluster.api
    match edit:
        case Insert(one):
            await api.post(*path, enable=0, pos=0, digest=digest, **sent_rule(one))
        case Move(position, before):
            await api.put(*path, position, moveto=before, digest=digest)
        case Switch(position, on):
            await api.put(*path, position, enable=int(on), digest=digest)
        case Delete(position):
            await api.delete(*path, position, digest=digest)
        case _:
            assert_never(edit)
