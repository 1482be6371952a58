"""Which fields a manifest and the sheet below it give differently. Asked only where there is a sheet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from setpoint.desired.layers import Layer, merged, tree
from setpoint.desired.lookup import readings
from setpoint.desired.node import Fields, Leaf, Node, Removed, as_fields, plain
from setpoint.desired.validate import judge
from setpoint.model.conflict import Conflict
from setpoint.model.key import Key
from setpoint.model.kind import Kind
from setpoint.model.printable import brief
from setpoint.model.spec import Spec
from setpoint.model.tree import Json, Pointer, Tree, join, lookup

_LONGEST = 120


def differs(sheet: Json, merged: Json) -> bool:
    """Whether a sheet gives a value that is another one after all layers, as both are written."""
    if isinstance(sheet, dict) and isinstance(merged, dict):
        return any(differs(value, merged[name]) for name, value in sheet.items() if name in merged)
    return sheet is not None and sheet != merged


def conflicts(
    layer: Layer, whole: Fields, value: Spec, key: Key, kind: Kind[Any, Any]
) -> tuple[Conflict, ...]:
    """What a sheet says otherwise.

    Args:
        layer: what is taken of the sheet.
        whole: the declaration with all layers and patches.
        value: its spec.
        key: of the declaration.
        kind: of the declaration.
    """
    given, spec = layer.given.fields.get("spec"), as_fields(whole.fields["spec"])
    found = [*_differing(given, spec, "")] if isinstance(given, Fields) else []
    if found and isinstance(given, Fields):
        same = _alike(value, kind.spec, tree(merged([spec], given)))
        found = [one for one in found if one[0] not in same]
    told = [_conflict(pointer, sheet, node) for pointer, sheet, node in found]
    return (*_targets(layer, whole, key, kind), *told)


def _differing(sheet: Node, whole: Node, at: Pointer) -> Iterator[tuple[Pointer, Node, Node]]:
    """The places at which both have a value and not the same, as they are written."""
    if isinstance(sheet, Fields) and isinstance(whole, Fields):
        for name, value in sheet.fields.items():
            if name in whole.fields:
                yield from _differing(value, whole.fields[name], join(at, name))
        return
    silent = isinstance(whole, Removed) or (isinstance(sheet, Leaf) and sheet.value is None)
    if not silent and plain(sheet) != plain(whole):
        yield at, sheet, whole


class _Alike:
    """The places at which two specs have the same value, however it is written."""

    def __init__(self, one: Tree, other: Tree) -> None:
        self._one = one
        self._other = other

    def __contains__(self, pointer: object) -> bool:
        try:
            return lookup(self._one, str(pointer)) == lookup(self._other, str(pointer))
        except KeyError:
            return False


def _alike(value: Spec, model: type[Spec], otherwise: Tree) -> _Alike:
    """`otherwise` is the spec as it would be if the sheet lay on top; nothing is alike when that is not valid."""
    other, _ = judge(model, json.dumps(otherwise))
    if other is None:
        return _Alike({}, {})
    return _Alike(*(one.model_dump(mode="json", by_alias=True) for one in (value, other)))


def _targets(layer: Layer, whole: Fields, key: Key, kind: Kind[Any, Any]) -> Iterator[Conflict]:
    sheet, node = layer.given.fields.get("target"), whole.fields.get("target")
    if kind.hosted_by is None or not isinstance(sheet, Leaf) or not isinstance(node, Leaf):
        return
    known = [readings(kind.hosted_by, str(one.value), key.namespace) for one in (sheet, node)]
    if sheet.value is not None and node.value is not None and set(known[0]).isdisjoint(known[1]):
        yield _conflict("target", sheet, node)


def _conflict(pointer: Pointer, sheet: Node, node: Node) -> Conflict:
    return Conflict(pointer, _text(node), node.origin, _text(sheet), sheet.origin)


def _text(node: Node) -> str:
    value = plain(node)
    return brief(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False), _LONGEST)
