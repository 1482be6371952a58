"""What OPTIONS tells of an endpoint: of its fields what kind they are, whether they are required, and how long they may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.computed import Count
from setpoint_lab.netbox.fields import Choice, Decimal, Flag, Integer, Text
from setpoint_lab.netbox.model import MODELS
from setpoint_lab.netbox.relations import Ref, RefMany
from setpoint_lab.netbox.request import Answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from setpoint_lab.netbox.fields import Field
    from setpoint_lab.netbox.model import Model

DIGITS = 6
ACTIONS = {"PUT": "change", "POST": "add"}
HEAD: dict[str, Any] = {
    "id": {"type": "integer", "required": False, "read_only": True, "label": "ID"},
    "url": {"type": "field", "required": False, "read_only": True, "label": "Url"},
    "display_url": {"type": "field", "required": False, "read_only": True, "label": "Display url"},
    "display": {"type": "field", "required": False, "read_only": True, "label": "Display"},
}
"""What all objects have before their fields."""


def describe(model: Model | None, allowed: Callable[[str], bool]) -> Answer:
    """The description of an endpoint; of its methods those whose action, add or change, is allowed."""
    body: dict[str, Any] = {
        "name": f"{model.verbose.title()} List" if model else "Api",
        "description": "",
        "renders": ["application/json", "text/html"],
        "parses": ["application/json", "multipart/form-data"],
    }
    if model is not None and not model.read_only:
        methods = [method for method, action in ACTIONS.items() if allowed(action)]
        body |= {"actions": {method: HEAD | _fields(model) for method in methods}} if methods else {}
    return Answer(200, body)


def _fields(model: Model) -> dict[str, Any]:
    return {each.name: _field(each) for each in model.fields if not each.hidden}


def _field(field: Field) -> dict[str, Any]:
    kind, more = _kind(field)
    return {
        "type": kind,
        "required": field.required,
        "read_only": not field.writable,
        "label": field.name.replace("_", " ").capitalize(),
    } | {key: value for key, value in more.items() if value is not None}


def _kind(field: Field) -> tuple[str, dict[str, Any]]:
    """The word for a field, and what else is said of it."""
    if field.name in {"created", "last_updated"}:
        return "datetime", {}
    if isinstance(field, Ref):
        return _reference(field)
    if isinstance(field, Text):
        return "slug" if field.name == "slug" else "string", {"max_length": field.longest}
    if isinstance(field, Choice):
        shown = [{"value": value, "display_name": label} for value, label in field.labels.items()]
        return "field", {"choices": shown}
    return _plain(field)


def _reference(field: Ref) -> tuple[str, dict[str, Any]]:
    inner = {"children": _brief(field.to)}
    return (
        ("field", {"child": {"type": "nested object"} | inner})
        if isinstance(field, RefMany)
        else ("nested object", inner)
    )


def _plain(field: Field) -> tuple[str, dict[str, Any]]:
    """A number, a flag, or what has no word."""
    if isinstance(field, Decimal):
        digits = {"max_digits": DIGITS, "decimal_places": field.places}
        return "decimal", {"min_value": field.least, "max_value": field.most} | digits
    if isinstance(field, Integer):
        return "integer", {"min_value": field.least, "max_value": field.most}
    if isinstance(field, Count):
        return "integer", {}
    return ("boolean" if isinstance(field, Flag) else "field"), {}


def _brief(endpoint: str) -> dict[str, Any]:
    """The fields of a reference, which has no references of its own."""
    model = MODELS[endpoint]
    known = {
        name: {"type": "field", "required": False, "read_only": True, "label": name} for name in model.brief
    }
    plain = {
        each.name: _field(each)
        for each in model.fields
        if each.name in model.brief and not isinstance(each, Ref)
    }
    return {name: (HEAD | plain).get(name, known[name]) for name in model.brief}
