"""Reads what a client wants an object to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import Invalid
from setpoint_lab.netbox.fields import NO_NULL, REQUIRED
from setpoint_lab.untyped import is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World


def blank_row(model: Model) -> Row:
    """An object with nothing said; its id is given when it is stored."""
    return {"id": 0} | {each.name: each.initial() for each in model.fields if each.stored}


def read_body(world: World, model: Model, body: Any, old: Row | None, *, partial: bool) -> Row:
    """The object as it shall be; what the body leaves out stays, unless it is required and not `partial`.

    Raises:
        Invalid: with errors by field.
    """
    if not is_object(body):
        text = f"Invalid data. Expected a dictionary, but got {type(body).__name__}."
        raise Invalid({"non_field_errors": [text]})
    new = dict(old) if old is not None else blank_row(model)
    errors: dict[str, Any] = {}
    for each in model.fields:
        if not each.writable:
            continue
        if each.name not in body:
            if each.required and not partial:
                errors[each.name] = [REQUIRED]
            continue
        try:
            new[each.name] = _parse(world, each, body[each.name])
        except Invalid as error:
            errors[each.name] = error.errors
    try:
        _merge_tags(world, model, body, new)
    except Invalid as error:
        errors["add_tags"] = error.errors
    if errors:
        raise Invalid(errors)
    return new


def _parse(world: World, field: Any, raw: Any) -> Any:
    if raw is None:
        if not field.null:
            raise Invalid(NO_NULL)
        return None
    return field.parse(world, raw)


def _merge_tags(world: World, model: Model, body: dict[str, Any], new: Row) -> None:
    field = model.by_name.get("tags")
    if field is None or "tags" in body:
        return
    held = list(new["tags"] or ())
    if "add_tags" in body:
        held += [tag for tag in field.parse(world, body["add_tags"]) if tag not in held]
    if "remove_tags" in body:
        gone = set(field.parse(world, body["remove_tags"]))
        held = [tag for tag in held if tag not in gone]
    new["tags"] = held
