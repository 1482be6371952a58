"""The custom fields of an object: which it has, how they are merged, checked and shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import WHOLE, Invalid
from setpoint_lab.netbox.fields import Writable
from setpoint_lab.netbox.model import TYPES, Model
from setpoint_lab.netbox.times import parse_time
from setpoint_lab.netbox.versions import LABELLED
from setpoint_lab.untyped import is_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.view import View
    from setpoint_lab.netbox.world import World

ENDPOINT = "extras/custom-fields"
CHOICE_SETS = "extras/custom-field-choice-sets"
SELECTING = ("select", "multiselect")
REFERRING = ("object", "multiobject")
BASE_CODES = {"IATA": r"[A-Z]{3}", "ISO_3166": r"[A-Z]{2}", "UN_LOCODE": r"[A-Z]{2}[A-Z0-9]{3}"}
"""What the values of the sets look like that come with NetBox."""


def custom_fields_of(world: World, type_name: str) -> list[Row]:
    """The definitions for a type, by name."""
    return sorted(world.table(ENDPOINT).where("object_types", type_name), key=lambda row: str(row["name"]))


@dataclass(frozen=True)
class CustomFields(Writable):
    """The custom fields of an object; the row holds those that were ever set."""

    name: str = "custom_fields"
    type: str = ""

    def parse(self, world: World, raw: Any, /) -> Any:
        """A dict of known fields, references as ids."""
        if not is_object(raw):
            raise Invalid(
                "Invalid data format. Custom field data must be passed as a dictionary mapping field names to their values."
            )
        known = {each["name"]: each for each in custom_fields_of(world, self.type)}
        for name in raw:
            if name not in known:
                raise Invalid({name: f"Custom field '{name}' does not exist for this object type."})
        return {name: _neutral(known[name], value) for name, value in raw.items()}

    def show(self, view: View, row: Row, /) -> Any:
        """All defined fields."""
        held: dict[str, Any] = row.get(self.name) or {}
        definitions = custom_fields_of(view.world, self.type)
        return {each["name"]: _shown(view, each, held.get(each["name"])) for each in definitions}

    def record(self, _world: World, row: Row, /) -> Any:
        """What was set."""
        return dict(row.get(self.name) or {})

    def initial(self) -> Any:
        """Nothing set."""
        return {}


def _neutral(definition: Row, value: Any) -> Any:
    if definition["type"] == "object" and is_object(value):
        return value.get("id")
    if definition["type"] == "multiobject" and is_list(value):
        return [item.get("id") if is_object(item) else item for item in value]
    return value


def _shown(view: View, definition: Row, value: Any) -> Any:
    if value is not None and definition["type"] in SELECTING and view.world.release >= LABELLED:
        return _labelled(view.world, definition, value)
    if value is None or definition["type"] not in REFERRING:
        return value
    model = TYPES.get(str(definition.get("related_object_type")))
    if model is None:
        return None
    if definition["type"] == "object":
        return view.reference(model.endpoint, value)
    found = [view.reference(model.endpoint, item) for item in value]
    return [item for item in found if item is not None]


def _labelled(world: World, definition: Row, value: Any) -> Any:
    """Selections as NetBox 4.7 shows them."""
    if is_list(value):
        return [_labelled(world, definition, each) for each in value]
    choices = world.row(CHOICE_SETS, definition.get("choice_set")) or {}
    labels = {choice[0]: choice[1] for choice in choices.get("extra_choices") or ()}
    return {"value": value, "label": labels.get(value, value)}


def settle(world: World, model: Model, old: Row | None, new: Row) -> None:
    """Fill in defaults of an object that is made, merge with what an object had, and check everything.

    Raises:
        Invalid: with errors by field.
    """
    if "custom_fields" not in model.by_name:
        return
    definitions = custom_fields_of(world, model.type)
    held = dict((old or {}).get("custom_fields") or {})
    if old is None:
        held = _defaults(definitions, given=bool(new.get("custom_fields")))
    held.update(new.get("custom_fields") or {})
    new["custom_fields"] = held
    for each in definitions:
        _check(world, model, each, held.get(each["name"]), new["id"])


def _defaults(definitions: list[Row], *, given: bool) -> dict[str, Any]:
    """The defaults of a new object; where some values are given, fields without a default stay away."""
    return {
        each["name"]: each.get("default")
        for each in definitions
        if not given or each.get("default") is not None
    }


def _check(world: World, model: Model, definition: Row, value: Any, number: int) -> None:
    name = definition["name"]
    if value is None or value == "":
        if definition.get("required"):
            raise Invalid({WHOLE: [f"Missing required custom field '{name}'."]})
        return
    complaint = _complaint(world, definition, value)
    if complaint:
        raise Invalid({WHOLE: [f"Invalid value for custom field '{name}': {complaint}"]})
    if definition.get("unique"):
        for row in world.table(model.endpoint).rows.values():
            other: dict[str, Any] = row.get("custom_fields") or {}
            if row["id"] != number and other.get(name) == value:
                raise Invalid({WHOLE: [f"Custom field '{name}' must have a unique value."]})


def _complaint(world: World, definition: Row, value: Any) -> str | None:
    check = _CHECKS.get(str(definition["type"]))
    return check(world, definition, value) if check else None


def _text(_world: World, definition: Row, value: Any) -> str | None:
    if not isinstance(value, str):
        return "Value must be a string."
    pattern = str(definition.get("validation_regex") or "")
    if pattern and not re.search(pattern, value):
        return f"Value must match regex '{pattern}'"
    return None


def _integer(_world: World, definition: Row, value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int):
        return "Value must be an integer."
    return _range(definition, value)


def _decimal(_world: World, definition: Row, value: Any) -> str | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return "Value must be a decimal."
    return _range(definition, number)


def _range(definition: Row, value: float) -> str | None:
    least, most = definition.get("validation_minimum"), definition.get("validation_maximum")
    if least is not None and value < least:
        return f"Value must be at least {least:.4f}"
    if most is not None and value > most:
        return f"Value must not exceed {most:.4f}"
    return None


def _boolean(_world: World, _definition: Row, value: Any) -> str | None:
    return None if value in {True, False} else "Value must be true or false."


def _date(_world: World, _definition: Row, value: Any) -> str | None:
    try:
        date.fromisoformat(value)
    except (TypeError, ValueError):
        return "Date values must be in ISO 8601 format (YYYY-MM-DD)."
    return None


def _datetime(_world: World, _definition: Row, value: Any) -> str | None:
    try:
        parse_time(str(value))
    except ValueError:
        return "Date and time values must be in ISO 8601 format (YYYY-MM-DD HH:MM:SS)."
    return None


def choices_of(world: World, definition: Row) -> dict[str, str]:
    """The choices of a definition with their labels."""
    chosen = world.row(CHOICE_SETS, definition.get("choice_set")) or {}
    return {str(pair[0]): str(pair[1]) for pair in chosen.get("extra_choices") or ()}


def _is_choice(world: World, definition: Row, value: Any) -> bool:
    """Whether a value is among the choices; of the great lists only the form of their codes is known here."""
    if value in choices_of(world, definition):
        return True
    base = (world.row(CHOICE_SETS, definition.get("choice_set")) or {}).get("base_choices")
    return base in BASE_CODES and re.fullmatch(BASE_CODES[base], value) is not None


def _select(world: World, definition: Row, value: Any) -> str | None:
    if isinstance(value, str) and _is_choice(world, definition, value):
        return None
    return f"Invalid choice ({value}) for choice set {_set_name(world, definition)}."


def _multiselect(world: World, definition: Row, value: Any) -> str | None:
    if is_list(value) and all(_is_choice(world, definition, str(each)) for each in value):
        return None
    return f"Invalid choice(s) ({value}) for choice set {_set_name(world, definition)}."


def _set_name(world: World, definition: Row) -> str:
    return str((world.row(CHOICE_SETS, definition.get("choice_set")) or {}).get("name"))


def _object(_world: World, _definition: Row, value: Any) -> str | None:
    return None if isinstance(value, int) else f"Value must be an object ID, not {type(value).__name__}"


def _objects(_world: World, _definition: Row, value: Any) -> str | None:
    if not is_list(value):
        return f"Value must be a list of object IDs, not {type(value).__name__}"
    bad = [item for item in value if not isinstance(item, int)]
    return f"Found invalid object ID: {bad[0]}" if bad else None


_CHECKS = {
    "text": _text,
    "longtext": _text,
    "url": _text,
    "integer": _integer,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
    "select": _select,
    "multiselect": _multiselect,
    "object": _object,
    "multiobject": _objects,
}
