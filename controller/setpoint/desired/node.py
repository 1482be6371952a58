"""A tree of which every part knows where it was written. Made by `reader`, merged by `layers`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from setpoint.model.origin import Origin
from setpoint.model.tree import Json, Pointer, Scalar, join

Path: TypeAlias = tuple[str | int, ...]
"""The way down a tree: field names and list positions."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A plain value. The origin of a value in a mapping is the place of its key, here and below."""

    value: Scalar
    origin: Origin


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    origin: Origin


@dataclass(frozen=True, slots=True)
class Fields:
    """A mapping, in the order written."""

    fields: Mapping[str, Node]
    origin: Origin

    def replacing(self, **fields: Node) -> Fields:
        """The same mapping with some fields put in the place of others."""
        return Fields({**self.fields, **fields}, self.origin)


@dataclass(frozen=True, slots=True)
class Removed:
    """A value that a higher layer took away from a lower one."""

    origin: Origin


Node: TypeAlias = Leaf | Items | Fields | Removed


def plain(node: Node) -> Json:
    """The values alone."""
    match node:
        case Leaf():
            return node.value
        case Items():
            return [plain(item) for item in node.items]
        case Fields():
            return {name: plain(value) for name, value in present(node).items()}
        case Removed():
            return None
        case _:
            assert_never(node)


def present(node: Node) -> Mapping[str, Node]:
    """The fields of a mapping but for those taken away; none of anything else."""
    if not isinstance(node, Fields):
        return {}
    return {name: value for name, value in node.fields.items() if not isinstance(value, Removed)}


def as_fields(node: Node) -> Fields:
    """The mapping itself; an empty one for anything else."""
    return node if isinstance(node, Fields) else Fields({}, node.origin)


def moved(node: Node, origin: Origin) -> Node:
    """The same value at another place; what is inside it stays where it was written."""
    match node:
        case Leaf(value):
            return Leaf(value, origin)
        case Items(items):
            return Items(items, origin)
        case Fields(fields):
            return Fields(fields, origin)
        case Removed():
            return Removed(origin)
        case _:
            assert_never(node)


def child(node: Node, step: str | int) -> Node | None:
    """What is one step below `node`, if anything."""
    match node, step:
        case Fields(), str():
            below = node.fields.get(step)
            return None if isinstance(below, Removed) else below
        case Items(), int() if 0 <= step < len(node.items):
            return node.items[step]
        case _:
            return None


def nearest(node: Node, path: Path) -> Node:
    """What is at `path`, or else the deepest part above it that exists."""
    for step in path:
        below = child(node, step)
        if below is None:
            break
        node = below
    return node


def _leaves(node: Node, pointer: Pointer) -> Iterator[tuple[Pointer, Origin]]:
    below = present(node)
    if not below:
        yield pointer, node.origin
    for name, value in below.items():
        yield from _leaves(value, join(pointer, name))


class Origins(Mapping[Pointer, Origin]):
    """Where each leaf below `spec` and `policy` was written.

    Thousands of resources have one and hardly any is ever asked, so the trees are made when the first question comes.

    Args:
        trees: makes the merged trees of the spec and of the policy.
    """

    __slots__ = ("_found", "_trees")

    def __init__(self, trees: Callable[[], tuple[Fields, Fields]]) -> None:
        self._trees = trees
        self._found: Mapping[Pointer, Origin] | None = None

    def __getitem__(self, pointer: Pointer) -> Origin:
        return self._all()[pointer]

    def __iter__(self) -> Iterator[Pointer]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    def _all(self) -> Mapping[Pointer, Origin]:
        if self._found is None:
            spec, policy = self._trees()
            below_policy = _leaves(policy, "/policy") if present(policy) else ()
            below_spec = _leaves(spec, "") if present(spec) else ()
            self._found = {**dict(below_policy), **dict(below_spec)}
        return self._found
