"""Answers of the API as typed values; an answer of another form is an error, never a guess."""

from __future__ import annotations

from setpoint.model.errors import RefusalError
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


def operation(value: Json) -> str:
    """The UPID of the task that a call started.

    Raises:
        RefusalError: it started none.
    """
    if not isinstance(value, str) or not value.startswith("UPID:"):
        raise RefusalError(f"Proxmox answered {_shown(value)} where a task was expected")
    return value


def _shown(value: Json) -> str:
    return repr(value)[:60]
