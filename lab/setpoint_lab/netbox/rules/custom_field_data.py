"""What becomes of the values of a custom field when it comes, is renamed or goes: written below the change log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import WHOLE, Invalid
from setpoint_lab.netbox.hooks import hook
from setpoint_lab.netbox.model import TYPES
from setpoint_lab.untyped import as_list

if TYPE_CHECKING:
    from collections.abc import Iterable

    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.unit import Unit

FIELDS = "extras/custom-fields"
CHOICE_SETS = "extras/custom-field-choice-sets"
SELECTIONS = ("select", "multiselect")
REFERRING = ("object", "multiobject")
DATA = "custom_fields"


@hook("validate", FIELDS)
def check_form(_unit: Unit, _old: Row | None, new: Row | None) -> None:
    """Selections have a set of choices, references a type, and no other has either."""
    if new is None:
        return
    selects, refers = new["type"] in SELECTIONS, new["type"] in REFERRING
    if "__" in new["name"]:
        raise Invalid({"name": ["Double underscores are not permitted in custom field names."]})
    if selects and new["choice_set"] is None:
        raise Invalid({"choice_set": ["Selection fields must specify a set of choices."]})
    if not selects and new["choice_set"] is not None:
        raise Invalid({"choice_set": ["Choices may be set only on selection fields."]})
    if refers and not new["related_object_type"]:
        raise Invalid({"related_object_type": ["Object fields must define an object type."]})
    if not refers and new["related_object_type"]:
        raise Invalid({"type": [f"{new['type']} fields may not define an object type."]})


@hook("after_save", FIELDS)
def roll_out(unit: Unit, old: Row | None, new: Row | None) -> None:
    """All objects of its types have a new field, with its default; a renamed one is renamed in all."""
    if new is None:
        return
    before = set(old["object_types"]) if old else set[str]()
    after = set(new["object_types"])
    if old is not None and old["name"] != new["name"]:
        _rename(unit, before & after, old["name"], new["name"])
    _fill(unit, after - before, new["name"], new.get("default"))
    _empty(unit, before - after, (old or new)["name"])


@hook("dropped", FIELDS)
def clear(unit: Unit, old: Row | None, _new: Row | None) -> None:
    """No object has a field that is gone."""
    if old is not None:
        _empty(unit, old["object_types"], old["name"])


def _fill(unit: Unit, types: Iterable[str], name: str, value: Any) -> None:
    for endpoint, row in _objects(unit, types):
        unit.put(endpoint, row | {DATA: (row[DATA] or {}) | {name: value}})


def _rename(unit: Unit, types: Iterable[str], old: str, new: str) -> None:
    for endpoint, row in _objects(unit, types):
        if old in (row[DATA] or {}):
            data = {new if name == old else name: value for name, value in row[DATA].items()}
            unit.put(endpoint, row | {DATA: data})


def _empty(unit: Unit, types: Iterable[str], name: str) -> None:
    for endpoint, row in _objects(unit, types):
        if name in (row[DATA] or {}):
            unit.put(endpoint, row | {DATA: {key: row[DATA][key] for key in row[DATA] if key != name}})


def _objects(unit: Unit, types: Iterable[str]) -> list[tuple[str, Row]]:
    models = [TYPES[each] for each in sorted(types) if each in TYPES]
    return [
        (model.endpoint, row)
        for model in models
        if DATA in model.by_name
        for row in list(unit.world.table(model.endpoint).rows.values())
    ]


@hook("validate", CHOICE_SETS)
def check_choices(unit: Unit, old: Row | None, new: Row | None) -> None:
    """A set has choices, and keeps those that objects have."""
    if new is None:
        return
    if not new["base_choices"] and not new["extra_choices"]:
        raise Invalid({WHOLE: ["Must define base or extra choices."]})
    if old is None:
        return
    gone = {pair[0] for pair in old["extra_choices"] or ()} - {pair[0] for pair in new["extra_choices"] or ()}
    for definition in unit.world.table(FIELDS).where("choice_set", new["id"]) if gone else ():
        for endpoint, row in _objects(unit, definition["object_types"]):
            held: dict[str, Any] = row[DATA] or {}
            for choice in as_list(held.get(definition["name"])):
                if choice in gone:
                    text = (
                        f"Cannot remove choice {choice} as there are {endpoint} objects which reference it."
                    )
                    raise Invalid({WHOLE: [text]})
