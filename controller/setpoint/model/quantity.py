"""Sizes and durations as people write them: `2GiB`, `10m`. Values are exact; units are never guessed."""

from __future__ import annotations

import re
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

_UNITS = {"": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", re.ASCII)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", re.ASCII)


def parse_bytes(value: object) -> int:
    """Bytes from `2GiB`, `512 MiB` or a plain number of bytes.

    Raises:
        ValueError: no size, an unknown or decimal unit, or a fraction of a byte.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 0:
            raise ValueError("a size is never negative")
        return value
    match = _SIZE.fullmatch(str(value).strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f"'{value}' is no size; write a number and a unit, e.g. 2GiB or 512MiB")
    number, unit = match.groups()
    if unit not in _UNITS:
        raise ValueError(f"'{unit}' is no unit of size; use KiB, MiB, GiB or TiB (powers of 1024)")
    size = _exact(number, unit)
    if size.denominator != 1:
        raise ValueError(f"'{value}' is no whole number of bytes")
    return int(size)


@lru_cache(maxsize=1 << 10)
def _exact(number: str, unit: str) -> Fraction:
    """Fractions are slow to make, and thousands of manifests say the same few sizes."""
    return Fraction(number) * _UNITS[unit]


def format_bytes(size: int) -> str:
    """The shortest exact form: `2GiB`, `1536MiB`, `17B`."""
    for unit in ("PiB", "TiB", "GiB", "MiB", "KiB"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return f"{size}B"


def parse_duration(value: object) -> timedelta:
    """A duration from `90s`, `10m`, `1h30m` or `14d`.

    Raises:
        ValueError: the text is no duration, or longer than any that can be held.
    """
    if isinstance(value, timedelta):
        return value
    match = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if match is None:
        raise ValueError(f"'{value}' is no duration; write e.g. 90s, 10m, 1h30m or 14d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise ValueError(
            f"'{value}' is longer than any duration; write e.g. 90s, 10m, 1h30m or 14d"
        ) from None


def format_duration(duration: timedelta) -> str:
    """The form that `parse_duration` reads; whole seconds."""
    left = int(duration.total_seconds())
    text = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def _schema(pattern: str, *examples: Any) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "anyOf": [{"type": "string", "pattern": pattern}, {"type": "integer", "minimum": 0}],
            "examples": list(examples),
        }
    )


Bytes = Annotated[
    int,
    BeforeValidator(parse_bytes),
    PlainSerializer(format_bytes, return_type=str, when_used="json"),
    _schema(r"^[0-9]+(\.[0-9]+)?\s*(B|[KMGTP]iB)?$", "2GiB"),
]
"""A size in bytes, written with a binary unit."""

Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
    WithJsonSchema(
        {"type": "string", "pattern": r"^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?$", "examples": ["10m"]}
    ),
]
"""A span of time, written with units."""
