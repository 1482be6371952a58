"""All sheets of a version: which declare by themselves, and which lie below a manifest of the same key."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from setpoint.desired.drafts import Piece
from setpoint.desired.files import is_sheet
from setpoint.desired.reader import read
from setpoint.desired.sets import KIND as SET
from setpoint.desired.sets import is_set
from setpoint.desired.sheet import Sheet, read_sheet
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.origin import Origin

_BELOW: Final = Piece()
"""What a sheet below a manifest amounts to itself, when nothing is wrong with it."""


@dataclass(frozen=True)
class SheetIndex:
    """The sheets of one version.

    Attributes:
        pieces: what each declares as long as no manifest does, by its path.
        paths: of the sheets that declare a key, in order.
        several: the keys that more than one declares.
    """

    pieces: Mapping[str, Piece] = field(default_factory=dict[str, Piece])
    paths: Mapping[Key, tuple[str, ...]] = field(default_factory=dict[Key, tuple[str, ...]])
    several: frozenset[Key] = frozenset()

    def again(self, stale: Collection[str], fresh: Mapping[str, Piece]) -> SheetIndex:
        """With other pieces for what is stale; the same index when none is."""
        if not stale:
            return self
        pieces = {**self.pieces, **fresh}
        for path in stale:
            if path not in fresh:
                pieces.pop(path, None)
        moves = [(path, key_of(self.pieces.get(path)), key_of(fresh.get(path))) for path in stale]
        return self._moved(pieces, [move for move in moves if move[1] != move[2]])

    def _moved(
        self, pieces: Mapping[str, Piece], moves: Collection[tuple[str, Key | None, Key | None]]
    ) -> SheetIndex:
        """With `pieces`; of some sheets, the key before and the key now."""
        if not moves:
            return replace(self, pieces=pieces)
        paths = dict(self.paths)
        for path, then, now in moves:
            if then is not None:
                left = tuple(one for one in paths.pop(then) if one != path)
                paths |= {then: left} if left else {}
            if now is not None:
                paths[now] = tuple(sorted((*paths.get(now, ()), path)))
        concerned = {key for _, *keys in moves for key in keys if key is not None}
        several = {key for key in concerned if len(paths.get(key, ())) > 1}
        return SheetIndex(pieces, paths, self.several - concerned | several)

    def below(self, key: Key, files: Mapping[str, bytes]) -> tuple[Sheet, ...]:
        """The sheets of a key, as they lie below its manifest."""
        return tuple(read_sheet(path, files[path]) for path in self.paths.get(key, ()))

    def among(
        self, owners: Mapping[Key, Iterable[str]], paths: Iterable[str], files: Mapping[str, bytes]
    ) -> Mapping[str, Piece]:
        """What some of them amount to beside the manifests; `owners` are the units that declare a key."""
        found: dict[str, Piece] = {}
        for path in paths:
            piece = self.pieces[path]
            key = key_of(piece)
            if key is None or all(is_sheet(name) for name in owners.get(key, ())):
                found[path] = piece
            else:
                problems = read_sheet(path, files[path]).problems if piece.problems else ()
                found[path] = Piece(problems=problems) if problems else _BELOW
        return found


def key_of(piece: Piece | None) -> Key | None:
    """Who a sheet declares, if that can be told; what that makes beside itself comes behind it."""
    return piece.declared[0][0] if piece is not None and piece.declared else None


def judged(path: str, content: bytes, piece: Piece) -> Piece:
    """What a sheet declares by itself: it has to be one manifest."""
    # What a set makes depends on how many rows it has, and maybe on another file.
    if len(piece.declared) == 1 and not piece.problems and not piece.tables and SET.encode() not in content:
        return piece
    documents = read(path, content).documents
    if len(documents) < 2 and not piece.tables and not any(is_set(document.root) for document in documents):  # noqa: PLR2004  # one is right
        return piece
    what, remedy = "a sheet is one manifest", "let the inventory make one sheet for each resource"
    problem = DeclarationProblem(Origin(path), what, remedy)
    return Piece(problems=(problem,), hides=True, tables=piece.tables)
