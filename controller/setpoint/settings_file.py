"""Reads a strict YAML file into a model; every mistake says its place, its field and what would be right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from setpoint.desired.node import Fields, Leaf, as_fields, nearest
from setpoint.desired.reader import read
from setpoint.desired.validate import check
from setpoint.model.errors import DeclarationProblem, SettingsError

M = TypeVar("M", bound=BaseModel)


@dataclass(frozen=True)
class Section:
    """A part of a settings file that is judged later, by whoever knows what may stand there.

    Attributes:
        way: the names that lead to it.
    """

    file: Path
    way: tuple[str, ...]

    def read(self, model: type[M]) -> M:
        """What it says; relative paths in it begin at the folder of the file.

        Raises:
            SettingsError: as `read_settings`.
        """
        node = nearest(_root(self.file), self.way)
        # `name:` with nothing behind it leaves everything as it is without a word.
        nothing = isinstance(node, Leaf) and node.value is None
        if not isinstance(node, Fields) and not nothing:
            raise self.wrong("this is a mapping of names to values", "write {} to leave everything as it is")
        value, problems = check(model, as_fields(node), self.way)
        if value is None:
            raise _wrong(problems)
        return absolute(value, self.file.absolute().parent)

    def wrong(self, what: str, remedy: str) -> SettingsError:
        """An error at its place."""
        origin = nearest(_root(self.file), self.way).origin
        return _wrong([DeclarationProblem(origin, what, remedy, ".".join(self.way))])


def read_settings(path: Path, model: type[M]) -> M:
    """The content of `path` as `model`.

    Raises:
        SettingsError: it cannot be read, or says something that cannot be; all mistakes at once, a line each.
    """
    value, problems = check(model, _root(path))
    if value is None:
        raise _wrong(problems)
    return value


def absolute(value: M, folder: Path) -> M:
    """The same with every relative path in it begun at `folder`."""
    update: dict[str, object] = {}
    for name in type(value).model_fields:
        match getattr(value, name):
            case Path() as path if not path.is_absolute():
                update[name] = folder / path
            case BaseModel() as inner:
                update[name] = absolute(inner, folder)
            case _:
                pass
    return value.model_copy(update=update)


def _root(path: Path) -> Fields:
    parsed = read(str(path), _content(path))
    if parsed.problems:
        raise _wrong(parsed.problems)
    if len(parsed.documents) != 1 or not isinstance(parsed.documents[0].root, Fields):
        raise SettingsError(
            f"{path}: settings are one mapping of names to values", remedy="write e.g. `estate: home` in it"
        )
    return parsed.documents[0].root


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
