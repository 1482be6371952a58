"""Reads a strict YAML file into a model; every mistake says its place, its field and what would be right."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from setpoint.model.errors import SettingsError

M = TypeVar("M", bound=BaseModel)


def read_settings(path: Path, model: type[M]) -> M:
    """The content of `path` as `model`.

    Raises:
        SettingsError: it cannot be read, or says something that cannot be; all mistakes at once, a line each.
    """
    text = _read(path)
    node = _compose(path, text)
    if not isinstance(node, yaml.MappingNode):
        raise SettingsError(f"{path}: settings are a mapping; write e.g. `estate: home` in the first line")
    doubled = [_line(path, key, name, "is written twice; keep one") for key, name in _doubled(node, "")]
    if doubled:
        raise SettingsError("\n".join(doubled))
    try:
        return model.model_validate(yaml.load(text, Loader=yaml.CSafeLoader))
    except ValidationError as error:
        problems = [_problem(path, node, model, one) for one in error.errors(include_url=False)]
        raise SettingsError("\n".join(problems)) from None
    except yaml.MarkedYAMLError as error:
        raise SettingsError(_syntax(path, error)) from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"the settings {path} cannot be read: {error.strerror}",
            remedy="name another file with --config, or make this one readable",
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: it is not UTF-8", remedy="save it as UTF-8") from error


def _compose(path: Path, text: str) -> yaml.Node | None:
    try:
        return yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise SettingsError(_syntax(path, error)) from None
    except yaml.YAMLError as error:
        raise SettingsError(f"{path}: {' '.join(str(error).split())}; write it as YAML") from None


def _syntax(path: Path, error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark
    place = f"{path}:{mark.line + 1}:{mark.column + 1}" if mark else str(path)
    return f"{place}: {error.problem or 'this is no YAML'}; check quotes, colons and indentation here"


def _doubled(node: yaml.Node, prefix: str) -> Iterator[tuple[yaml.Node, str]]:
    if not isinstance(node, yaml.MappingNode):
        return
    seen: set[str] = set()
    for key, value in node.value:
        name = f"{prefix}{key.value}"
        if name in seen:
            yield key, name
        seen.add(name)
        yield from _doubled(value, f"{name}.")


def _problem(path: Path, root: yaml.Node, model: type[BaseModel], error: ErrorDetails) -> str:
    steps = [str(step) for step in error["loc"]]
    place = _find(root, steps)
    return _line(path, place, ".".join(steps), _sentence(model, steps, error))


def _line(path: Path, node: yaml.Node, field: str, sentence: str) -> str:
    mark = node.start_mark
    place = f"{path}:{mark.line + 1}:{mark.column + 1}"
    return f"{place}: {field}: {sentence}" if field else f"{place}: {sentence}"


def _find(root: yaml.Node, steps: list[str]) -> yaml.Node:
    """The key that is meant, or the nearest thing around it."""
    place = node = root
    for step in steps:
        pairs: list[tuple[Any, Any]] = node.value if isinstance(node, yaml.MappingNode) else []
        for key, value in pairs:
            if key.value == step:
                place, node = key, value
                break
    return place


def _sentence(model: type[BaseModel], steps: list[str], error: ErrorDetails) -> str:
    match error["type"]:
        case "extra_forbidden":
            return f"no such setting; {_suggestion(_names(model, steps[:-1]), steps[-1])}"
        case "missing":
            return "it must be set; add it"
        case "value_error":
            return error["msg"].removeprefix("Value error, ")
        case "string_type":
            return f"{error['input']!r} is no text; put it in quotes"
        case _:
            message = error["msg"]
            return f"{error['input']!r} cannot be; {message[:1].lower()}{message[1:]}"


def _suggestion(names: list[str], wrong: str) -> str:
    close = get_close_matches(wrong, names, 1)
    return f"did you mean {close[0]}?" if close else f"there are {', '.join(names)}"


def _names(model: type[BaseModel], steps: list[str]) -> list[str]:
    """The names of the fields of the part of `model` that `steps` lead to."""
    for step in steps:
        for name, field in model.model_fields.items():
            if step in (name, field.alias):
                options = (field.annotation, *get_args(field.annotation))
                model = next(one for one in options if isinstance(one, type) and issubclass(one, BaseModel))
    return [field.alias or name for name, field in model.model_fields.items()]
