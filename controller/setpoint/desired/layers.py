"""Defaults of folders: which of them a declaration gets, and how trees are laid over one another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce

from setpoint.desired.envelope import Defaults
from setpoint.desired.node import Fields, Leaf, Node, Removed, child, plain
from setpoint.desired.reader import Document, read
from setpoint.desired.suggest import remedy as suggestion
from setpoint.desired.validate import check
from setpoint.model.errors import DeclarationProblem
from setpoint.model.origin import Origin
from setpoint.model.tree import Tree, leaves

FILE = "defaults.yaml"
EVERY = "*"
_MISNAMED = "defaults.yml"
_GIVEN = ("metadata", "policy", "target", "spec")


@dataclass(frozen=True)
class Layer:
    """One document of a `defaults.yaml`.

    Attributes:
        kind: the kind that it is for, or `*`.
        labels: what a declaration must bear; None when it is for all.
        given: what it gives, as a part of a declaration.
        tree: the same as plain values, with the nulls that take away.
        nulls: whether there are any.
    """

    kind: str
    labels: Mapping[str, str] | None
    given: Fields
    tree: Tree
    nulls: bool

    def fits(self, kind: str, labels: Mapping[str, str]) -> bool:
        """Whether it is for a declaration of `kind` that bears `labels`."""
        return self.kind in (EVERY, kind) and (self.labels or {}).items() <= labels.items()


@dataclass(frozen=True)
class Folder:
    """The layers of one folder, lowest first; with a problem, nothing below the folder can be compiled."""

    layers: tuple[Layer, ...]
    problems: tuple[DeclarationProblem, ...]

    def beside(self, other: Folder) -> Folder:
        """Both of two files in one folder."""
        return Folder(self.layers + other.layers, self.problems + other.problems)


def is_layer(path: str) -> bool:
    """Whether a file holds defaults."""
    return path.rpartition("/")[2] in (FILE, _MISNAMED)


def folder_of(path: str) -> str:
    """The folder that a file of defaults is for, ending in a slash; the root is `/`."""
    return folders_above(path)[-1]


def folders_above(path: str) -> tuple[str, ...]:
    """The folders whose defaults reach `path`, the root first: `/`, `vms/`, `vms/web/`."""
    ends = [index + 1 for index, character in enumerate(path) if character == "/"]
    return ("/", *(path[:end] for end in ends))


def read_folder(path: str, content: bytes, kinds: Iterable[str]) -> Folder:
    """What a `defaults.yaml` says."""
    if path.endswith(_MISNAMED):
        what = "defaults are read from defaults.yaml only"
        return Folder((), (DeclarationProblem(Origin(path), what, "rename this file"),))
    parsed = read(path, content)
    problems = list(parsed.problems)
    layers: list[Layer] = []
    for document in parsed.documents:
        layer, found = _layer(document, frozenset(kinds))
        problems.extend(found)
        if layer is not None:
            layers.append(layer)
    return Folder(tuple(layers), tuple(problems))


def _layer(document: Document, kinds: frozenset[str]) -> tuple[Layer | None, list[DeclarationProblem]]:
    root = document.root
    if not isinstance(root, Fields):
        what = "a layer of defaults is a mapping"
        return None, [DeclarationProblem(root.origin, what, "write kind, and what its declarations share")]
    root = without_empty(root)
    if not document.whole:
        return None, []
    defaults, found = check(Defaults, root)
    problems = list(found)
    if defaults is None:
        return None, problems
    problems.extend(_misplaced(root, defaults, kinds))
    given = Fields({name: root.fields[name] for name in _GIVEN if name in root.fields}, root.origin)
    values = tree(given)
    nulls = any(value is None for _, value in leaves(values))
    return Layer(defaults.kind, defaults.labels, given, values, nulls), problems


def _misplaced(root: Fields, defaults: Defaults, kinds: frozenset[str]) -> Iterable[DeclarationProblem]:
    if defaults.kind not in (EVERY, *kinds):
        what = f"there is no kind '{defaults.kind}'"
        remedy = suggestion(defaults.kind, {*kinds, EVERY}, otherwise="the kinds are")
        yield DeclarationProblem(root.fields["kind"].origin, what, remedy, "kind")
    if defaults.kind == EVERY and "spec" in root.fields:
        what = "a spec belongs to one kind, and this layer is for every kind"
        yield DeclarationProblem(root.fields["spec"].origin, what, "name the kind, or remove spec", "spec")
    given = child(root.fields.get("metadata", root), "labels")
    if defaults.labels is not None and given is not None and "metadata" in root.fields:
        what = "a layer that is chosen by labels cannot give labels"
        yield DeclarationProblem(given.origin, what, "put them into a layer of their own", "metadata.labels")


def without_empty(root: Fields) -> Fields:
    """The declaration without parts that are begun and left empty; `spec:` alone means that nothing is said."""
    kept = {
        name: value
        for name, value in root.fields.items()
        if not (name in ("metadata", "policy", "spec") and isinstance(value, Leaf) and value.value is None)
    }
    return Fields(kept, root.origin)


def whole(layers: Iterable[Layer], kind: str, root: Fields) -> Fields:
    """The declaration over the layers that are for it, with a policy and a spec."""
    absent = {part: Fields({}, root.origin) for part in ("policy", "spec") if part not in root.fields}
    return layered(layers, kind, root.replacing(**absent))


def layered(layers: Iterable[Layer], kind: str, root: Fields) -> Fields:
    """The declaration over the layers that are for it."""
    candidates = [layer for layer in layers if layer.kind in (EVERY, kind)]
    if not candidates:
        return root
    general = merged([layer.given for layer in candidates if layer.labels is None], root)
    labels = _labels(general)
    return merged([layer.given for layer in candidates if layer.fits(kind, labels)], root)


def _labels(root: Fields) -> Mapping[str, str]:
    metadata = root.fields.get("metadata")
    labels = plain(found) if metadata is not None and (found := child(metadata, "labels")) else None
    return {k: v for k, v in labels.items() if isinstance(v, str)} if isinstance(labels, dict) else {}


def merged(lower: Iterable[Fields], highest: Fields) -> Fields:
    """Layers laid over one another, lowest first."""
    layers: list[Fields] = [*lower, highest]
    return reduce(_laid, layers)


def merge(lower: Node, higher: Node) -> Node:
    """One tree over another: mappings merge, everything else replaces, null takes away.

    The place of a value is the place in the highest layer that has it.
    """
    match lower, higher:
        case Fields(), Fields():
            return _laid(lower, higher)
        case Leaf(value=None), Leaf(value=None):
            return higher
        case _, Leaf(value=None):
            return Removed(higher.origin)
        case _:
            return higher


def _laid(lower: Fields, higher: Fields) -> Fields:
    fields = dict(lower.fields)
    for name, value in higher.fields.items():
        fields[name] = merge(fields[name], value) if name in fields else value
    return Fields(fields, higher.origin)


def tree(node: Node) -> Tree:
    """The plain mapping of a node; empty when it is none."""
    value = plain(node)
    return value if isinstance(value, dict) else {}
