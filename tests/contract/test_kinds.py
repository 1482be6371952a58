"""What every kind of every system owes the engine."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from setpoint.decide.diff import diff, in_force
from setpoint.desired.compile import compile_set
from setpoint.model.diff import Projection
from setpoint.model.kind import Kind
from setpoint.model.resource import Resource
from setpoint.model.spec import Spec
from setpoint.model.tree import parts
from setpoint.surface.metrics.measures import metrics_of
from setpoint.systems import installed_kinds

ROOT = Path(__file__).resolve().parents[2]
KINDS = installed_kinds()
FILES = {
    f"{path.parents[1].name}-{path.name}": path.read_bytes()
    for path in sorted(ROOT.glob("reconcilers/*/kinds/*/examples/*.yaml"))
}
SET = compile_set(FILES, KINDS, version="examples")
EXAMPLES = list(SET.resources.values())


def every_model(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for field in model.model_fields.values():
        for inner in models_in(field.annotation):
            yield from every_model(inner)


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from models_in(argument)


@pytest.fixture(params=KINDS.values(), ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind[Any, Any]:
    found: Kind[Any, Any] = request.param
    return found


@pytest.fixture(params=EXAMPLES, ids=lambda resource: str(resource.key))
def example(request: pytest.FixtureRequest) -> Resource:
    found: Resource = request.param
    return found


def declared(resource: Resource) -> dict[str, Any]:
    kind = KINDS[resource.key.kind]
    tree: dict[str, Any] = kind.declare(kind.spec.model_validate(resource.spec))
    return tree


def test_the_examples_of_all_kinds_are_valid_together() -> None:
    assert not SET.problems
    assert {resource.key.kind for resource in EXAMPLES} == set(KINDS)


def test_every_field_is_described(kind: Kind[Any, Any]) -> None:
    for model in every_model(kind.spec):
        assert issubclass(model, Spec)
        assert not [name for name, field in model.model_fields.items() if not field.description]


def test_what_may_be_set_for_one_time_is_a_field(kind: Kind[Any, Any]) -> None:
    for place in kind.overridable:
        models = [kind.spec]
        for name in parts(place):
            found = [(field.alias or key, field) for one in models for key, field in one.model_fields.items()]
            (field,) = [field for alias, field in found if alias == name]
            models = [*models_in(field.annotation)]


def test_its_folder_holds_what_a_reader_looks_for(kind: Kind[Any, Any]) -> None:
    module = importlib.import_module(kind.spec.__module__)
    folder = Path(str(module.__file__)).parent
    assert {"README.md", "spec.py", "state.py", "examples"} <= {path.name for path in folder.iterdir()}


def test_what_acts_is_hosted_by_a_target(kind: Kind[Any, Any]) -> None:
    if kind.acts:
        assert kind.hosted_by is not None
        assert KINDS[kind.hosted_by].port is not None


def test_what_is_declared_survives_json(example: Resource) -> None:
    tree = declared(example)
    assert json.loads(json.dumps(tree)) == tree


def test_declaring_is_deterministic(example: Resource) -> None:
    assert declared(example) == declared(example)


def test_the_declaration_does_not_differ_from_itself(example: Resource) -> None:
    treatments = KINDS[example.key.kind].treatments
    tree = declared(example)
    assert diff(tree, Projection(tree), treatments, applied=None).changes == ()


def test_only_what_was_written_is_compared(example: Resource) -> None:
    """Every compared leaf stands below a field that the example has."""
    written = set(example.spec)
    tops = {
        parts(change.path)[0] for change in diff(declared(example), Projection({}), {}, applied={}).changes
    }
    assert tops <= written


def test_what_is_in_force_is_the_whole_declaration_once_nothing_differs(example: Resource) -> None:
    treatments = KINDS[example.key.kind].treatments
    tree = declared(example)
    found = diff(tree, Projection(tree), treatments, applied=None)
    assert in_force(tree, found, treatments, applied=None) == tree


def test_the_metrics_of_all_kinds_are_told_apart() -> None:
    assert metrics_of(KINDS).keys() == {name for name, kind in KINDS.items() if kind.measures}


def test_what_can_be_deleted_declares_how_and_what_only_holds_others_cannot(kind: Kind[Any, Any]) -> None:
    assert kind.remove is None or (kind.acts and kind.hosted_by is not None)
    assert kind.port is None or kind.remove is None
