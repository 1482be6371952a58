"""Writes out the objects that a recorded state gives by pattern: `n` counts, `{"=": "7+n"}` is a sum of it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from tests.conformance.raw import as_list, as_object, integer, integers, objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conformance.model import Json

_HOLE = re.compile(r"\{([^{}:]+)(?::([^{}]+))?\}")
_OPERATIONS: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: int.__add__,
    ast.Mult: int.__mul__,
    ast.FloorDiv: int.__floordiv__,
    ast.Mod: int.__mod__,
}


def expanded(state: dict[str, Json]) -> dict[str, Json]:
    """The state with all its objects written out."""
    rows: dict[str, Json] = {name: as_list(items) for name, items in as_object(state.get("objects")).items()}
    for group in objects(state.get("bulk")):
        name = str(group["objects"])
        rows[name] = [*as_list(rows.get(name)), *(_row(group, n) for n in range(integer(group["count"])))]
    return {**{key: value for key, value in state.items() if key != "bulk"}, "objects": rows}


def _row(group: dict[str, Json], n: int) -> Json:
    row = as_object(_filled(group["pattern"], n))
    for item in objects(group.get("except")):
        first, last = integers(item["n"])
        if first <= n <= last:
            for place, value in as_object(item["set"]).items():
                _set(row, place.split("."), _filled(value, n))
    return row


def _set(row: dict[str, Json], place: list[str], value: Json) -> None:
    for name in place[:-1]:
        inner = as_object(row.get(name))
        row[name] = inner
        row = inner
    row[place[-1]] = value


def _filled(pattern: Json, n: int) -> Json:
    match pattern:
        case {"=": str(expression)}:
            return calculate(expression, n)
        case dict():
            return {key: _filled(item, n) for key, item in pattern.items()}
        case list():
            return [_filled(item, n) for item in pattern]
        case str():
            return _HOLE.sub(
                lambda found: format(calculate(found.group(1), n), found.group(2) or ""), pattern
            )
        case _:
            return pattern


def calculate(expression: str, n: int) -> int:
    """The value of an integer expression of `n` with + * // and %.

    Raises:
        ValueError: it is something else.
    """
    return _value(ast.parse(expression, mode="eval").body, n)


def _value(node: ast.expr, n: int) -> int:
    match node:
        case ast.Constant(value=int(value)):
            return value
        case ast.Name(id="n"):
            return n
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATIONS:
            return _OPERATIONS[type(op)](_value(left, n), _value(right, n))
        case _:
            raise ValueError(
                f"{ast.unparse(node)!r} is no sum of n; the pattern of a state may use + * // and %"
            )
