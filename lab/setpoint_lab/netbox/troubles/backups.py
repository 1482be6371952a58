"""Backups of the database, which take objects, changes and their ids back when they are restored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.events import lab_event
from setpoint_lab.netbox.store import Table

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World


@lab_event("backup_made")
async def make_backup(world: World, _spec: Mapping[str, Any]) -> None:
    """The database is kept as it is; there is one backup."""
    world.backup = {endpoint: _copy(table) for endpoint, table in world.tables.items()}


@lab_event("backup_restored")
async def restore_backup(world: World, _spec: Mapping[str, Any]) -> None:
    """The database is as it was when the backup was made.

    Raises:
        ValueError: none was made.
    """
    if not world.backup:
        raise ValueError("there is no backup; let backup_made happen first")
    world.tables = {endpoint: _copy(table) for endpoint, table in world.backup.items()}


def _copy(table: Table) -> Table:
    copied = Table()
    copied.rows = dict(table.rows)
    copied.next_id = table.next_id
    return copied
