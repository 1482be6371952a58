"""Defaults of folders and patches of overlays: which of them a declaration gets, and how trees are laid over one another."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

from setpoint.desired.envelope import Defaults, Patch
from setpoint.desired.files import is_sheet
from setpoint.desired.home import Home
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
    """One document of a `defaults.yaml`, or one patch of an overlay.

    Attributes:
        kind: the kind that it is for, or `*`.
        labels: what a declaration must bear; None when it is for all.
        given: what it gives, as a part of a declaration.
        tree: the same as plain values, with the nulls that take away.
        nulls: whether there are any.
        name: of the one that it is for; None when it is for all.
    """

    kind: str
    labels: Mapping[str, str] | None
    given: Fields
    tree: Tree
    nulls: bool
    name: str | None = None

    @classmethod
    def of(cls, root: Fields, kind: str, labels: Mapping[str, str] | None, name: str | None = None) -> Layer:
        """What `root` gives to those that it is for."""
        given = Fields({part: root.fields[part] for part in _GIVEN if part in root.fields}, root.origin)
        values = tree(given)
        return cls(kind, labels, given, values, any(value is None for _, value in leaves(values)), name)

    def concerns(self, kind: str, name: str | None) -> bool:
        """Whether it is for a declaration of this kind and name, if that bears the right labels."""
        return self.kind in (EVERY, kind) and self.name in (None, name)

    def fits(self, labels: Mapping[str, str]) -> bool:
        """Whether it is for a declaration that it concerns and that bears `labels`."""
        return (self.labels or {}).items() <= labels.items()


class Below(Protocol):
    """What a manifest takes of a sheet. Thousands of manifests are remembered with theirs, so the layer is made when it is asked for."""

    @property
    def path(self) -> str:
        """Of the sheet."""
        ...

    @property
    def layer(self) -> Layer:
        """What is taken."""
        ...


@dataclass(frozen=True)
class Stack:
    """What a manifest gets from around it.

    Attributes:
        below: defaults, lowest first; None when some are not valid, so that nothing but who is declared can be told.
        above: patches, lowest first.
        home: None for what no overlay declares.
        sheet: what the one manifest takes of an inventory, above the defaults.
    """

    below: tuple[Layer, ...] | None
    above: tuple[Layer, ...] = ()
    home: Home | None = None
    sheet: Below | None = None

    def lower(self, kind: str, name: str | None) -> list[Layer]:
        """What lies below a manifest and is for it if it bears the right labels, lowest first."""
        found = [layer for layer in self.below or () if layer.concerns(kind, name)]
        return found if self.sheet is None else [*found, self.sheet.layer]


@dataclass(frozen=True)
class Whole:
    """A declaration as it is after all layers and patches; `fitted` are the places of the patches that were for it."""

    root: Fields
    fitted: frozenset[Origin]


@dataclass(frozen=True)
class Folder:
    """The layers of one folder, lowest first; with a problem, nothing below the folder can be compiled."""

    layers: tuple[Layer, ...]
    problems: tuple[DeclarationProblem, ...]

    def beside(self, other: Folder) -> Folder:
        """Both of two files in one folder."""
        return Folder(self.layers + other.layers, self.problems + other.problems)


def is_layer(path: str) -> bool:
    """Whether a file holds defaults; a sheet never does."""
    return path.rpartition("/")[2] in (FILE, _MISNAMED) and not is_sheet(path)


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
    problems.extend(misplaced(root, defaults, kinds))
    return Layer.of(root, defaults.kind, defaults.labels), problems


def misplaced(
    root: Fields, given: Defaults | Patch, kinds: Collection[str], at: str = "", word: str = "layer"
) -> Iterator[DeclarationProblem]:
    """What a layer, or a patch, says that it cannot; `at` is what the names of its fields begin with."""
    if given.kind not in (EVERY, *kinds):
        what = f"there is no kind '{given.kind}'"
        remedy = suggestion(given.kind, {*kinds, EVERY}, otherwise="the kinds are")
        yield DeclarationProblem(root.fields["kind"].origin, what, remedy, f"{at}kind")
    if given.kind == EVERY and "spec" in root.fields:
        what = f"a spec belongs to one kind, and this {word} is for every kind"
        remedy = "name the kind, or remove spec"
        yield DeclarationProblem(root.fields["spec"].origin, what, remedy, f"{at}spec")
    labels = child(root.fields.get("metadata", root), "labels")
    if given.labels is not None and labels is not None and "metadata" in root.fields:
        what = f"a {word} that is chosen by labels cannot give labels"
        remedy = f"put them into a {word} of their own"
        yield DeclarationProblem(labels.origin, what, remedy, f"{at}metadata.labels")


def without_empty(root: Fields) -> Fields:
    """The declaration without parts that are begun and left empty; `spec:` alone means that nothing is said."""
    kept = {
        name: value
        for name, value in root.fields.items()
        if not (name in ("metadata", "policy", "spec") and isinstance(value, Leaf) and value.value is None)
    }
    return Fields(kept, root.origin)


def whole(stack: Stack, kind: str, root: Fields) -> Whole:
    """The declaration with the layers and patches that are for it, a policy and a spec."""
    absent = {part: Fields({}, root.origin) for part in ("policy", "spec") if part not in root.fields}
    root = root.replacing(**absent)
    name = name_of(root)
    below = stack.lower(kind, name)
    above = [layer for layer in stack.above if layer.concerns(kind, name)]
    if any(layer.labels is not None for layer in (*below, *above)):
        labels = _labels(_put_together(_for_all(below), root, _for_all(above)))
        below = [layer for layer in below if layer.fits(labels)]
        above = [layer for layer in above if layer.fits(labels)]
    return Whole(_put_together(below, root, above), frozenset(layer.given.origin for layer in above))


def _for_all(layers: Iterable[Layer]) -> list[Layer]:
    return [layer for layer in layers if layer.labels is None]


def _put_together(below: Iterable[Layer], root: Fields, above: Iterable[Layer]) -> Fields:
    return reduce(patched, (layer.given for layer in above), merged([layer.given for layer in below], root))


def name_of(root: Fields) -> str | None:
    """The name that a declaration says it has."""
    name = child(root.fields.get("metadata", root), "name") if "metadata" in root.fields else None
    return name.value if isinstance(name, Leaf) and isinstance(name.value, str) else None


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


def patched(lower: Fields, higher: Fields) -> Fields:
    """A patch over what it is for: as `merge`, but that nothing can be given below any more.

    So null takes away what is there and is nothing where nothing is, and a mapping stays where the manifest has it.
    """
    fields = dict(lower.fields)
    for name, value in higher.fields.items():
        fields[name] = _patched(fields.get(name), value)
    return Fields(fields, lower.origin)


def _patched(lower: Node | None, higher: Node) -> Node:
    match higher:
        case Leaf(value=None):
            return Removed(higher.origin)
        case Fields():
            return patched(lower if isinstance(lower, Fields) else Fields({}, higher.origin), higher)
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
