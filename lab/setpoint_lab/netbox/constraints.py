"""Constraints of permissions: which objects fit a question in the words of the database, `{"tags__slug": "managed"}`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.model import MODELS, TYPES, Model
from setpoint_lab.netbox.relations import Ref
from setpoint_lab.untyped import as_list, is_object

if TYPE_CHECKING:
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

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


def fits(world: World, model: Model, row: Row, constraints: Any, user: int) -> bool:
    """Whether an object fits; a list is of alternatives, no constraint fits everything, an unknown field nothing."""
    if not constraints:
        return True
    return any(
        all(
            _holds(world, model, row, path.split("__"), user if asked == ME else asked)
            for path, asked in each.items()
        )
        for each in as_list(constraints)
        if is_object(each)
    )


def _holds(world: World, model: Model, row: Row, path: list[str], asked: Any) -> bool:
    lookup = "exact"
    if len(path) > 1 and path[-1] in LOOKUPS:
        *path, lookup = path
    values = _values(world, model, row, path)
    if lookup == "isnull" and not values:
        return bool(asked)
    if lookup == "exact" and asked is None:
        lookup, asked = "isnull", True
    return any(LOOKUPS[lookup](value, asked) for value in values)


def _values(world: World, model: Model, row: Row, path: list[str]) -> list[Any]:
    """What the path leads to; several values over a relation to many, none over one that is empty."""
    name, rest = path[0], path[1:]
    if name == "custom_field_data":
        custom: dict[str, Any] = row.get("custom_fields") or {}
        return [custom.get("__".join(rest))]
    if name in {"id", "pk"}:
        return [row["id"]]
    field = model.by_name.get(name) or model.by_name.get(name.removesuffix("_id"))
    if isinstance(field, Ref):
        held = [number for number in as_list(row.get(field.name)) if number is not None]
        return held if not rest else _beyond(world, field.to, held, rest)
    if rest and str(row.get("assigned_object_type")).endswith(f".{name}"):
        target = TYPES[str(row["assigned_object_type"])].endpoint
        return _beyond(world, target, [row["assigned_object_id"]], rest)
    return [row.get(name)] if name in row and not rest else []


def _beyond(world: World, endpoint: str, numbers: list[Any], path: list[str]) -> list[Any]:
    targets = [world.row(endpoint, number) for number in numbers]
    return [
        value
        for target in targets
        if target is not None
        for value in _values(world, MODELS[endpoint], target, path)
    ]
