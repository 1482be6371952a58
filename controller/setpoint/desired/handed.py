"""The fields of a spec that another resource can hand out a value for, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from setpoint.model.handed import FromOutput, Handed
from setpoint.model.tree import Json, Pointer, Tree, join

_ANY = "*"


@dataclass(frozen=True)
class Wanted:
    """A field that is to get what another resource hands out."""

    field: Pointer
    handed: Handed


def wanted_in(model: type[BaseModel], spec: Tree) -> tuple[Wanted, ...]:
    """Every such field of a valid spec."""
    found = {
        place: Wanted(place, kind.model_validate(value))
        for place, kinds, value in _values(model, spec)
        if isinstance(value, Mapping)
        for kind in kinds
        if value.keys() <= _names(kind)
    }
    return tuple(found.values())


def fixed_in(model: type[BaseModel], spec: Tree) -> Iterator[tuple[Pointer, str]]:
    """Every text that a person wrote where a value of a space could have been handed out."""
    return (
        (place, value)
        for place, kinds, value in _values(model, spec)
        if isinstance(value, str) and not all(issubclass(kind, FromOutput) for kind in kinds)
    )


@cache
def _names(kind: type[Handed]) -> frozenset[str]:
    return frozenset(info.alias or name for name, info in kind.model_fields.items())


def _values(model: type[BaseModel], spec: Tree) -> Iterator[tuple[Pointer, tuple[type[Handed], ...], Json]]:
    for way, kinds in _ways(model):
        for place, value in _at(spec, way, ""):
            yield place, kinds, value


def _at(tree: Json, way: Sequence[str], above: Pointer) -> Iterator[tuple[Pointer, Json]]:
    """What a spec has at every place that a way leads to."""
    if not way:
        yield above, tree
        return
    step, *onward = way
    if isinstance(tree, Mapping):
        for name in tree if step == _ANY else (step,):
            if name in tree:
                yield from _at(tree[name], onward, join(above, name))
    elif isinstance(tree, list) and step == _ANY:
        for number, item in enumerate(tree):
            yield from _at(item, onward, join(above, str(number)))


@cache
def _ways(model: type[BaseModel]) -> tuple[tuple[tuple[str, ...], tuple[type[Handed], ...]], ...]:
    """How every such field of a model is reached, with what may stand in it."""
    return tuple(_below(model, (), ()))


def _below(
    model: type[BaseModel], way: tuple[str, ...], above: tuple[type[BaseModel], ...]
) -> Iterator[tuple[tuple[str, ...], tuple[type[Handed], ...]]]:
    if model in above:
        return
    for name, info in model.model_fields.items():
        yield from _inside(info.annotation, (*way, info.alias or name), (*above, model))


def _inside(
    annotation: Any, way: tuple[str, ...], above: tuple[type[BaseModel], ...]
) -> Iterator[tuple[tuple[str, ...], tuple[type[Handed], ...]]]:
    alternatives = tuple(_alternatives(annotation))
    handed = tuple(one for one in alternatives if isinstance(one, type) and issubclass(one, Handed))
    if handed:
        yield way, handed
    for one in alternatives:
        origin = get_origin(one)
        if one in handed:
            continue
        if isinstance(one, type) and issubclass(one, BaseModel):
            yield from _below(one, way, above)
        elif isinstance(origin, type) and issubclass(origin, Mapping):
            yield from _inside(get_args(one)[1], (*way, _ANY), above)
        elif isinstance(origin, type) and issubclass(origin, Sequence):
            yield from _inside(get_args(one)[0], (*way, _ANY), above)


def _alternatives(annotation: Any) -> Iterator[Any]:
    """What a field may hold: the members of a union, each without what only constrains it."""
    origin = get_origin(annotation)
    if hasattr(annotation, "__metadata__"):
        yield from _alternatives(get_args(annotation)[0])
    elif origin in (Union, UnionType):
        for member in get_args(annotation):
            yield from _alternatives(member)
    else:
        yield annotation
