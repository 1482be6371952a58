"""Pydantic's JSON Schema in the words of draft 7, which every editor and checker knows, without its noise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from pydantic import TypeAdapter

from setpoint.model.quantity import Bytes, Duration, format_bytes, format_duration

DRAFT: Final = "http://json-schema.org/draft-07/schema#"
TEMPLATE: Final = "#/definitions/{model}"

_MAPS = ("properties", "patternProperties", "definitions")
_LISTS = ("anyOf", "oneOf", "allOf")
_SINGLES = ("items", "additionalProperties")
_SIZE: Final[object] = TypeAdapter(Bytes).json_schema()["anyOf"]
_DURATION: Final[object] = TypeAdapter(Duration).json_schema()["pattern"]


def tidy(schema: dict[str, Any]) -> dict[str, Any]:
    """The same schema: `definitions` for `$defs`, nothing beside a `$ref`, no titles, sizes with their unit."""
    found = {name: value for name, value in schema.items() if name not in ("title", "discriminator", "$defs")}
    if "$defs" in schema:
        found["definitions"] = schema["$defs"]
    if found.get("default", 0) is None:
        del found["default"]
    match unit(found), found.get("default"):
        case "size", int() as default:
            found["default"] = format_bytes(default)
        case "duration", str() as default:
            found["default"] = format_duration(TypeAdapter(timedelta).validate_python(default))
        case _:
            pass
    if "patternProperties" in found:
        found.setdefault("additionalProperties", False)
    if "$ref" in found and len(found) > 1:
        found["allOf"] = [{"$ref": found.pop("$ref")}]
    return {name: _below(name, value) for name, value in found.items()}


def unit(schema: dict[str, Any]) -> str:
    """`size` or `duration` where the schema is for one, else nothing."""
    if schema.get("anyOf") == _SIZE:
        return "size"
    return "duration" if schema.get("pattern") == _DURATION else ""


def _below(name: str, value: Any) -> Any:
    if name in _MAPS:
        return {key: tidy(below) for key, below in value.items()}
    if name in _LISTS:
        return [tidy(below) for below in value]
    if name in _SINGLES and not isinstance(value, bool):
        return tidy(value)
    return value
