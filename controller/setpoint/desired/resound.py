"""Reads a large file anew only where its text is another one; all other values are the very objects of before.

The entries of a block mapping begin at one column, and none of them goes on beyond the next. So a few of them can be read
alone, as long as text before and behind them is what it was: the parser comes to them in the same state, and leaves so.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Any, Final

import yaml

from setpoint.desired.limits import NODES
from setpoint.desired.node import Path
from setpoint.desired.sound import (
    INDICATOR,
    LINE,
    Making,
    Parser,
    Sound,
    UnusualError,
    documents,
    is_shallow,
    place,
)
from setpoint.desired.text import decode
from setpoint.model.errors import DeclarationError
from setpoint.model.origin import Origin
from setpoint.model.tree import Json, Tree

LEAST: Final = 200
"""Entries from which it is worth to know where each of them stands."""
KEPT: Final = 16
"""Files of which that is known, those that were read last."""
_MARKER: Final = re.compile(r"^(?:---|\.\.\.)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _Outline:
    """A document with its largest mapping.

    Attributes:
        way: the names that lead to the mapping.
        column: at which its keys begin.
        starts: where the line of each key begins, and where what is behind the mapping does.
        count: how many values there are in the document.
    """

    path: str
    text: str
    tree: Tree
    nulls: bool
    origin: Origin
    way: tuple[str, ...]
    column: int
    names: list[str]
    starts: list[int]
    count: int

    def where(self, path: Path) -> Origin | None:
        """As `Sound.where`."""
        depth = len(self.way)
        if path[:depth] != self.way or len(path) == depth:
            before = _node(self.text[: self.starts[0]])
            found = place(before, self.path, 0, path) if before is not None else None
            return found or place(_node(self.text), self.path, 0, path)
        if path[depth] not in self.names:
            return None
        at = self.names.index(str(path[depth]))
        entry = _node(self.text[self.starts[at] : self.starts[at + 1]])
        return place(entry, self.path, self.text.count("\n", 0, self.starts[at]), path[depth:])


_KNOWN: OrderedDict[str, _Outline] = OrderedDict()
"""By path; of each the whole text is compared, so that nothing is taken for what it is not."""
_LOCK: Final = Lock()


def read_anew(path: str, content: bytes) -> list[Sound]:
    """As `sound.read_sound`, with what is known of the file from the time before.

    Raises:
        UnusualError: there is something that only `reader` can judge.
    """
    try:
        text = decode(path, content)
        with _LOCK:
            known = _KNOWN.get(path)
        outline = _spliced(known, text) if known is not None else None
        if outline is None:
            found = list(documents(path, text))
            outline = _outline(path, text, *found[0]) if len(found) == 1 else None
            _keep(path, outline)
            return [document for document, _ in found]
    except (DeclarationError, yaml.YAMLError, ValueError):
        raise UnusualError from None
    _keep(path, outline)
    return [Sound(outline.tree, outline.nulls, outline.origin, outline.where)]


def forget() -> None:
    """Know nothing of any file."""
    with _LOCK:
        _KNOWN.clear()


def _keep(path: str, outline: _Outline | None) -> None:
    with _LOCK:
        _KNOWN.pop(path, None)
        if outline is not None:
            _KNOWN[path] = outline
        if len(_KNOWN) > KEPT:
            _KNOWN.popitem(last=False)


def _outline(path: str, text: str, document: Sound, root: yaml.MappingNode) -> _Outline | None:
    """What is to be known of a document; None where no mapping in it is large, or something is behind it."""
    if _MARKER.search(text, root.start_mark.index):
        return None
    way: list[str] = []
    node, end, best = root, len(text), None
    while not node.flow_style:
        starts = _starts(text, node)
        if starts is None:
            break
        if len(starts) >= LEAST and (best is None or len(starts) >= len(best[1])):
            best = tuple(way), starts, end, node
        at = _longest(node)
        if at is None:
            break
        end = starts[at + 1] if at + 1 < len(starts) else end
        way.append(node.value[at][0].value)
        node = node.value[at][1]
    if best is None:
        return None
    names = [key.value for key, _ in best[3].value]
    column = best[3].value[0][0].start_mark.column
    return _Outline(
        path,
        text,
        document.tree,
        document.nulls,
        document.origin,
        best[0],
        column,
        names,
        [*best[1], best[2]],
        1 + _inside(document.tree),
    )


def _longest(node: yaml.MappingNode) -> int | None:
    """The position of the mapping inside that takes most of the text."""
    sizes = [
        (value.end_mark.index - value.start_mark.index, at)
        for at, (_, value) in enumerate(node.value)
        if isinstance(value, yaml.MappingNode) and value.value
    ]
    return max(sizes)[1] if sizes else None


def _starts(text: str, node: yaml.MappingNode) -> list[int] | None:
    """Where the line of each key begins; None unless each has one of its own, with nothing before it but blanks."""
    column = node.start_mark.column
    blanks = " " * column
    starts: list[int] = []
    for key, _ in node.value:
        start = key.start_mark.index - column
        alone = start == 0 or text[start - 1 : start] == "\n"
        if key.start_mark.column != column or not alone or not text.startswith(blanks, start):
            return None
        starts.append(start)
    return starts


def _spliced(known: _Outline, text: str) -> _Outline | None:
    """The document with what is new in its text; None where that is not a matter of some entries.

    Raises:
        UnusualError: something in these entries is unusual, so that the whole is.
    """
    old = known.text
    same = _alike(old, text)
    behind = _alike_behind(old, text, same)
    # What comes in right before a key may belong to the entry above, as an empty line to its text does.
    first = max(bisect_left(known.starts, same, hi=len(known.names)) - 1, 0)
    last = bisect_left(known.starts, len(old) - behind, lo=first + 1)
    if same < known.starts[0] or last >= len(known.starts) or (first == 0 and not known.way):
        return None  # It is not among the entries, or is the place of the document itself.
    start, end, more = known.starts[first], known.starts[last], len(text) - len(old)
    part = text[start : end + more]
    if not part.endswith("\n") and end < len(old):
        return None
    node = _entries(part, known.column)
    starts = _starts(part, node) if node is not None else None
    if node is None or starts is None or starts[0] != 0:
        return None
    making = Making()
    fresh = making.mapping(node, len(known.way) + 1)
    before: Any = known.tree
    for step in known.way:
        before = before[step]
    gone = sum(2 + _inside(before[name]) for name in known.names[first:last])
    count = known.count - gone + making.count - 1
    names = [*known.names[:first], *fresh, *known.names[last:]]
    mapping = {**before, **fresh}
    if [*fresh] != known.names[first:last]:
        mapping = {name: mapping[name] for name in names}
    if count > NODES or len(mapping) < len(names):
        raise UnusualError
    return _Outline(
        known.path,
        text,
        _with(known.tree, known.way, mapping),
        known.nulls or making.nulls,
        known.origin,
        known.way,
        known.column,
        names,
        [
            *known.starts[:first],
            *(start + one for one in starts),
            *(one + more for one in known.starts[last:]),
        ],
        count,
    )


def _entries(part: str, column: int) -> yaml.MappingNode | None:
    """The mapping that some lines are, and nothing else."""
    if INDICATOR.search(part) or LINE.search(part) or _MARKER.search(part) or not is_shallow(part):
        return None
    try:
        node = _node(part)
    except yaml.YAMLError:
        return None
    if not isinstance(node, yaml.MappingNode) or node.flow_style or node.start_mark.column != column:
        return None
    return node


def _node(text: str) -> Any:
    """The only document of a text; None when there is none.

    Raises:
        YAMLError: it is no YAML.
    """
    return Parser(text).get_single_node()


def _with(tree: Tree, way: tuple[str, ...], value: Json) -> Tree:
    """A tree with another value, that shares all that is beside the way to it."""
    if not way:
        assert isinstance(value, dict)  # noqa: S101  # the mapping itself is the document
        return value
    below = tree[way[0]]
    assert isinstance(below, dict)  # noqa: S101  # the way leads through mappings
    return {**tree, way[0]: value if len(way) == 1 else _with(below, way[1:], value)}


def _inside(value: Json) -> int:
    """How many values are inside of one, keys included."""
    if isinstance(value, dict):
        return 2 * len(value) + sum(map(_inside, value.values()))
    return len(value) + sum(map(_inside, value)) if isinstance(value, list) else 0


def _alike(one: str, other: str) -> int:
    """How many characters both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _alike_behind(one: str, other: str, before: int) -> int:
    """How many characters both end with, of those that are not among the first ones."""
    low, high = 0, min(len(one), len(other)) - before
    while low < high:
        middle = (low + high + 1) // 2
        if one[len(one) - middle : len(one) - low] == other[len(other) - middle : len(other) - low]:
            low = middle
        else:
            high = middle - 1
    return low
