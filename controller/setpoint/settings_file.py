"""Reads a strict YAML file into a model; every mistake says its place, its field and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from setpoint.desired.node import Fields
from setpoint.desired.reader import read
from setpoint.desired.validate import check
from setpoint.model.errors import DeclarationProblem, SettingsError

M = TypeVar("M", bound=BaseModel)


def read_settings(path: Path, model: type[M]) -> M:
    """The content of `path` as `model`.

    Raises:
        SettingsError: it cannot be read, or says something that cannot be; all mistakes at once, a line each.
    """
    parsed = read(str(path), _content(path))
    if parsed.problems:
        raise _wrong(parsed.problems)
    if len(parsed.documents) != 1 or not isinstance(parsed.documents[0].root, Fields):
        raise SettingsError(
            f"{path}: settings are one mapping of names to values", remedy="write e.g. `estate: home` in it"
        )
    value, problems = check(model, parsed.documents[0].root)
    if value is None:
        raise _wrong(problems)
    return value


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"the settings {path} cannot be read: {error.strerror}",
            remedy="name another file with --config, or make this one readable",
        ) from error


def _wrong(problems: Iterable[DeclarationProblem]) -> SettingsError:
    ordered = sorted(problems, key=lambda problem: problem.origin)
    return SettingsError("\n".join(str(problem) for problem in ordered))
