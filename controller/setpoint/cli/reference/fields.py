"""Tables of fields, from the same schemas that `setpoint explain` teaches."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from setpoint.cli.reference.markdown import code, table
from setpoint.desired.lessons import Book, Lesson
from setpoint.model.tree import Json


def field_table(book: Book, path: tuple[str, ...] = ()) -> list[str]:
    """Every field below `path`, at any depth."""
    return table(("field", "type", "default", "meaning"), _rows(book, path, ""))


def _rows(book: Book, path: tuple[str, ...], before: str) -> Iterator[tuple[str, ...]]:
    for lesson in book.lessons(book.find(path)):
        name = f"{before}{lesson.name}"
        yield code(name), lesson.form, _default(lesson), _meaning(lesson)
        if lesson.deeper:
            yield from _rows(book, (*path, lesson.name), f"{name}{_member(lesson)}.")


def _member(lesson: Lesson) -> str:
    if "mapping from name" in lesson.form:
        return ".NAME"
    return "[]" if "list of" in lesson.form else ""


def _default(lesson: Lesson) -> str:
    if lesson.required:
        return "required"
    return code(_shown(lesson.default)) if _says_something(lesson.default) else ""


def _says_something(value: Json) -> bool:
    if isinstance(value, Mapping):
        return any(map(_says_something, value.values()))
    return value not in (None, "", [])


def _meaning(lesson: Lesson) -> str:
    given = " or ".join(code(_shown(one)) for one in lesson.examples)
    return f"{lesson.description} For example {given}." if given else lesson.description


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
