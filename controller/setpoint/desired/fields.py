"""The fields that a model knows, found by the names that people write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from setpoint.desired.node import Path


def named(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by alias."""
    return {info.alias or name: info for name, info in model.model_fields.items()}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """Every model in an annotation, inside lists, mappings and alternatives."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from models_in(argument)


def models_at(model: type[BaseModel], path: Path) -> set[type[BaseModel]]:
    """The models that may stand at `path`; positions, map keys and alternatives lead on without a step."""
    models = {model}
    for step in path:
        below = {
            inner
            for outer in models
            if (info := named(outer).get(str(step))) is not None
            for inner in models_in(info.annotation)
        }
        models = below or models
    return models


def description_at(model: type[BaseModel], path: Path) -> str:
    """What the field at `path` says of itself; empty when there is no such field."""
    found = [
        info.description
        for outer in models_at(model, path[:-1])
        if path and (info := named(outer).get(str(path[-1]))) is not None and info.description
    ]
    return found[0] if found else ""
