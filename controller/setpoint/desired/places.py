"""From the location of a pydantic error to the part of the tree that it speaks about.

A location also names alternatives of unions (`disk → ZfsDisk → size`), which no file contains.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pydantic_core import ErrorDetails

from setpoint.desired.node import Fields, Node, Path, child, plain

_TRIED = 64
"""Ways to read a location that are tried; names that recur on the way down would make them countless."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Placed:
    """An error with the path of what it speaks about.

    Attributes:
        union: the path of the union whose alternative `label` made the error; None when no union did.
    """

    error: ErrorDetails
    path: Path
    union: Path | None = None
    label: str | int = ""


def placed(tree: Fields, error: ErrorDetails) -> Placed:
    """Find the way down the tree that the error took."""
    location: Path = error["loc"]
    ending: Path = ()
    if error["type"] == "missing":
        location, ending = location[:-1], location[-1:]
    elif location and location[-1] == "[key]":
        location = location[:-1]
    ways = list(islice(_ways(tree, location, ()), _TRIED))
    way = next((way for way, node in ways if plain(node) == error["input"]), ways[0][0])
    path = tuple(step for step, real in zip(location, way, strict=True) if real)
    if all(way):
        return Placed(error, (*path, *ending))
    first = way.index(False)
    return Placed(error, (*path, *ending), tuple(s for s in location[:first]), location[first])


def _ways(node: Node, location: Path, taken: tuple[bool, ...]) -> Iterator[tuple[tuple[bool, ...], Node]]:
    """Every way to read a location: each step is one down the tree (True), or the label of an alternative."""
    if not location:
        yield taken, node
        return
    below = child(node, location[0])
    if below is not None:
        yield from _ways(below, location[1:], (*taken, True))
    if isinstance(location[0], str):
        yield from _ways(node, location[1:], (*taken, False))
    elif below is None:
        yield (*taken, *(False for _ in location)), node


def furthest(errors: Sequence[Placed]) -> list[Placed]:
    """Without the alternatives of a union that do not fit at all, where another fits but for its details."""
    fitting: dict[Path, dict[str | int, bool]] = {}
    for error in errors:
        if error.union is not None:
            labels = fitting.setdefault(error.union, {})
            labels[error.label] = labels.get(error.label, True) and len(error.path) > len(error.union)
    return [
        error
        for error in errors
        if error.union is None or fitting[error.union][error.label] or not any(fitting[error.union].values())
    ]


def rendered(path: Path) -> str:
    """`spec.disks[0].size`; a name with other characters is shown in brackets: `spec.sizes["a/b"]`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text
