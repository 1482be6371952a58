"""Constraints of permissions: which objects fit a question in the words of the database, `{"tags__slug": "managed"}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.model import MODELS, TYPES, Model
from setpoint_lab.netbox.relations import Ref
from setpoint_lab.untyped import as_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Predicate
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

Values = Callable[["Row"], list[Any]]

ME = "$user"
"""Stands for the user who asks."""


def _folded(test: Callable[[str, str], bool]) -> Callable[[Any, Any], bool]:
    return lambda held, asked: test(str(held).casefold(), str(asked).casefold())


LOOKUPS: dict[str, Callable[[Any, Any], bool]] = {
    "exact": lambda held, asked: held == asked,
    "iexact": _folded(lambda held, asked: held == asked),
    "contains": lambda held, asked: str(asked) in str(held),
    "icontains": _folded(lambda held, asked: asked in held),
    "startswith": lambda held, asked: str(held).startswith(str(asked)),
    "istartswith": _folded(lambda held, asked: held.startswith(asked)),
    "endswith": lambda held, asked: str(held).endswith(str(asked)),
    "iendswith": _folded(lambda held, asked: held.endswith(asked)),
    "in": lambda held, asked: held in as_list(asked),
    "gt": lambda held, asked: held is not None and held > asked,
    "gte": lambda held, asked: held is not None and held >= asked,
    "lt": lambda held, asked: held is not None and held < asked,
    "lte": lambda held, asked: held is not None and held <= asked,
    "isnull": lambda held, asked: (held is None) == asked,
    "regex": lambda held, asked: re.search(str(asked), str(held)) is not None,
    "iregex": lambda held, asked: re.search(str(asked), str(held), re.IGNORECASE) is not None,
}


def fitting(world: World, model: Model, constraints: Any, user: int) -> Predicate:
    """Whether objects fit; a list is of alternatives, no constraint fits everything, an unknown field nothing."""
    if not constraints:
        return lambda _row: True
    alternatives = [
        [
            _question(world, model, path.split("__"), user if asked == ME else asked)
            for path, asked in each.items()
        ]
        for each in as_list(constraints)
        if is_object(each)
    ]
    return lambda row: any(all(holds(row) for holds in each) for each in alternatives)


def _question(world: World, model: Model, path: list[str], asked: Any) -> Predicate:
    lookup = "exact"
    if len(path) > 1 and path[-1] in LOOKUPS:
        *path, lookup = path
    if lookup == "exact" and asked is None:
        lookup, asked = "isnull", True
    test, values = LOOKUPS[lookup], _values(world, model, path)
    if lookup == "isnull":
        return lambda row: any(test(value, asked) for value in values(row) or [None])
    return lambda row: any(test(value, asked) for value in values(row))


def _values(world: World, model: Model, path: list[str]) -> Values:
    """What a path leads to; several values over a relation to many, none over one that is empty."""
    name, rest = path[0], path[1:]
    if name == "custom_field_data":
        return lambda row: [_custom(row).get("__".join(rest))]
    if name in {"id", "pk"}:
        return lambda row: [row["id"]]
    field = model.by_name.get(name) or model.by_name.get(name.removesuffix("_id"))
    if isinstance(field, Ref):
        return _targets(world, field, rest)
    if rest:
        return _assigned(world, name, rest)
    return lambda row: [row[name]] if name in row else []


def _custom(row: Row) -> dict[str, Any]:
    held: dict[str, Any] | None = row.get("custom_fields")
    return held or {}


def _targets(world: World, field: Ref, rest: list[str]) -> Values:
    def held(row: Row) -> list[Any]:
        return [number for number in as_list(row.get(field.name)) if number is not None]

    if not rest:
        return held
    inner = _known(world, field.to, rest)
    return lambda row: [value for number in held(row) for value in inner(number)]


def _assigned(world: World, name: str, rest: list[str]) -> Values:
    """Values of the object of any type that this one belongs to, when it is of the type `name`."""
    found = {kind: model for kind, model in TYPES.items() if kind.endswith(f".{name}")}
    inner = {kind: _known(world, model.endpoint, rest) for kind, model in found.items()}

    def values(row: Row) -> list[Any]:
        kind = str(row.get("assigned_object_type"))
        return inner[kind](row["assigned_object_id"]) if kind in inner else []

    return values


def _known(world: World, endpoint: str, path: list[str]) -> Callable[[Any], list[Any]]:
    """The values of the objects of an endpoint by their ids, each looked up once."""
    values = _values(world, MODELS[endpoint], path)

    @cache
    def of(number: Any) -> list[Any]:
        row = world.row(endpoint, number)
        return values(row) if row is not None else []

    return of
