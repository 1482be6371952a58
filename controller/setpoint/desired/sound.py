"""Reads a file that is sound several times faster than `reader`, as plain values.

It gives up at anything that is wrong or merely unusual; `reader` then tells what, and where.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import yaml

from setpoint.desired.builder import marked
from setpoint.desired.limits import DEPTH, DOCUMENTS, NODES
from setpoint.desired.node import Path
from setpoint.desired.scalar import resolve
from setpoint.desired.text import decode
from setpoint.model.errors import DeclarationError
from setpoint.model.origin import Origin
from setpoint.model.tree import Json, Scalar, Tree

INDICATOR = re.compile(r"[&*!](?<!\w[&*!])")
"""What may begin an anchor, an alias or a tag; inside a word it does not."""

LINE = re.compile(r"^(?:%|[^\n]{2000})", re.MULTILINE)
"""What may be a directive, and a line so long that it could hold a deep nest."""

_MARKER = re.compile(r"^---(?=[ \t\n]|\Z)", re.MULTILINE)
_OPENED = 1_000
"""Brackets that may be opened in one document: libyaml's composer recurses and dies of a nest of some ten thousands."""

_WITHIN = r"""(?:[^][{}'"#\n\\]|"[^][{}"\n\\]*")*"""
_CLOSED = re.compile(rf"\{{{_WITHIN}\}}|\[{_WITHIN}\]")
"""A flow of one line. Whether it stands in a text, in a comment or for itself, both of its brackets do."""


class UnusualError(Exception):
    """Only the careful way can judge this."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One document without a mistake in its YAML.

    Attributes:
        nulls: whether any value in it may be null.
        where: the place of the value at a path: that of the key it belongs to; None when it is not there.
    """

    tree: Tree
    nulls: bool
    origin: Origin
    where: Callable[[Path], Origin | None]


def read_sound(path: str, content: bytes) -> list[Sound]:
    """Every document of a file.

    Raises:
        UnusualError: there is something that only `reader` can judge.
    """
    try:
        return [document for document, _ in documents(path, decode(path, content))]
    except (DeclarationError, yaml.YAMLError, ValueError):
        # ValueError: a number that 64 bits cannot hold.
        raise UnusualError from None


def place(node: Any, name: str, line: int, path: Path) -> Origin | None:
    """Where the value at `path` below a node was written, in a text that begins after `line` lines of file `name`."""
    mark = node.start_mark
    for step in path:
        match node, step:
            case yaml.MappingNode(), str():
                found = next((pair for pair in node.value if pair[0].value == step), None)
                if found is None:
                    return None
                mark, node = found[0].start_mark, found[1]
            case yaml.SequenceNode(), int() if step < len(node.value):
                node = node.value[step]
                mark = node.start_mark
            case _:
                return None
    return marked(name, line, mark)


def documents(path: str, text: str) -> Iterator[tuple[Sound, yaml.MappingNode]]:
    """Every document of a text, with the node that it was made from.

    Raises:
        UnusualError: there is something that only `reader` can judge.
        YAMLError: it is no YAML.
        ValueError: a number that 64 bits cannot hold.
    """
    if INDICATOR.search(text) or LINE.search(text) or not is_shallow(text):
        raise UnusualError
    parser = Parser(text)
    begun = count = 0
    while parser.check_node():
        begun += 1
        node = parser.get_node()
        if isinstance(node, yaml.MappingNode):
            making = Making()
            tree = making.mapping(node, 1)
            count += making.count
            where = partial(place, node, path, 0)
            yield Sound(tree, making.nulls, marked(path, 0, node.start_mark), where), node
        elif _is_nothing(node):
            count += 1
        else:
            raise UnusualError
        if begun > DOCUMENTS or count > NODES:
            raise UnusualError


def is_shallow(text: str) -> bool:
    """Whether no document can be a deep nest: what opens and closes in a line is none, however often it stands there."""
    if text.count("[") + text.count("{") > _OPENED:
        text = _CLOSED.sub("", _CLOSED.sub("", text))
    starts = [0, *(found.start() for found in _MARKER.finditer(text)), len(text)]
    return all(
        text.count("[", start, end) + text.count("{", start, end) <= _OPENED
        for start, end in pairwise(starts)
    )


class Parser(yaml.CBaseLoader):
    """Composes nodes without tags: there are none in the text, and values are told from texts later."""

    # The composer, which is compiled, calls these for every node, and by position.
    def resolve(self, *_: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
        """No tag."""

    def descend_resolver(self, *_: Any) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Nothing depends on the place."""

    def ascend_resolver(self) -> None:
        """Nothing to undo."""


# The same few words stand in thousands of files: each is resolved once, and kept in memory once.
_resolved = lru_cache(maxsize=1 << 14)(resolve)


class Making:
    """The plain values of one document; `count` is how many there are."""

    def __init__(self) -> None:
        """Begin with the document itself."""
        self.count = 1
        self.nulls = False

    def mapping(self, node: yaml.MappingNode, depth: int) -> Tree:
        """The fields of a node, which is `depth` levels deep."""
        if depth > DEPTH:
            raise UnusualError
        found: Tree = {}
        for name, value in node.value:
            key = self._scalar(name) if type(name) is yaml.ScalarNode else None
            if type(key) is not str or key == "<<":
                raise UnusualError
            found[key] = (
                self._scalar(value) if type(value) is yaml.ScalarNode else self._inner(value, depth + 1)
            )
        if len(found) < len(node.value):  # something is written twice
            raise UnusualError
        self.count += 2 * len(found)
        return found

    def _inner(self, node: yaml.Node, depth: int) -> Json:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, depth)
        if depth > DEPTH:
            raise UnusualError
        self.count += len(node.value)
        return [
            self._scalar(item) if type(item) is yaml.ScalarNode else self._inner(item, depth + 1)
            for item in node.value
        ]

    def _scalar(self, node: yaml.ScalarNode) -> Scalar:
        text: str = node.value
        if not node.style:
            value = _resolved(text)
            self.nulls = self.nulls or value is None
            return value
        if "\0" in text:
            raise UnusualError
        return sys.intern(text)


def _is_nothing(node: yaml.Node | None) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.value and not node.style
