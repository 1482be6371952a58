"""What OPTIONS tells of an endpoint; of its fields only names and whether they are required."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.request import Answer

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.request import Request


def describe(model: Model | None, _request: Request) -> Answer:
    """The description of an endpoint."""
    body: dict[str, Any] = {
        "name": f"{model.verbose.title()} List" if model else "Api",
        "description": "",
        "renders": ["application/json", "text/html"],
        "parses": ["application/json", "multipart/form-data"],
    }
    if model is not None and not model.read_only:
        body["actions"] = {method: _fields(model) for method in ("PUT", "POST")}
    return Answer(200, body)


def _fields(model: Model) -> dict[str, Any]:
    return {
        each.name: {"required": each.required, "read_only": not each.writable, "label": _label(each.name)}
        for each in model.fields
        if not each.hidden
    }


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()
