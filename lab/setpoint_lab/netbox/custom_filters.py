"""Filters by custom fields: `cf_<name>` and `cf_<name>__<lookup>`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.custom_fields import custom_fields_of
from setpoint_lab.netbox.lookups import (
    Predicate,
    match_empty,
    match_ordered,
    match_text,
    parse_flag,
    parse_moment,
    parse_number,
    parse_whole,
)
from setpoint_lab.netbox.times import parse_time

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World


def match_custom_field(world: World, model: Model, name: str, values: list[str]) -> Predicate | None:
    """A predicate, None when there is no such field.

    Raises:
        Invalid: a value cannot be taken.
    """
    plain, _, lookup = name.removeprefix("cf_").partition("__")
    definition = next((each for each in custom_fields_of(world, model.type) if each["name"] == plain), None)
    if definition is None or definition.get("filter_logic") == "disabled":
        return None

    def value(row: Row) -> Any:
        held: dict[str, Any] = row.get("custom_fields") or {}
        return held.get(plain)

    if lookup == "empty":
        return match_empty(value, values)
    return _match(definition, value, lookup, values)


def _match(definition: Row, value: Any, lookup: str, values: list[str]) -> Predicate | None:
    kind = str(definition["type"])
    if kind in {"multiselect", "multiobject"}:
        return lambda row: bool({str(each) for each in value(row) or ()} & set(values))
    if kind in {"integer", "object", "decimal"}:
        parse = parse_number if kind == "decimal" else parse_whole
        return match_ordered(value, lookup, values, parse)
    if kind in {"date", "datetime"}:
        return match_ordered(lambda row: _moment(value(row)), lookup, values, parse_moment)
    if kind == "boolean":
        wanted = parse_flag(values[-1])
        return None if wanted is None else lambda row: value(row) is wanted
    if not lookup and kind != "select" and definition.get("filter_logic") == "loose":
        lookup = "ic"
    return match_text(value, lookup, values, folded=False)


def _moment(held: Any) -> Any:
    return None if held is None else parse_time(str(held))
