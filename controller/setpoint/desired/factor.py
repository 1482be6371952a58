"""Takes out of many alike what they share, so that layers of defaults say it once: `layers` turned around. Pure."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from setpoint.model.tree import Json, Pointer, Tree, join

V = TypeVar("V")
Apart = Callable[[Pointer], bool]
"""Whether what stands at a place is each one's own and never a default."""
_FEW = 3
"""Of so many, one may take away what the others share; where more would, it is no default."""


@dataclass(frozen=True)
class Factored:
    """What is shared, and what each says beside it, in the order given.

    Laid over `shared` by the rules of layers, each of `own` is the tree that it was made of: a null takes away what only
    the others have.
    """

    shared: Tree
    own: tuple[Tree, ...]


@dataclass(frozen=True)
class _Common(Generic[V]):
    """A value that is given to all, and how many characters that saves."""

    value: V
    saved: int


def nowhere(_: Pointer) -> bool:
    """Anything may be a default."""
    return False


def factor(trees: Sequence[Tree], *, taking: bool = True, apart: Apart = nowhere) -> Factored:
    """Take out what makes the whole shorter.

    Args:
        trees: plain mappings, in which a null is a value of its own.
        taking: whether one that lacks what is shared may take it away by a null. It must not where that null would
            take away what a further layer below gives.
        apart: places that are never shared.
    """
    shared = _shared([dict(tree) for tree in trees], "", taking=taking, apart=apart)
    return Factored(shared.value, tuple(_rest(tree, shared.value) for tree in trees))


def _shared(trees: Sequence[Tree], above: Pointer, *, taking: bool, apart: Apart) -> _Common[Tree]:
    """What mappings that stand at one place have in common."""
    found: Tree = {}
    saved = 0
    for name in dict.fromkeys(name for tree in trees for name in tree):
        place = join(above, name)
        if apart(place):
            continue
        having = [tree[name] for tree in trees if name in tree]
        lacking = len(trees) - len(having)
        if lacking * _FEW > (len(trees) if taking else 0):
            continue
        common = _common(having, place, taking=taking, apart=apart)
        if common is None or (lacking and common.value is None):
            continue
        # Never more than it saves: with the signs around a mapping and between two fields, wherever they may be.
        gain = common.saved - (len(name) + 8) - lacking * (len(name) + 10)
        if gain > 0:
            found[name] = common.value
            saved += gain
    return _Common(found, saved)


def _common(having: Sequence[Json], place: Pointer, *, taking: bool, apart: Apart) -> _Common[Json] | None:
    """The value to be given to all who have one at a place; None when there is none.

    An explicit null cannot be laid over a value: it would take it away.
    """
    mappings = [value for value in having if isinstance(value, dict)]
    if len(mappings) == len(having):
        below = _shared(mappings, place, taking=taking, apart=apart)
        return _Common[Json](below.value, below.saved) if below.value else None
    if mappings or len(having) < 2:  # noqa: PLR2004  # a default that one has is no default
        return None
    counts: dict[str, int] = {}
    for value in having:
        text = json.dumps(value, sort_keys=True)
        counts[text] = counts.get(text, 0) + 1
    text, count = max(counts.items(), key=lambda item: (item[1], item[0]))
    value = json.loads(text)
    if value is not None and "null" in counts:
        return None
    name = place.rpartition("/")[2]
    return _Common(value, count * (len(text) + len(name) + 4) - len(text)) if count > 1 else None


def _rest(tree: Tree, shared: Tree) -> Tree:
    """What a tree says beside what is shared."""
    rest: Tree = {}
    for name, value in tree.items():
        if name not in shared:
            rest[name] = value
            continue
        given = shared[name]
        if isinstance(value, dict) and isinstance(given, dict):
            below = _rest(value, given)
            if below:
                rest[name] = below
        elif not _same(value, given):
            rest[name] = value
    rest |= {name: None for name in shared if name not in tree}
    return rest


def _same(one: Json, other: Json) -> bool:
    """Whether both are written alike: `true` is not 1, and 1.0 not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
