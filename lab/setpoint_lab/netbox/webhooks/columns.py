"""Columns of the database that no answer shows, but the snapshots of deliveries do."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.content_types import type_number
from setpoint_lab.netbox.model import TYPES

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World

Record = dict[str, Any]
Columns = Callable[["World", str, Record], Record]

_NAME = re.compile(
    r"(?P<type>[^\d.:]+)?(?:(?P<slot>\d+)/)?(?:(?P<subslot>\d+)/)?(?:(?P<position>\d+)/)?(?:(?P<subposition>\d+)/)?"
    r"(?P<id>\d+)?(?::(?P<channel>\d+))?(?:\.(?P<vc>\d+))?(?P<rest>.*)"
)
_NUMBER = re.compile(r"\d+")


def _scope(_world: World, _kind: str, record: Record) -> Record:
    site = record.get("scope_id") if record.get("scope_type") == type_number("dcim.site") else None
    return {"_location": None, "_site": site, "_region": None, "_site_group": None}


def _prefix(world: World, kind: str, record: Record) -> Record:
    return _scope(world, kind, record) | {"_depth": 0, "_children": 0}


def _tree(world: World, kind: str, record: Record) -> Record:
    """The place in a forest of roots, which are in the order of their names."""
    names = [str(row["name"]) for row in world.table(TYPES[kind].endpoint).rows.values()]
    before = sum(name < str(record["name"]) for name in names)
    return {"lft": 1, "rght": 2, "tree_id": before + 1, "level": 0}


def _sortable(_world: World, _kind: str, record: Record) -> Record:
    return {"_name": sortable_name(str(record["name"]))}


def sortable_name(name: str) -> str:
    """The name of an interface in the form by which NetBox sorts them."""
    found = _NAME.match(name)
    if found is None:
        return name
    places = "".join(
        (found[each] or "9999").rjust(4, "0") for each in ("slot", "subslot", "position", "subposition")
    )
    numbers = "".join(
        (found[each] or "").rjust(6, "0" if found[each] else ".") for each in ("id", "channel", "vc")
    )
    rest = _NUMBER.sub(lambda number: number[0].rjust(8, "0"), found["rest"])
    return f"{places}{found['type'] or ''}{numbers}{rest}"


def _ports(_world: World, _kind: str, record: Record) -> Record:
    return {"_ports_lowest": min(record["ports"])}


def _owner(_world: World, _kind: str, _record: Record) -> Record:
    return {"owner": None}


def _synced(_world: World, _kind: str, _record: Record) -> Record:
    return {"auto_sync_enabled": False}


def _face(_world: World, _kind: str, record: Record) -> Record:
    return {"face": record.get("face") or ""}


COLUMNS: dict[str, Columns] = {
    "dcim.device": _face,
    "dcim.devicerole": _tree,
    "dcim.interface": _sortable,
    "dcim.platform": _tree,
    "extras.configcontext": _synced,
    "extras.tag": _owner,
    "ipam.prefix": _prefix,
    "ipam.service": _ports,
    "virtualization.cluster": _scope,
    "virtualization.vminterface": _sortable,
}
"""By type; other types have none."""


def with_columns(world: World, kind: str, record: Record) -> Record:
    """The record of an object with what only the database knows."""
    columns = COLUMNS.get(kind)
    return record | columns(world, kind, record) if columns is not None else record
