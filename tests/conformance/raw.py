"""Looks into JSON whose form is not promised: what is missing or of another type reads as empty."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.model import Json


def read(path: Path) -> Json:
    """The content of a file."""
    return cast("Json", json.loads(path.read_text("utf-8")))


def as_object(value: Json) -> dict[str, Json]:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """The list, or an empty one."""
    return value if isinstance(value, list) else []


def objects(value: Json) -> list[dict[str, Json]]:
    """The objects in a list."""
    return [item for item in as_list(value) if isinstance(item, dict)]


def texts(value: Json) -> dict[str, str]:
    """The members of an object as text."""
    return {key: str(item) for key, item in as_object(value).items()}


def integers(value: Json) -> list[int]:
    """The integers in a list, or the one integer that stands for a list."""
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, int)]


def number(value: Json) -> float:
    """The number, or 0."""
    return float(value) if isinstance(value, int | float) else 0.0


def integer(value: Json) -> int:
    """The integer, or 0."""
    return int(number(value))


def data_of(body: Json) -> Json:
    """What a reply's envelope holds."""
    return body.get("data") if isinstance(body, dict) else None
