"""The list of which tag is on which object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from setpoint_lab.netbox.fields import Integer
from setpoint_lab.netbox.model import TYPES, Model, register
from setpoint_lab.netbox.relations import AnyObject, Ref, TypeName

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World


def _tagging(world: World, row: Row) -> str:
    model = TYPES.get(row["object_type"])
    target = world.row(model.endpoint, row["object_id"]) if model else None
    tag = world.row("extras/tags", row["tag"]) or {}
    name = model.display(world, target) if model and target else None
    return f"{name} tagged with {tag.get('name')}"


register(
    Model(
        endpoint="extras/tagged-objects",
        type="extras.taggeditem",
        class_name="TaggedItem",
        verbose="tagged item",
        display=_tagging,
        ordering=("id",),
        natural="id",
        page="",
        search=(),
        read_only=True,
        logged=False,
        fields=(
            TypeName("object_type"),
            Integer("object_id"),
            AnyObject("object", by_type="object_type", by_id="object_id"),
            Ref("tag", to="extras/tags"),
        ),
    )
)
