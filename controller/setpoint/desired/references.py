"""The resources that a validated spec names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import UnionType
from typing import Any, Final

from pydantic import BaseModel

from setpoint.desired.node import Path
from setpoint.model.reference import Name, Reference

_PLAIN: Final = frozenset({str, int, float, bool, type(None)})


def names_in(spec: BaseModel) -> Iterator[tuple[Path, Name]]:
    """Every reference with its path, by the names that people write."""
    return _names(spec, ()) if _has_references(type(spec)) else iter(())


def _names(value: Any, path: Path) -> Iterator[tuple[Path, Name]]:
    if isinstance(value, Name):
        yield path, value
    elif not (_is(value, dict) and _is_flat(value)):
        for step, below in _below(value):
            # Thousands of values are plain ones, or mappings of such.
            if type(below) not in _PLAIN and not (_is(below, dict) and _is_flat(below)):
                yield from _names(below, (*path, step))


def _is_flat(value: dict[Any, Any]) -> bool:
    """Whether a mapping has plain values alone, as most of thousands of entries have."""
    return _PLAIN.issuperset(map(type, value.values()))


def _below(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, BaseModel):
        return [(info.alias or name, getattr(value, name)) for name, info in type(value).model_fields.items()]
    if _is(value, Mapping):
        return [(str(key), item) for key, item in value.items()]
    items: list[Any] = [*value] if _is(value, tuple | list) else []
    return enumerate(items)


def _is(value: object, form: type | UnionType) -> bool:
    """`isinstance` that leaves the value Any: what a mapping or list of a spec holds is not known here."""
    return isinstance(value, form)


@cache
def _has_references(model: type[BaseModel]) -> bool:
    return Reference.MARK in str(model.model_json_schema())
