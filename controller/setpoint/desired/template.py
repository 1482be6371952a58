"""A manifest with placeholders, `{{ column }}`, and what a row makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from setpoint.desired.node import Fields, Items, Leaf, Node, Path, moved
from setpoint.desired.places import rendered
from setpoint.desired.table import COLUMN, Row
from setpoint.model.errors import DeclarationError, DeclarationProblem
from setpoint.model.origin import Origin

_PLACEHOLDER = re.compile(r"\{\{ *(" + COLUMN.pattern + r") *\}\}")
_BRACES = re.compile(r"\{\{|\}\}")


def placeholders(node: Node, path: Path = ()) -> Iterator[tuple[str, Origin, Path]]:
    """The column of every placeholder with its place.

    Raises:
        DeclarationError: something is nearly a placeholder.
    """
    match node:
        case Leaf(value=str(text)):
            if _BRACES.search(_PLACEHOLDER.sub("", text)):
                _refuse(node.origin, "this is no placeholder", path)
            for found in _PLACEHOLDER.finditer(text):
                yield found[1], node.origin, path
        case Fields():
            for name, value in node.fields.items():
                if _BRACES.search(name):
                    _refuse(value.origin, "a placeholder cannot be the name of a field", path)
                yield from placeholders(value, (*path, name))
        case Items():
            for index, item in enumerate(node.items):
                yield from placeholders(item, (*path, index))
        case _:
            return


def _refuse(origin: Origin, what: str, path: Path) -> None:
    remedy = 'write "{{ column }}", in quotes, as a value or in a text'
    raise DeclarationError((DeclarationProblem(origin, what, remedy, rendered(path)),))


def filled(template: Fields, row: Row) -> Fields:
    """The manifest that a row makes; where the row has nothing, the field is not there.

    Raises:
        DeclarationError: a text cannot be made with a value of the row.
    """
    made = _filled(template, row)
    assert isinstance(made, Fields)  # noqa: S101  # a mapping stays one
    return replace(made, origin=replace(row.origin, beside=str(template.origin)))


def _filled(node: Node, row: Row) -> Node | None:
    match node:
        case Leaf(value=str(text)) if "{{" in text:
            return _value(node, text, row)
        case Fields():
            found = {name: _filled(value, row) for name, value in node.fields.items()}
            return Fields({name: value for name, value in found.items() if value is not None}, node.origin)
        case Items():
            items = (_filled(item, row) for item in node.items)
            return Items(tuple(item for item in items if item is not None), node.origin)
        case _:
            return node


def _value(leaf: Leaf, text: str, row: Row) -> Node | None:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole is None:
        made = _PLACEHOLDER.sub(lambda found: _text(found[1], row), text)
        return Leaf(made, replace(leaf.origin, beside=str(row.origin)))
    value = row.values[whole[1]]
    if isinstance(value, Leaf) and value.value is None:
        return None
    return moved(value, replace(value.origin, beside=str(leaf.origin)))


def _text(column: str, row: Row) -> str:
    if column in row.texts:
        return row.texts[column]
    value = row.values[column]
    match value:
        case Leaf(value=bool(known)):
            return "true" if known else "false"
        case Leaf(value=int(known)):
            return str(known)
        case Leaf(value=None):
            what, remedy = f"there is no value for '{column}', which is a part of a text", "write one"
        case _:
            what, remedy = f"the value for '{column}' is a part of a text, and is none", "put it in quotes"
    raise DeclarationError((DeclarationProblem(value.origin, what, remedy),))
