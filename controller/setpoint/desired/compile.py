"""From the files of one version to the desired set: read, layer, validate, link. Nothing here waits or fails."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, MutableMapping
from typing import Any, TypeAlias

from setpoint.desired.compiled import Compiled
from setpoint.desired.drafts import Piece, read_piece
from setpoint.desired.files import is_declaration
from setpoint.desired.findings import Findings
from setpoint.desired.layers import Folder, folder_of, folders_above, is_layer, read_folder
from setpoint.model.kind import Kind

Cache: TypeAlias = MutableMapping[str, "Folder | Piece"]
"""What was read before, by a digest of all that it was made from. One cache serves one registry of kinds."""


def compile_set(
    files: Mapping[str, bytes],
    kinds: Mapping[str, Kind[Any, Any]],
    *,
    version: str,
    cache: Cache | None = None,
) -> Compiled:
    """The desired set that the files declare.

    Args:
        files: content by path relative to the root, slashes between folders; what is no declaration is passed over.
        kinds: by name.
        version: whatever names this state of the files.
        cache: kept by the caller from one version to the next; afterwards it holds what this version needs.
    """
    reading = _Reading(kinds, {} if cache is None else cache)
    paths = sorted(path for path in files if is_declaration(path))
    for path in paths:
        if is_layer(path):
            reading.folder(path, files[path])
    pieces = {path: reading.piece(path, files[path]) for path in paths if not is_layer(path)}
    reading.forget()
    bad = {name for name, folder in reading.folders.items() if folder.problems}
    found = Findings([problem for folder in reading.folders.values() for problem in folder.problems])
    for path, piece in pieces.items():
        found.take(piece, held_by=next((name for name in folders_above(path) if name in bad), None))
    return found.compiled(version, bad | {path for path, piece in pieces.items() if piece.hides})


class _Reading:
    """Reads files, or takes from the cache what was read before."""

    def __init__(self, kinds: Mapping[str, Kind[Any, Any]], cache: Cache) -> None:
        self.folders: dict[str, Folder] = {}
        self._kinds = kinds
        self._cache = cache
        self._used: dict[str, Folder | Piece] = {}
        self._digests: dict[str, str] = {}

    def folder(self, path: str, content: bytes) -> None:
        """Read the layers of a folder."""
        name = folder_of(path)
        digest = _digest(path, content)
        folder = self._cache.get(digest)
        if not isinstance(folder, Folder):
            folder = read_folder(path, content, self._kinds)
        self._used[digest] = folder
        self._digests[name] = self._digests.get(name, "") + digest
        self.folders[name] = folder if name not in self.folders else self.folders[name].beside(folder)

    def piece(self, path: str, content: bytes) -> Piece:
        """Read the declarations of a file."""
        above = [name for name in folders_above(path) if name in self.folders]
        digest = _digest(path, content, *(self._digests[name] for name in above))
        piece = self._cache.get(digest)
        if not isinstance(piece, Piece):
            whole = not any(self.folders[name].problems for name in above)
            layers = [layer for name in above for layer in self.folders[name].layers]
            piece = read_piece(path, content, layers if whole else None, self._kinds)
        self._used[digest] = piece
        return piece

    def forget(self) -> None:
        """Leave in the cache what was used, and nothing else."""
        self._cache.clear()
        self._cache.update(self._used)


def _digest(path: str, content: bytes, *above: str) -> str:
    head = "\0".join((path, *above, ""))
    return hashlib.sha256(head.encode(errors="surrogateescape") + content).hexdigest()
