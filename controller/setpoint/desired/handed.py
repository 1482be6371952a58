"""The fields of a spec that another resource can hand out a value for, and what stands in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import UnionType
from typing import Any, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel

from setpoint.model.handed import FromOutput, Handed
from setpoint.model.tree import Json, Pointer, Tree, join

_ANY = "*"
_NESTED = frozenset({dict, list})


@dataclass(frozen=True)
class Wanted:
    """A field that is to get what another resource hands out."""

    field: Pointer
    handed: Handed


@dataclass(frozen=True)
class _Way:
    """What may stand at a place, and the ways on from there by name; `*` leads on by any."""

    kinds: tuple[type[Handed], ...]
    onward: Mapping[str, _Way]


def wanted_in(model: type[BaseModel], spec: Tree) -> tuple[Wanted, ...]:
    """Every such field of a valid spec."""
    found = {
        place: Wanted(place, kind.model_validate(value))
        for place, kinds, value in _values(_all_ways(model), spec, dict)
        if isinstance(value, dict)
        for kind in kinds
        if value.keys() <= _names(kind)
    }
    return tuple(found.values())


def fixed_in(model: type[BaseModel], spec: Tree) -> Iterator[tuple[Pointer, str]]:
    """Every text that a person wrote where a value of a space could have been handed out."""
    way = _ways_of_spaces(model)
    return ((place, value) for place, _, value in _values(way, spec, str) if isinstance(value, str))


@cache
def _names(kind: type[Handed]) -> frozenset[str]:
    return frozenset(info.alias or name for name, info in kind.model_fields.items())


_Found: TypeAlias = tuple[Pointer, tuple[type[Handed], ...], Json]


def _values(way: _Way, spec: Tree, shape: type[str | dict[str, Any]]) -> list[_Found]:
    """What stands at the end of the ways in this shape; a spec can have many thousands of places."""
    found: list[_Found] = []
    if way.onward:
        _collect(spec, way, "", shape, found)
    return found


def _collect(
    tree: Json, way: _Way, above: Pointer, shape: type[str | dict[str, Any]], found: list[_Found]
) -> None:
    if way.kinds and isinstance(tree, shape):
        found.append((above, way.kinds, tree))
    if not isinstance(tree, dict | list):
        return
    wanted = (shape, dict, list)
    for name, below in _below_here(tree, way):
        if isinstance(below, wanted):
            for onward in (way.onward.get(name), way.onward.get(_ANY)):
                if onward is not None and not (shape is dict and not onward.kinds and _is_flat(below)):
                    _collect(below, onward, join(above, name), shape, found)


def _is_flat(tree: Json) -> bool:
    """Whether nothing that is written as a mapping is below, as in most of thousands of entries."""
    if not isinstance(tree, dict):
        return False
    return _NESTED.isdisjoint(map(type, tree.values()))


def _below_here(tree: dict[str, Json] | list[Json], way: _Way) -> Iterable[tuple[str, Json]]:
    if isinstance(tree, list):
        return ((str(number), item) for number, item in enumerate(tree)) if _ANY in way.onward else ()
    if _ANY in way.onward:
        return tree.items()
    return ((name, tree[name]) for name in way.onward if name in tree)


@cache
def _all_ways(model: type[BaseModel]) -> _Way:
    return _way(_ways(model))


@cache
def _ways_of_spaces(model: type[BaseModel]) -> _Way:
    """Those that lead to what a space can hand out, and not only an output."""
    return _way(
        (way, kinds) for way, kinds in _ways(model) if not all(issubclass(kind, FromOutput) for kind in kinds)
    )


def _way(ways: Iterable[tuple[tuple[str, ...], tuple[type[Handed], ...]]]) -> _Way:
    """The same ways, those that begin alike put together."""
    here: tuple[type[Handed], ...] = ()
    onward: dict[str, list[tuple[tuple[str, ...], tuple[type[Handed], ...]]]] = {}
    for steps, kinds in ways:
        if steps:
            onward.setdefault(steps[0], []).append((steps[1:], kinds))
        else:
            here += kinds
    return _Way(here, {name: _way(below) for name, below in onward.items()})


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
