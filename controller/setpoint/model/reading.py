"""What was read last of large declarations, so that everybody who needs the value of one does not read it anew."""

from __future__ import annotations

from collections import deque
from typing import Final, TypeVar

from pydantic import BaseModel

from setpoint.model.tree import Tree

M = TypeVar("M", bound=BaseModel)

LEAST: Final = 100
"""Entries of one of its mappings from which a declaration is large."""
_KEPT: Final = 16
_LAST: deque[tuple[Tree, BaseModel]] = deque(maxlen=_KEPT)
"""By the very objects, which nobody changes once they are declared."""


def remember(tree: Tree, value: BaseModel) -> None:
    """Keep the value that a tree was found to be, if it is large."""
    if any(isinstance(part, dict) and len(part) >= LEAST for part in tree.values()):
        _LAST.append((tree, value))


def read(model: type[M], tree: Tree) -> M:
    """A tree as a value of `model`.

    Raises:
        ValidationError: it is none.
    """
    for known, value in reversed([*_LAST]):
        if known is tree and type(value) is model:
            return value
    found = model.model_validate(tree)
    remember(tree, found)
    return found
