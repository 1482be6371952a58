"""From a sound file to drafts on plain values, several times faster than `drafting` and with the same result.

Whatever is wrong or unusual is left to `drafting`, which knows the place of everything and tells every mistake.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final, TypeVar

from pydantic import BaseModel
from pydantic_core import to_json

from setpoint.desired.conflicts import differs
from setpoint.desired.drafting import read_carefully
from setpoint.desired.drafts import Draft, Piece, Wish, Writing, claim_of
from setpoint.desired.envelope import Envelope
from setpoint.desired.home import Home, former_of, meant
from setpoint.desired.layers import Layer, Stack, tree
from setpoint.desired.lifespan import fault
from setpoint.desired.node import Fields, Node, Origins, Path, child
from setpoint.desired.places import rendered
from setpoint.desired.references import names_in
from setpoint.desired.resound import read_anew
from setpoint.desired.sheet import Sheet, Sheets, no_sheets
from setpoint.desired.sound import Sound, UnusualError
from setpoint.desired.taking import Spoilt, laid_under, misnamed, unknown_field
from setpoint.desired.validate import judge
from setpoint.model.key import DEFAULT_NAMESPACE, Key, is_namespace
from setpoint.model.kind import Kind
from setpoint.model.origin import Origin
from setpoint.model.policy import Policy
from setpoint.model.reading import remember
from setpoint.model.tree import Json, Tree, leaves

M = TypeVar("M", bound=BaseModel)

_PARTS: Final = ("metadata", "policy", "spec")
_REMOVED: Final[Any] = object()
"""Stands in a tree where a higher layer took a value away."""


def read_piece(
    path: str,
    content: bytes,
    stack: Stack,
    kinds: Mapping[str, Kind[Any, Any]],
    tables: Mapping[str, bytes],
    sheets: Sheets = no_sheets,
) -> Piece:
    """Every declaration of a file with what it gets from around it; where that is not valid, only who is declared.

    Args:
        path: of the file.
        content: of the file.
        stack: what it gets from around it.
        kinds: by name.
        tables: the CSV files by path.
        sheets: what inventories declare below its manifests.
    """
    if stack.below is not None:
        try:
            return read_swiftly(path, content, stack, kinds, sheets)
        except UnusualError:
            pass
    return read_carefully(path, content, stack, kinds, tables, quick=quickly, sheets=sheets)


def read_swiftly(
    path: str,
    content: bytes,
    stack: Stack,
    kinds: Mapping[str, Kind[Any, Any]],
    sheets: Sheets = no_sheets,
) -> Piece:
    """As `read_carefully`, for a file without any mistake.

    Raises:
        UnusualError: only the careful way can judge it.
    """
    fitted = set[Origin]()
    drafts = tuple(
        _draft(document, Writing(path, content, index, stack, ""), kinds, sheets, fitted)
        for index, document in enumerate(read_anew(path, content))
    )
    declared = tuple((draft.key, draft.origin) for draft in drafts)
    return Piece(drafts, declared, fitted=frozenset(fitted)) if fitted else Piece(drafts, declared)


@dataclass(frozen=True, slots=True)
class _Grown:
    """A manifest that a row made, in the place of a document."""

    tree: Tree
    nulls: bool
    origin: Origin
    node: Fields


def quickly(
    manifest: Fields, writing: Writing, kinds: Mapping[str, Kind[Any, Any]], sheets: Sheets
) -> tuple[Draft, frozenset[Origin]] | None:
    """The draft of a manifest that a row made, with the patches that were for it; None where only care can judge."""
    values, fitted = tree(manifest), set[Origin]()
    document = _Grown(values, any(value is None for _, value in leaves(values)), manifest.origin, manifest)
    try:
        return _draft(document, writing, kinds, sheets, fitted), frozenset(fitted)
    except UnusualError:
        return None


def _written(document: Sound | _Grown, path: Path) -> Origin | None:
    return document.where(path) if isinstance(document, Sound) else _reached(document.node, path)


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where the values of a declaration may have been written.

    Attributes:
        former: namespaces that stand for the one that it is in now.
    """

    document: Sound | _Grown
    below: list[Layer]
    above: list[Layer]
    home: Home | None
    former: frozenset[str]

    def wish(self, kind: str, text: str, path: Path, value: Json) -> Wish:
        """A name with its place."""
        origin = self.place(value, path)
        if self.home is None:
            return Wish(kind, text, rendered(path), origin)
        text = meant(text, origin, self.home, self.former)
        return Wish(kind, text, rendered(path), origin, copied=not self.home.own)

    def place(self, merged: Json, path: Path) -> Origin:
        """Where a value that is in the merged tree was written: in the highest that has it."""
        for step in path:
            match merged, step:
                case dict(), str() if step in merged:
                    merged = merged[step]
                case list(), int() if step < len(merged):
                    merged = merged[step]
                case _:
                    raise UnusualError
        found = _highest(self.above, path) or _written(self.document, path) or _highest(self.below, path)
        if found is None:
            raise UnusualError
        return found


def _highest(layers: list[Layer], path: Path) -> Origin | None:
    return next((o for layer in reversed(layers) if (o := _reached(layer.given, path))), None)


def _draft(
    document: Sound | _Grown,
    writing: Writing,
    kinds: Mapping[str, Kind[Any, Any]],
    sheets: Sheets,
    fitted: set[Origin],
) -> Draft:
    root = {name: value for name, value in document.tree.items() if value is not None or name not in _PARTS}
    name = root.get("kind")
    kind = kinds.get(name) if isinstance(name, str) else None
    if kind is None:
        raise UnusualError
    stack = writing.stack
    key, former = _key(root.get("metadata"), kind), frozenset[str]()
    if stack.home is not None:
        key, former = _settled(root, key, stack.home)
    found = sheets(key)
    if found:
        writing = replace(writing, stack=_around(writing.stack, found, key, root))
    below, above, merged = _whole(writing.stack, key, root, nulls=document.nulls)
    fitted.update(layer.given.origin for layer in above)
    policy, spec, metadata = merged["policy"], merged["spec"], merged["metadata"]
    if not isinstance(policy, dict) or not isinstance(spec, dict) or not isinstance(metadata, dict):
        raise UnusualError
    if writing.stack.sheet is not None and _may_conflict(writing.stack.sheet.layer, merged):
        raise UnusualError
    if "formerly" in metadata or (kind.hosted_by is None and root.get("target") is not None):
        raise UnusualError
    _valid(Envelope, {**merged, "policy": {}, "spec": {}})
    value, judged = _valid(kind.spec, spec), _policy(to_json(policy))
    remember(spec, value)
    if _is_at_fault(judged, kind, found) or (kind.expand is not None and kind.expand(key, spec)):
        raise UnusualError
    labels: Any = metadata.get("labels", {})
    sources = _Sources(document, below, above, stack.home, former)
    target = merged.get("target")
    return Draft(
        key=key,
        origin=document.origin,
        spec=spec,
        policy=judged,
        labels=labels,
        origins=Origins(replace(writing, kind=kind.name).trees),
        references=_references(sources, value, spec),
        hosted_by=kind.hosted_by,
        target=sources.wish(kind.hosted_by, target, ("target",), merged)
        if kind.hosted_by is not None and isinstance(target, str)
        else None,
        formerly=None,
        formerly_at=_written(document, ("metadata",)) or document.origin,
        claim=claim_of(kind, value),
        through=writing.through,
    )


def _is_at_fault(policy: Policy, kind: Kind[Any, Any], found: Sequence[Sheet]) -> bool:
    """Whether only care can tell what is wrong with a policy, if anything is."""
    if fault(policy, kind) is not None:
        return True
    return bool(policy.take) and not (
        unknown_field(policy, kind) is None and misnamed(policy.take, found) is None
    )


def _around(stack: Stack, found: Sequence[Sheet], key: Key, root: Tree) -> Stack:
    """What is around it, with what it takes of its sheets."""
    _, _, merged = _whole(stack, key, root, nulls=True)
    policy = merged["policy"]
    around = laid_under(stack, found, policy.get("take") if isinstance(policy, dict) else None)
    if isinstance(around, Spoilt):
        raise UnusualError
    return around


def _may_conflict(sheet: Layer, merged: Tree) -> bool:
    """Whether a sheet and what is above it say something differently, be it only in other words."""
    return any(differs(sheet.tree.get(part), merged.get(part)) for part in ("spec", "target"))


def _whole(stack: Stack, key: Key, root: Tree, *, nulls: bool) -> tuple[list[Layer], list[Layer], Tree]:
    """The layers and the patches that are for a declaration, and all of them with it; `nulls` when it may hold some."""
    below, above = _fitting(stack, key, root)
    merged = _laid([layer.tree for layer in below], {"policy": {}, "spec": {}, **root})
    for layer in above:
        merged = _patched(merged, layer.tree)
    if nulls or any(layer.nulls for layer in (*below, *above)):
        merged = _present(merged)
    return below, above, merged


def _key(metadata: Json, kind: Kind[Any, Any]) -> Key:
    name = metadata.get("name") if isinstance(metadata, dict) else None
    namespace = metadata.get("namespace", DEFAULT_NAMESPACE) if isinstance(metadata, dict) else None
    if not isinstance(name, str) or not isinstance(namespace, str):
        raise UnusualError
    if not kind.names.fullmatch(name) or not is_namespace(namespace):
        raise UnusualError
    return Key(namespace, kind.name, name)


def _settled(root: Tree, key: Key, home: Home) -> tuple[Key, frozenset[str]]:
    """As `home.settled`, of a key that is right; `root` gets the namespace as well."""
    metadata = root["metadata"]
    if not isinstance(metadata, dict):
        raise UnusualError
    named = key.namespace if "namespace" in metadata else home.namespace
    if home.own and named != home.namespace:
        raise UnusualError
    if home.formerly or home.omission(key) is not None:
        raise UnusualError
    root["metadata"] = {**metadata, "namespace": home.namespace}
    return Key(home.namespace, key.kind, key.name), former_of(home, named)


def _references(sources: _Sources, value: BaseModel, spec: Tree) -> tuple[Wish, ...]:
    return tuple(
        sources.wish(name.kind, str(name), ("spec", *path), {"spec": spec}) for path, name in names_in(value)
    )


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


def _reached(root: Fields, path: Path) -> Origin | None:
    node: Node | None = root
    for step in path:
        node = child(node, step) if node is not None else None
    return node.origin if node is not None else None


def _fitting(stack: Stack, key: Key, root: Tree) -> tuple[list[Layer], list[Layer]]:
    """The layers and the patches that are for a declaration; labels that they give count, too."""
    below = stack.lower(key.kind, key.name)
    above = [layer for layer in stack.above if layer.concerns(key.kind, key.name)]
    if all(layer.labels is None for layer in (*below, *above)):
        return below, above
    general = _laid([layer.tree for layer in below if layer.labels is None], root)
    for layer in above:
        general = _patched(general, layer.tree) if layer.labels is None else general
    metadata = general.get("metadata")
    labels = metadata.get("labels") if isinstance(metadata, dict) else None
    borne = {k: v for k, v in labels.items() if isinstance(v, str)} if isinstance(labels, dict) else {}
    return [layer for layer in below if layer.fits(borne)], [layer for layer in above if layer.fits(borne)]


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


def _patched(lower: Tree, higher: Tree) -> Tree:
    """As `layers.patched`, on plain values."""
    found = dict(lower)
    for name, value in higher.items():
        if value is None:
            found[name] = _REMOVED
        elif isinstance(value, dict):
            below = found.get(name)
            found[name] = _patched(below if isinstance(below, dict) else {}, value)
        else:
            found[name] = value
    return found


def _present(tree: Tree) -> Tree:
    """Without what was taken away."""
    return {
        name: _present(value) if isinstance(value, dict) else value
        for name, value in tree.items()
        if value is not _REMOVED
    }
