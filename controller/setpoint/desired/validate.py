"""Holds a tree against a model and tells every mistake at the place where it was written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from setpoint.desired.fields import description_at, models_at, named
from setpoint.desired.limits import PROBLEMS
from setpoint.desired.node import Fields, Path, nearest, plain
from setpoint.desired.places import Placed, furthest, placed, rendered
from setpoint.desired.sentences import sentence
from setpoint.desired.suggest import remedy as suggestion
from setpoint.model.errors import DeclarationProblem
from setpoint.model.origin import Origin
from setpoint.model.secret import SecretRef
from setpoint.model.spec import Spec

M = TypeVar("M", bound=BaseModel)

_COERCED = frozenset({"string_type", "int_type", "float_type", "bool_type", "int_from_float"})


def check(model: type[M], tree: Fields, at: Path = ()) -> tuple[M | None, tuple[DeclarationProblem, ...]]:
    """The tree as a value of `model`, or None and why not; `at` is where the tree stands in its declaration."""
    value, errors = judge(model, json.dumps(plain(tree)))
    return value, _problems(model, tree, at, errors) if errors else ()


def judge(model: type[M], text: str | bytes) -> tuple[M | None, list[ErrorDetails]]:
    """A JSON document as a value of `model`, or None and pydantic's errors."""
    try:
        return model.model_validate_json(text, strict=True, by_alias=True, by_name=False), []
    except ValidationError as strict:
        errors = strict.errors(include_url=False)
    value, lenient = _lenient(model, text)
    told = {error["loc"] for error in lenient}
    errors = [*lenient, *(e for e in errors if e["type"] in _COERCED and e["loc"] not in told)]
    return (None, errors) if errors else (value, [])


def _lenient(model: type[M], text: str | bytes) -> tuple[M | None, list[ErrorDetails]]:
    """Validate anew for the types that strictness asks of Python and no file can hold, such as tuples."""
    try:
        return model.model_validate_json(text, by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, error.errors(include_url=False)


def _problems(
    model: type[BaseModel], tree: Fields, at: Path, errors: Sequence[ErrorDetails]
) -> tuple[DeclarationProblem, ...]:
    found: dict[tuple[Origin, str], DeclarationProblem] = {}
    for error in furthest([placed(tree, error) for error in errors[:PROBLEMS]]):
        problem = _problem(model, tree, at, error)
        place = (problem.origin, problem.field)
        first = found.get(place)
        found[place] = problem if first is None else _either(first, problem)
    return tuple(found.values())


def _either(first: DeclarationProblem, other: DeclarationProblem) -> DeclarationProblem:
    """One problem of several alternatives that all fail at the same place."""
    remedies = [remedy for remedy in (first.remedy, other.remedy) if remedy]
    return replace(first, remedy=", or ".join(dict.fromkeys(remedies)))


def _meant(models: Iterable[type[BaseModel]], name: str, known: Iterable[str]) -> str:
    """The field that a person probably meant: by another tool's word for it, else by how it is written."""
    words = {
        word: field for one in models if issubclass(one, Spec) for word, field in one.also_called.items()
    }
    meant = words.get(name.lower())
    return f"did you mean {meant}?" if meant else suggestion(name, known, otherwise="the fields are")


def _problem(model: type[BaseModel], tree: Fields, at: Path, error: Placed) -> DeclarationProblem:
    details, path = error.error, error.path
    if details["type"] == "extra_forbidden":
        models = models_at(model, details["loc"][:-1])
        known = {name for found in models for name in named(found)}
        name = str(details["loc"][-1])
        what, remedy = f"there is no field '{name}'", _meant(models, name, known)
        if SecretRef in models and not remedy.startswith("did"):
            # The name may be the secret itself: {hunter2}.
            what, path = "a secret is never written here", path[:-1]
    else:
        what, remedy = sentence(details, description_at(model, details["loc"]))
    return DeclarationProblem(nearest(tree, path).origin, what, remedy, rendered((*at, *path)))
