"""What happens to NetBox other than by its API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.body import blank_row
from setpoint_lab.netbox.events import lab_event
from setpoint_lab.netbox.model import MODELS

if TYPE_CHECKING:
    from setpoint_lab.netbox.world import World


@lab_event("set_next_id")
async def set_next_id(world: World, spec: Mapping[str, Any]) -> None:
    """The next ids of endpoints are others, also lower ones: a database that was restored."""
    for endpoint, number in spec.items():
        world.table(endpoint).next_id = int(number)


@lab_event("row_written")
async def row_written(world: World, spec: Mapping[str, Any]) -> None:
    """Somebody writes fields of a row straight into the database; `touch` moves `last_updated`."""
    table = world.table(str(spec["endpoint"]))
    row = table.rows[int(spec["id"])] | dict(spec["fields"])
    if spec.get("touch"):
        row["last_updated"] = world.now()
    table.put(row)


@lab_event("row_made")
async def row_made(world: World, spec: Mapping[str, Any]) -> None:
    """Somebody makes a row straight in the database; nothing is logged."""
    endpoint = str(spec["endpoint"])
    table = world.table(endpoint)
    row = blank_row(MODELS[endpoint]) | dict(spec["fields"]) | {"id": table.allocate()}
    table.put(row | {"created": world.now(), "last_updated": world.now()})


@lab_event("row_lost")
async def row_lost(world: World, spec: Mapping[str, Any]) -> None:
    """A row vanishes from the database, and nothing tells of it."""
    world.table(str(spec["endpoint"])).remove(int(spec["id"]))
