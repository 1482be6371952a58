"""Filters of lists, derived from the fields of a model; parameters that nobody knows are ignored."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.custom_filters import match_custom_field
from setpoint_lab.netbox.errors import BAD_REQUEST, Invalid, Refused
from setpoint_lab.netbox.fields import Choice, Decimal, Field, Flag, Integer, Integers, Text
from setpoint_lab.netbox.lookups import (
    Predicate,
    match_ordered,
    match_text,
    parse_flag,
    parse_moment,
    parse_number,
    parse_whole,
)
from setpoint_lab.netbox.model import MODELS, Model
from setpoint_lab.netbox.relations import Ref, Tags, TypeName
from setpoint_lab.netbox.times import parse_time
from setpoint_lab.untyped import as_list, is_list

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

RESERVED = frozenset({"limit", "offset", "start", "ordering", "fields", "omit", "brief", "exclude", "format"})
TIMES = frozenset({"created", "last_updated", "time"})
BY_REQUEST = {
    "modified_by_request": ("create", "update"),
    "created_by_request": ("create",),
    "updated_by_request": ("update",),
}


def filter_rows(world: World, model: Model, rows: list[Row], parameters: dict[str, list[str]]) -> list[Row]:
    """The rows that pass all filters of a query.

    Raises:
        Refused: a value cannot be taken.
    """
    predicates: list[Predicate] = []
    errors: dict[str, Any] = {}
    for name, values in parameters.items():
        given = [value for value in values if value != ""]
        if name in RESERVED or not given:
            continue
        try:
            found = _predicate(world, model, name, given)
        except Invalid as error:
            errors[name] = error.errors
            continue
        if found is not None:
            predicates.append(found)
    if errors:
        raise Refused(BAD_REQUEST, errors)
    return [row for row in rows if all(predicate(row) for predicate in predicates)]


def _predicate(world: World, model: Model, name: str, values: list[str]) -> Predicate | None:
    if name in model.filters:
        return model.filters[name](world, values)
    if name == "q":
        return _search(model, values[-1])
    if name in BY_REQUEST:
        return _by_request(world, model, values, BY_REQUEST[name])
    if name.startswith("cf_"):
        return match_custom_field(world, model, name, values)
    plain, _, lookup = name.partition("__")
    return _by_field(world, model, plain, lookup, values)


def _by_field(world: World, model: Model, name: str, lookup: str, values: list[str]) -> Predicate | None:
    if name == "id":
        return match_ordered(lambda row: row["id"], lookup, values, parse_whole)
    if name in TIMES and name in model.by_name:
        return match_ordered(lambda row: parse_time(row[name]), lookup, values, parse_moment)
    if name in {"tag", "tag_id"} and "tags" in model.by_name:
        return _by_tags(world, name, lookup, values)
    field = model.by_name.get(name) or model.by_name.get(name.removesuffix("_id"))
    if isinstance(field, Ref):
        return _by_reference(world, field, name, lookup, values)
    return _by_value(field, lookup, values) if field is not None and field.name == name else None


def _by_value(field: Field, lookup: str, values: list[str]) -> Predicate | None:
    if isinstance(field, Choice):
        return _by_choice(field, lookup, values)
    make = next((make for kind, make in _BY_KIND if isinstance(field, kind)), None)
    return make(field.name, lookup, values) if make is not None else None


def _by_text(name: str, lookup: str, values: list[str]) -> Predicate | None:
    return match_text(lambda row: row.get(name), lookup, values, folded=name in {"name", "model"})


def _by_whole(name: str, lookup: str, values: list[str]) -> Predicate | None:
    return match_ordered(lambda row: row.get(name), lookup, values, parse_whole)


def _by_number(name: str, lookup: str, values: list[str]) -> Predicate | None:
    return match_ordered(lambda row: row.get(name), lookup, values, parse_number)


def _by_flag(name: str, lookup: str, values: list[str]) -> Predicate | None:
    wanted = parse_flag(values[-1])
    return None if wanted is None or lookup else lambda row: bool(row.get(name)) == wanted


def _by_types(name: str, _lookup: str, values: list[str]) -> Predicate | None:
    return lambda row: bool({*_listed(row.get(name))} & {*values})


def _by_numbers(name: str, _lookup: str, values: list[str]) -> Predicate | None:
    return lambda row: any(str(held) in values for held in row.get(name) or ())


_BY_KIND: tuple[tuple[type[Field], Callable[[str, str, list[str]], Predicate | None]], ...] = (
    (Text, _by_text),
    (Integer, _by_whole),
    (Decimal, _by_number),
    (Flag, _by_flag),
    (TypeName, _by_types),
    (Integers, _by_numbers),
)


def _listed(value: Any) -> list[str]:
    return as_list(value)


def _by_choice(field: Choice, lookup: str, values: list[str]) -> Predicate | None:
    name = field.name
    if lookup in {"", "n"}:
        known = {str(value) for value in field.labels}
        for value in values:
            if value not in known and value != "null":
                raise no_choice(value)
    return match_text(lambda row: row.get(name), lookup, values, folded=False)


def no_choice(value: str) -> Invalid:
    """What a filter says of a value that names nothing."""
    return Invalid(f"Select a valid choice. {value} is not one of the available choices.")


def resolve(world: World, endpoint: str, values: list[str], *, by_id: bool) -> set[int | None]:
    """The ids of the objects that values of a filter name, by id or by their natural key; `null` is none.

    Raises:
        Invalid: one names nothing.
    """
    table, natural = world.table(endpoint), MODELS[endpoint].natural
    found: set[int | None] = set()
    for value in values:
        if value == "null":
            found.add(None)
            continue
        if by_id:
            known = [int(value)] if value.isdigit() and int(value) in table.rows else []
        else:
            known = [row["id"] for row in table.rows.values() if str(row.get(natural)) == value]
        if not known:
            raise no_choice(value)
        found.update(known)
    return found


def _by_reference(world: World, field: Ref, name: str, lookup: str, values: list[str]) -> Predicate | None:
    if lookup not in {"", "n"} or isinstance(field, Tags):
        return None
    wanted = resolve(world, field.to, values, by_id=name.endswith("_id"))
    plain = field.name

    def passes(row: Row) -> bool:
        held = row.get(plain)
        return bool(wanted & set(held)) if is_list(held) else held in wanted

    return (lambda row: not passes(row)) if lookup == "n" else passes


def _by_tags(world: World, name: str, lookup: str, values: list[str]) -> Predicate | None:
    wanted = resolve(world, "extras/tags", values, by_id=name == "tag_id")
    if lookup == "":
        return lambda row: wanted <= set(row["tags"])
    if lookup == "any":
        return lambda row: bool(wanted & set(row["tags"]))
    return (lambda row: not wanted & set(row["tags"])) if lookup == "n" else None


def _search(model: Model, text: str) -> Predicate:
    wanted = text.strip().casefold()
    return lambda row: any(wanted in str(row.get(name) or "").casefold() for name in model.search)


def _by_request(world: World, model: Model, values: list[str], actions: tuple[str, ...]) -> Predicate:
    changes = world.table("core/object-changes").where("request_id", values[-1])
    wanted = {
        row["changed_object_id"]
        for row in changes
        if row["changed_object_type"] == model.type and row["action"] in actions
    }
    return lambda row: row["id"] in wanted
