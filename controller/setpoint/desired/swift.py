"""From a sound file to drafts on plain values, several times faster than `drafting` and with the same result.

Whatever is wrong or unusual is left to `drafting`, which knows the place of everything and tells every mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json

from setpoint.desired.drafting import read_carefully
from setpoint.desired.drafts import Draft, Piece, Wish, Writing, claim_of
from setpoint.desired.envelope import Envelope
from setpoint.desired.layers import EVERY, Layer
from setpoint.desired.node import Node, Origins, Path, child
from setpoint.desired.places import rendered
from setpoint.desired.references import names_in
from setpoint.desired.sound import Sound, UnusualError, place, read_sound
from setpoint.desired.validate import judge
from setpoint.model.key import DEFAULT_NAMESPACE, Key, is_namespace
from setpoint.model.kind import Kind
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.tree import Json, Tree

M = TypeVar("M", bound=BaseModel)

_PARTS: Final = ("metadata", "policy", "spec")
_REMOVED: Final[Any] = object()
"""Stands in a tree where a higher layer took a value away."""


def read_piece(
    path: str, content: bytes, layers: tuple[Layer, ...] | None, kinds: Mapping[str, Kind[Any, Any]]
) -> Piece:
    """Every declaration of a file over its layers; without layers (None), only who is declared."""
    if layers is not None:
        try:
            return read_swiftly(path, content, layers, kinds)
        except UnusualError:
            pass
    return read_carefully(path, content, layers, kinds)


def read_swiftly(
    path: str, content: bytes, layers: tuple[Layer, ...], kinds: Mapping[str, Kind[Any, Any]]
) -> Piece:
    """As `read_carefully`, for a file without any mistake.

    Raises:
        UnusualError: only the careful way can judge it.
    """
    drafts = tuple(
        _draft(document, Writing(path, content, index, layers, ""), kinds)
        for index, document in enumerate(read_sound(path, content))
    )
    return Piece(drafts, tuple((draft.key, draft.origin) for draft in drafts))


def _draft(document: Sound, writing: Writing, kinds: Mapping[str, Kind[Any, Any]]) -> Draft:
    root = {name: value for name, value in document.tree.items() if value is not None or name not in _PARTS}
    name = root.get("kind")
    kind = kinds.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UnusualError
    key = _key(root.get("metadata"), kind)
    layers = _fitting(writing.layers, kind.name, root)
    merged = _laid([layer.tree for layer in layers], {"policy": {}, "spec": {}, **root})
    if document.nulls or any(layer.nulls for layer in layers):
        merged = _present(merged)
    policy, spec, metadata = merged["policy"], merged["spec"], merged["metadata"]
    if not isinstance(policy, dict) or not isinstance(spec, dict) or not isinstance(metadata, dict):
        raise UnusualError
    if "formerly" in metadata or (kind.hosted_by is None and root.get("target") is not None):
        raise UnusualError
    _valid(Envelope, {**merged, "policy": {}, "spec": {}})
    value = _valid(kind.spec, spec)
    labels: Any = metadata.get("labels", {})
    return Draft(
        key=key,
        origin=document.origin,
        spec=spec,
        policy=_policy(to_json(policy)),
        labels=labels,
        origins=Origins(
            Writing(writing.path, writing.content, writing.index, writing.layers, kind.name).trees
        ),
        references=_references(document, layers, value, spec),
        hosted_by=kind.hosted_by,
        target=_target(document, layers, kind, merged.get("target")),
        formerly=None,
        formerly_at=place(document, ("metadata",)) or document.origin,
        claim=claim_of(kind, value),
    )


def _key(metadata: Json, kind: Kind[Any, Any]) -> Key:
    name = metadata.get("name") if isinstance(metadata, dict) else None
    namespace = metadata.get("namespace", DEFAULT_NAMESPACE) if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not isinstance(namespace, str):
        raise UnusualError
    if not kind.names.fullmatch(name) or not is_namespace(namespace):
        raise UnusualError
    return Key(namespace, kind.name, name)


def _references(document: Sound, layers: list[Layer], value: BaseModel, spec: Tree) -> tuple[Wish, ...]:
    return tuple(
        Wish(
            name.kind,
            str(name),
            rendered(("spec", *path)),
            _place(document, layers, {"spec": spec}, ("spec", *path)),
        )
        for path, name in names_in(value)
    )


def _target(document: Sound, layers: list[Layer], kind: Kind[Any, Any], name: Json) -> Wish | None:
    if kind.hosted_by is None or not isinstance(name, str):
        return None
    return Wish(kind.hosted_by, name, "target", _place(document, layers, {"target": name}, ("target",)))


def _valid(model: type[M], tree: Tree) -> M:
    value, errors = judge(model, to_json(tree))
    if value is None or errors:
        raise UnusualError
    return value


@lru_cache(maxsize=1 << 10)
def _policy(text: bytes) -> Policy:
    """Thousands of resources have one of a few policies: each is judged once, and kept in memory once."""
    value, errors = judge(Policy, text)
    if value is None or errors:
        raise UnusualError
    return value


def _place(document: Sound, layers: list[Layer], merged: Json, path: Path) -> Origin:
    """Where a value that is in the merged tree was written: in the highest layer that has it."""
    for step in path:
        match merged, step:
            case dict(), str() if step in merged:
                merged = merged[step]
            case list(), int() if step < len(merged):
                merged = merged[step]
            case _:
                raise UnusualError
    found = place(document, path) or next(
        (o for layer in reversed(layers) if (o := _origin(layer, path))), None
    )
    if found is None:
        raise UnusualError
    return found


def _origin(layer: Layer, path: Path) -> Origin | None:
    node: Node | None = layer.given
    for step in path:
        node = child(node, step) if node is not None else None
    return node.origin if node is not None else None


def _fitting(layers: Iterable[Layer], kind: str, root: Tree) -> list[Layer]:
    """The layers that are for a declaration; labels that layers give count, too."""
    candidates = [layer for layer in layers if layer.kind in (EVERY, kind)]
    if all(layer.labels is None for layer in candidates):
        return candidates
    general = _laid([layer.tree for layer in candidates if layer.labels is None], root)
    metadata = general.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    borne = {k: v for k, v in labels.items() if isinstance(v, str)} if isinstance(labels, dict) else {}
    return [layer for layer in candidates if layer.fits(kind, borne)]


def _laid(lower: Iterable[Tree], highest: Tree) -> Tree:
    """As `layers.merged`, on plain values."""
    below, *above = [*lower, highest]
    for layer in above:
        below = _over(below, layer)
    return below


def _over(lower: Tree, higher: Tree) -> Tree:
    found = dict(lower)
    for name, value in higher.items():
        found[name] = _merge(found[name], value) if name in found else value
    return found


def _merge(lower: Json, higher: Json) -> Json:
    if higher is None:
        return None if lower is None else _REMOVED
    if isinstance(lower, dict) and isinstance(higher, dict):
        return _over(lower, higher)
    return higher


def _present(tree: Tree) -> Tree:
    """Without what was taken away."""
    return {
        name: _present(value) if isinstance(value, dict) else value
        for name, value in tree.items()
        if value is not _REMOVED
    }
