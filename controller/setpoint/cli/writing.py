"""New files for people: nothing that is there is ever written over."""

from __future__ import annotations

from pathlib import Path

from setpoint.model.errors import SetpointError


def write_new(place: Path, text: str, remedy: str) -> None:
    """Write a file that is not there yet, and the folders above it.

    Raises:
        SetpointError: it is there, or cannot be written; with `remedy`.
    """
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise SetpointError(f"{place} cannot be written: {error.strerror}", remedy=remedy) from error
