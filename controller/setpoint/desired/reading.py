"""Reads the files of one version, and of those of the version before only what changed; nothing here links them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from setpoint.desired.drafts import Piece
from setpoint.desired.files import is_declaration
from setpoint.desired.layers import Folder, Layer, folder_of, folders_above, is_layer, read_folder
from setpoint.desired.swift import read_piece
from setpoint.model.key import Key
from setpoint.model.kind import Kind


@dataclass(frozen=True)
class Reading:
    """What the files of one version say, each by itself. A value: the next version is made beside it.

    Attributes:
        files: everything that was given.
        defaults: by the path of the file that holds them.
        folders: by folder, whose defaults they are.
        pieces: by path, in the order of paths.
        owners: the files that declare a key, one entry for each time that they do, in the order of paths.
    """

    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    defaults: Mapping[str, Folder] = field(default_factory=dict[str, Folder])
    folders: Mapping[str, Folder] = field(default_factory=dict[str, Folder])
    pieces: Mapping[str, Piece] = field(default_factory=dict[str, Piece])
    owners: Mapping[Key, tuple[str, ...]] = field(default_factory=dict[Key, tuple[str, ...]])


def read_again(before: Reading, files: Mapping[str, bytes], kinds: Mapping[str, Kind[Any, Any]]) -> Reading:
    """What `files` say, given what those of the version before said."""
    known = before.files
    touched = [path for path, content in files.items() if known.get(path) != content]
    touched += known.keys() - files.keys()
    touched = [path for path in touched if is_declaration(path)]
    if not touched:
        return before
    defaults, folders = _defaults(before, files, [path for path in touched if is_layer(path)], kinds)
    stale = {path for path in touched if not is_layer(path)}
    stale |= _below({folder_of(path) for path in touched if is_layer(path)}, before.pieces)
    reader = _PieceReader(folders, kinds)
    fresh = {path: reader.read(path, files[path]) for path in sorted(stale) if path in files}
    return Reading(
        files=dict(files),
        defaults=defaults,
        folders=folders,
        pieces=_replaced(before.pieces, stale, fresh),
        owners=_owners(before, stale, fresh),
    )


def _defaults(
    before: Reading, files: Mapping[str, bytes], touched: Iterable[str], kinds: Mapping[str, Kind[Any, Any]]
) -> tuple[Mapping[str, Folder], Mapping[str, Folder]]:
    defaults = dict(before.defaults)
    for path in touched:
        defaults.pop(path, None)
        if path in files:
            defaults[path] = read_folder(path, files[path], kinds)
    folders: dict[str, Folder] = {}
    for path in sorted(defaults):
        name = folder_of(path)
        folders[name] = folders[name].beside(defaults[path]) if name in folders else defaults[path]
    return defaults, folders


def _below(folders: set[str], paths: Iterable[str]) -> set[str]:
    """The files that get the defaults of some folders."""
    if not folders:
        return set()
    beginnings = tuple(folders)
    return {path for path in paths if "/" in folders or path.startswith(beginnings)}


class _PieceReader:
    """Reads declarations over the layers of their folders; neighbours share one tuple of layers."""

    def __init__(self, folders: Mapping[str, Folder], kinds: Mapping[str, Kind[Any, Any]]) -> None:
        self._folders = folders
        self._kinds = kinds
        self._layers: dict[str, tuple[Layer, ...] | None] = {}

    def read(self, path: str, content: bytes) -> Piece:
        folder = path.rpartition("/")[0]
        if folder not in self._layers:
            self._layers[folder] = self._above(path)
        return read_piece(path, content, self._layers[folder], self._kinds)

    def _above(self, path: str) -> tuple[Layer, ...] | None:
        """The layers above a file, lowest first; None when some of them are bad."""
        above = [self._folders[name] for name in folders_above(path) if name in self._folders]
        if any(folder.problems for folder in above):
            return None
        return tuple(layer for folder in above for layer in folder.layers)


def _replaced(
    pieces: Mapping[str, Piece], stale: Iterable[str], fresh: Mapping[str, Piece]
) -> Mapping[str, Piece]:
    found = {**pieces, **fresh}
    for path in stale:
        if path not in fresh:
            found.pop(path, None)
    return found if fresh.keys() <= pieces.keys() else {path: found[path] for path in sorted(found)}


def _owners(
    before: Reading, stale: Iterable[str], fresh: Mapping[str, Piece]
) -> Mapping[Key, tuple[str, ...]]:
    """The same mapping when nobody comes, goes or moves, so that whoever depends on names sees it at once."""
    nothing = Piece()
    then = [(key, path) for path in stale for key, _ in before.pieces.get(path, nothing).declared]
    now = [(key, path) for path in stale for key, _ in fresh.get(path, nothing).declared]
    if then == now:
        return before.owners
    owners = dict(before.owners)
    for key, path in then:
        left = [*owners[key]]
        left.remove(path)
        owners[key] = tuple(left)
    for key, path in now:
        owners[key] = tuple(sorted((*owners.get(key, ()), path)))
    for key, _ in then:
        if not owners.get(key, (key,)):
            del owners[key]
    return owners
