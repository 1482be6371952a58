"""Tables of objects. Rows are never changed in place, so that a reference to one is a copy of its past."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from setpoint_lab.untyped import is_list

Row = dict[str, Any]


class Table:
    """The objects of one endpoint by id; ids are given once and never again."""

    def __init__(self) -> None:
        """Start empty."""
        self.rows: dict[int, Row] = {}
        self.next_id = 1
        self._indexes: dict[str, dict[Hashable, dict[int, None]]] = {}

    def allocate(self) -> int:
        """The next id; it is used up, whatever becomes of it."""
        found = self.next_id
        self.next_id += 1
        return found

    def put(self, row: Row) -> None:
        """Insert or replace by `id`."""
        number = int(row["id"])
        self.remove(number)
        self.rows[number] = row
        for field, index in self._indexes.items():
            for key in _keys(row, field):
                index.setdefault(key, {})[number] = None

    def remove(self, number: int) -> None:
        """Take a row away; nothing when there is none."""
        row = self.rows.pop(number, None)
        if row is None:
            return
        for field, index in self._indexes.items():
            for key in _keys(row, field):
                index.get(key, {}).pop(number, None)

    def where(self, field: str, value: Hashable) -> list[Row]:
        """The rows whose field is, or as a list contains, the value; in order of their ids."""
        if field not in self._indexes:
            self._indexes[field] = self._build(field)
        return [self.rows[number] for number in sorted(self._indexes[field].get(value, ()))]

    def _build(self, field: str) -> dict[Hashable, dict[int, None]]:
        index: dict[Hashable, dict[int, None]] = {}
        for number, row in self.rows.items():
            for key in _keys(row, field):
                index.setdefault(key, {})[number] = None
        return index


def _keys(row: Row, field: str) -> Iterable[Hashable]:
    value = row.get(field)
    if is_list(value):
        return [item for item in value if isinstance(item, Hashable)]
    return [value] if isinstance(value, Hashable) else []
