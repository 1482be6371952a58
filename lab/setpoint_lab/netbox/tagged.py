"""Which tag is on which object: a table of its own, whose rows come and go with the tags of objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit

ENDPOINT = "extras/tagged-objects"


def note_tags(unit: Unit, model: Model, old: Row | None, new: Row | None) -> None:
    """Make rows for tags that came, and drop those of tags that went."""
    if "tags" not in model.by_name:
        return
    before = set((old or {}).get("tags") or ())
    after = list((new or {}).get("tags") or ())
    number = (new or old or {})["id"]
    table = unit.world.table(ENDPOINT)
    for row in table.where("object_id", number) if before - set(after) else ():
        if row["object_type"] == model.type and row["tag"] in before - set(after):
            unit.drop(ENDPOINT, row["id"])
    for tag in after:
        if tag not in before:
            unit.put(
                ENDPOINT, {"id": table.allocate(), "object_type": model.type, "object_id": number, "tag": tag}
            )
