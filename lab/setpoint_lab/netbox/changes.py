"""The change log: one row for each object in a request, updated in place by what the request does later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.delivery import Action, Happening
from setpoint_lab.netbox.model import MODELS
from setpoint_lab.netbox.view import View, field_names

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit
    from setpoint_lab.netbox.world import World

ENDPOINT = "core/object-changes"
LONGEST_NAME = 200


def write_change(
    unit: Unit,
    model: Model,
    action: Action,
    row: Row,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Write what happened to an object; a change that changes nothing is told to others, but not logged."""
    announce(unit, model, action, row, before, after)
    log_change(unit, model, action, row, before, after)


def log_change(
    unit: Unit,
    model: Model,
    action: Action,
    row: Row,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    """Write what happened to the change log alone."""
    if not model.logged:
        return
    key = (model.endpoint, int(row["id"]))
    if action == "update" and before == after and key not in unit.changes:
        return
    table = unit.world.table(ENDPOINT)
    known = table.rows.get(unit.changes.get(key, 0))
    if known is not None and action == "update":
        unit.put(ENDPOINT, known | {"postchange_data": after, "object_repr": _name(unit.world, model, row)})
        return
    number = table.allocate()
    unit.changes[key] = number
    unit.put(
        ENDPOINT,
        _row(unit, model, action, row) | {"id": number, "prechange_data": before, "postchange_data": after},
    )


def _row(unit: Unit, model: Model, action: Action, row: Row) -> Row:
    author = unit.author
    related = _related(model, row)
    return {
        "time": unit.world.now(),
        "user": author.user,
        "user_name": author.user_name,
        "request_id": author.request_id,
        "action": action,
        "changed_object_type": model.type,
        "changed_object_id": row["id"],
        "related_object_type": related[0],
        "related_object_id": related[1],
        "object_repr": _name(unit.world, model, row),
        "message": unit.message,
    }


def _name(world: World, model: Model, row: Row) -> str:
    return model.display(world, row)[:LONGEST_NAME]


def _related(model: Model, row: Row) -> tuple[str | None, int | None]:
    if model.parent is None:
        return None, None
    if model.parent.endswith("_id"):
        return row.get(model.parent.removesuffix("_id") + "_type"), row.get(model.parent)
    to = getattr(model.by_name[model.parent], "to", "")
    return MODELS[to].type, row.get(model.parent)


def show_all(world: World, model: Model, row: Row) -> dict[str, Any]:
    """The object as webhooks have it, with paths for addresses; nothing where no rule could ask for it."""
    if not world.table("extras/event-rules").rows:
        return {}
    names = [name for name in field_names(model) if name != "config_context"]
    return View(world, "").select(model, row, names)


def announce(
    unit: Unit,
    model: Model,
    action: Action,
    row: Row,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    *,
    data: dict[str, Any] | None = None,
) -> None:
    """Note what happened for those who are told when the work is done; `data` is the object, if not as it is now."""
    if not model.logged:
        return
    key = (model.endpoint, int(row["id"]))
    first = unit.happened.get(key)
    if first is not None and action == "update":
        action, before = first.action, first.before
    author = unit.author
    shown = data if data is not None else show_all(unit.world, model, row)
    unit.happened[key] = Happening(
        time=unit.world.now(),
        action=action,
        type=model.type,
        id=int(row["id"]),
        data=shown,
        before=before,
        after=after,
        user=author.user_name,
        request_id=author.request_id,
        method=author.method,
        path=author.path,
    )
