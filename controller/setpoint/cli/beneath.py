"""What is told of inventories: how each is, what it left out, and what it says otherwise than a manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from setpoint.cli.output import counted
from setpoint.cli.tables import age, paint

_SHOWN = 10
"""How many conflicts, and notes of an inventory, are told one by one."""


def inventory_lines(status: Mapping[str, Any]) -> Iterator[str]:
    """What people see of them above the table."""
    runs = status["phase"] == "running"
    for one in status["inventories"]:
        line = _line(one)
        yield line if one["good"] or not runs else paint(line, "red")
        if one["untoldWhy"]:
            yield paint(
                f"{one['name']} was not told how things stand ({counted(one['untold'], 'resource')}): "
                f"{one['untoldWhy']}",
                "yellow",
            )
        yield from some((f"Note: {one['name']}: {note}" for note in one["notes"]), "note")
    yield from conflict_lines(status["conflicts"])


def conflict_lines(conflicts: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What inventories say otherwise than manifests; nothing where all agree."""
    texts = [f"  {one['text']}" for one in conflicts]
    if texts:
        yield paint(
            f"{counted(len(texts), 'field')} that an inventory gives otherwise than a manifest:", "yellow"
        )
        yield from some(texts, "field")


def some(lines: Iterable[str], what: str) -> Iterator[str]:
    """The first of them, and how many more there are."""
    whole = list(lines)
    yield from whole[:_SHOWN]
    if len(whole) > _SHOWN:
        yield f"  and {counted(len(whole) - _SHOWN, f'more {what}')}, which -o json shows"


def _line(one: Mapping[str, Any]) -> str:
    sheets = f", {counted(one['sheets'], 'declaration')}" if one["sheets"] is not None else ""
    version = f" {one['version'][:12]}" if one["version"] else ""
    read = f"read {age(one['readAt'])} ago" if one["readAt"] else "never read"
    return f"Inventory {one['name']}{version}: {one['sentence']}{sheets}, {read}"
