"""Answers of the API as typed values; an answer of another form is an error, never a guess."""

from __future__ import annotations

import math
from collections.abc import Mapping

from setpoint.model.errors import RefusalError
from setpoint.model.printable import printable
from setpoint.model.tree import Json


def record(value: Json) -> dict[str, Json]:
    """An object.

    Raises:
        RefusalError: it is something else.
    """
    if not isinstance(value, dict):
        raise RefusalError(f"Proxmox answered {_shown(value)} where an object was expected")
    return value


def records(value: Json) -> list[dict[str, Json]]:
    """A list of objects.

    Raises:
        RefusalError: it is something else.
    """
    if not isinstance(value, list):
        raise RefusalError(f"Proxmox answered {_shown(value)} where a list was expected")
    return [record(row) for row in value]


def text(row: Mapping[str, Json], name: str) -> str:
    """A field that is always there.

    Raises:
        RefusalError: it is not, or no text and no number.
    """
    value = row.get(name)
    if value is None or isinstance(value, dict | list):
        raise RefusalError(f"Proxmox answered {_shown(dict(row))} where {name} was expected")
    return str(value)


def whole(value: Json) -> int:
    """A number, which may be written as text; 0 for what is left out.

    Raises:
        RefusalError: it is none.
    """
    try:
        return int(str(value or 0))
    except ValueError:
        raise RefusalError(f"Proxmox answered {_shown(value)} where a number was expected") from None


def figure(value: Json) -> float:
    """A number that need not be whole, and may be written as text; 0 for what is left out.

    Raises:
        RefusalError: it is none, or none that can be reckoned with.
    """
    try:
        found = float(str(value or 0))
    except ValueError:
        found = math.nan
    if not math.isfinite(found):
        raise RefusalError(f"Proxmox answered {_shown(value)} where a number was expected")
    return found


def operation(value: Json) -> str:
    """The UPID of the task that a call started.

    Raises:
        RefusalError: it started none.
    """
    if not isinstance(value, str) or not value.startswith("UPID:"):
        raise RefusalError(f"Proxmox answered {_shown(value)} where a task was expected")
    return value


def _shown(value: Json) -> str:
    return printable(repr(value)[:60])
