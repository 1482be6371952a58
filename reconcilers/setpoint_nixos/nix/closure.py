"""What two systems differ in, as a person reads it: rows of packages, from the paths that each needs and their sizes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Final

_HASH: Final = len("/nix/store/") + 33
"""Characters before the name in a store path."""
_VERSION: Final = re.compile(r"(?P<name>.*?)-(?P<version>[^A-Za-z].*)")
_OUTPUT: Final = re.compile(r"(?P<version>.*)-(?:[a-z]+|lib32|lib64)")
_WORTH: Final = 8 << 10
"""Bytes below which a package that only grew is not worth telling."""

Closure = Mapping[str, int]
"""Each path that a system needs, itself included, with its bytes."""


@dataclass(frozen=True)
class Row:
    """A package that changed.

    Attributes:
        before: its versions, empty texts for those without one; none when it was not there.
        after: the same of what follows; none when it is gone.
        size: bytes that it grew by.
    """

    name: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    size: int

    def __str__(self) -> str:
        return ", ".join(part for part in (self._changed(), self.grown) if part)

    def _changed(self) -> str:
        before, after = (
            ", ".join(version or "without version" for version in side) for side in (self.before, self.after)
        )
        if self.before == self.after:
            return self.name
        return (
            f"{self.name} {before} → {after}"
            if before and after
            else f"{self.name} {before or after} is {'new' if after else 'gone'}"
        )

    @property
    def grown(self) -> str:
        """How much it grew, for people; empty when that is not worth telling."""
        return f"{self.size / (1 << 20):+.1f} MiB" if abs(self.size) >= _WORTH else ""


def rows(before: Closure, after: Closure) -> tuple[Row, ...]:
    """What changed: first what has another version, is new or gone, then what only grew; each by name.

    A package whose content alone changed is in none, like a change of mere configuration.
    """
    old, new = _packages(before), _packages(after)
    found: list[Row] = []
    for name in sorted(old.keys() | new.keys()):
        left, right = old.get(name, {}), new.get(name, {})
        size = sum(right.values()) - sum(left.values())
        row = Row(name, _versions(left), _versions(right), size)
        if row.before != row.after or row.grown:
            found.append(row)
    return tuple(sorted(found, key=lambda row: (row.before == row.after, row.name)))


def sized(text: str) -> Closure:
    """What a command tells that prints all paths, and then the sizes of all, a line each.

    Raises:
        ValueError: it told something else.
    """
    lines = text.split()
    paths, sizes = lines[: len(lines) // 2], lines[len(lines) // 2 :]
    return dict(zip(paths, map(int, sizes), strict=True))


def _packages(closure: Closure) -> Mapping[str, Mapping[str, int]]:
    """The paths of each package, each with its bytes."""

    def name(path: str) -> str:
        return _parted(path)[0]

    grouped = groupby(sorted(closure, key=name), name)
    return {name: {path: closure[path] for path in paths} for name, paths in grouped}


def _versions(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({_parted(path)[1] for path in paths}))


def _parted(path: str) -> tuple[str, str]:
    """Name and version, as Nix parts them: a version begins with no letter, and an output's name is no part of it."""
    match = _VERSION.fullmatch(path[_HASH:])
    if match is None:
        return path[_HASH:], ""
    output = _OUTPUT.fullmatch(match["version"])
    return match["name"], output["version"] if output is not None else match["version"]
