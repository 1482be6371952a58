"""The order of lists: by fields, names as people count, unknown fields ignored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

_PUNCTUATION = {ord(sign): chr(at) for at, sign in enumerate(" _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$", 1)}
"""Signs come before letters, in the order that Unicode collation gives them."""
_PARTS = re.compile(r"\d+|\D+")


def order_rows(world: World, model: Model, rows: list[Row], names: list[str]) -> list[Row]:
    """The rows ordered by fields, `-name` downwards; the id decides between equals."""
    known = [name for name in names if _orders(model, name.lstrip("-"))]
    found = sorted(rows, key=lambda row: int(row["id"]))
    for name in reversed(known):
        field = name.lstrip("-")
        found.sort(
            key=lambda row: sort_key(_value(world, model, row, field), natural=_natural(model, field)),
            reverse=name.startswith("-"),
        )
    return found


def _orders(model: Model, name: str) -> bool:
    return name == "id" or name in model.by_name


def _value(world: World, model: Model, row: Row, name: str) -> Any:
    value = row.get(name)
    to = getattr(model.by_name.get(name), "to", None)
    if isinstance(to, str) and isinstance(value, int):
        target = world.row(to, value) or {}
        return target.get("name", value)
    return value


def _natural(model: Model, name: str) -> bool:
    return bool(getattr(model.by_name.get(name), "natural", True))


def sort_key(value: Any, *, natural: bool = True) -> tuple[int, Any]:
    """A key for values of one field: numbers, then text, None last."""
    if value is None:
        return (2, ())
    if isinstance(value, int | float):
        return (0, value)
    return (1, as_counted(str(value)) if natural else str(value))


def as_counted(text: str) -> tuple[tuple[int, int, str], ...]:
    """A key that puts `vm2` before `vm10`, without regard to case."""
    parts = _PARTS.findall(text.casefold().translate(_PUNCTUATION))
    return tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
