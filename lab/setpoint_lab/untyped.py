"""Asks what an untyped value from outside is, in words that both type checkers understand."""

from __future__ import annotations

from typing import Any, TypeGuard


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether the value is a list (of anything)."""
    return isinstance(value, list)


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def as_list(value: Any) -> list[Any]:
    """The value itself when it is a list, else a list of it alone."""
    return value if is_list(value) else [value]


def objects(value: Any) -> list[dict[str, Any]]:
    """The JSON objects in a list; none when the value is no list."""
    return [item for item in value if is_object(item)] if is_list(value) else []
