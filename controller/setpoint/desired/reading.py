"""Reads the files of one version, and of those of the version before only what changed; nothing here links them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from setpoint.desired.drafts import Piece
from setpoint.desired.files import is_declaration, is_sheet, is_table
from setpoint.desired.layers import Folder, Stack, folder_of, is_layer, read_folder
from setpoint.desired.overlay import Overlay, is_overlay, read_overlay
from setpoint.desired.overlays import Overlays, Unit, arranged
from setpoint.desired.sheet import Sheets, no_sheets
from setpoint.desired.sheets import SheetIndex, judged, key_of
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
        laid: what an `overlay.yaml` says, by its path.
        overlays: the same, each among the others.
        pieces: by the name of the unit, which for a plain file is its path, in the order of names.
        units: by name, those that an overlay declares.
        tables: the CSV files.
        sheets: what inventories declare.
        disputed: the units of manifests that are at odds with a sheet below.
        owners: the units that declare a key, one entry for each time that they do, in the order of names.
    """

    files: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    defaults: Mapping[str, Folder] = field(default_factory=dict[str, Folder])
    folders: Mapping[str, Folder] = field(default_factory=dict[str, Folder])
    laid: Mapping[str, Overlay] = field(default_factory=dict[str, Overlay])
    overlays: Overlays = field(default_factory=Overlays)
    pieces: Mapping[str, Piece] = field(default_factory=dict[str, Piece])
    units: Mapping[str, Unit] = field(default_factory=dict[str, Unit])
    tables: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    sheets: SheetIndex = field(default_factory=SheetIndex)
    disputed: frozenset[str] = frozenset()
    owners: Mapping[Key, tuple[str, ...]] = field(default_factory=dict[Key, tuple[str, ...]])

    def unit(self, name: str) -> Unit:
        """The unit of a piece."""
        return self.units.get(name) or Unit(name)


def read_again(before: Reading, files: Mapping[str, bytes], kinds: Mapping[str, Kind[Any, Any]]) -> Reading:
    """What `files` say, given what those of the version before said."""
    known = before.files
    touched = [path for path, content in files.items() if known.get(path) != content]
    touched += known.keys() - files.keys()
    touched = [path for path in touched if is_declaration(path)]
    if not touched:
        return before
    defaults, folders = _defaults(before, files, [path for path in touched if is_layer(path)], kinds)
    laid, overlays = _laid(before, files, [path for path in touched if is_overlay(path)], kinds)
    asked = {path for path in touched if is_table(path)}
    tables = {path: text for path, text in before.tables.items() if path not in asked}
    tables |= {path: files[path] for path in asked if path in files}
    stale, now = _concerned(before, files, touched, overlays)
    made = [path for path in touched if is_sheet(path)]
    anew = _read(before, files, made, stale, now, _PieceReader(folders, overlays, tables, kinds))
    kept = {name: unit for name, unit in before.units.items() if name not in anew.stale}
    return Reading(
        files=dict(files),
        defaults=defaults,
        folders=folders,
        laid=laid,
        overlays=overlays,
        pieces=_replaced(before.pieces, anew.stale, anew.pieces),
        units={**kept, **{name: unit for name, unit in anew.units.items() if unit.through}}
        if overlays.ordered
        else {},
        tables=tables,
        sheets=anew.sheets,
        disputed=_disputed(before.disputed, anew.stale, anew.pieces),
        owners=anew.owners,
    )


def _concerned(
    before: Reading, files: Mapping[str, bytes], touched: Collection[str], overlays: Overlays
) -> tuple[dict[str, Unit], dict[str, Unit]]:
    """What is to be read anew: as it was before, and as it is now."""
    manifests = {path for path in touched if is_manifest(path)}
    asked = {path for path in touched if is_table(path)}
    stale = {unit.name: unit for path in manifests for unit in before.overlays.units_of(path)}
    stale |= _below({folder_of(path) for path in touched if is_layer(path)}, before)
    if asked:
        stale |= {
            name: before.unit(name)
            for name, piece in before.pieces.items()
            if not asked.isdisjoint(piece.tables)
        }
    if overlays is not before.overlays:
        stale |= _laid_otherwise(before, files, overlays)
    paths = manifests.union(unit.path for unit in stale.values())
    units = (unit for path in paths if path in files for unit in overlays.units_of(path))
    return stale, {unit.name: unit for unit in units if unit.name in stale or unit.path in manifests}


@dataclass(frozen=True)
class _Anew:
    """What was read anew.

    Attributes:
        stale: the names of what is not as before.
        units: manifests that were read.
        pieces: what is in the place of what is stale.
    """

    stale: frozenset[str]
    units: Mapping[str, Unit]
    pieces: Mapping[str, Piece]
    sheets: SheetIndex
    owners: Mapping[Key, tuple[str, ...]]


def _read(
    before: Reading,
    files: Mapping[str, bytes],
    touched: Iterable[str],
    stale: Mapping[str, Unit],
    now: Mapping[str, Unit],
    reader: _PieceReader,
) -> _Anew:
    """Read the sheets, then the manifests, which may lie above them, and tell which sheets lie below any."""
    made = {path for path in (*stale, *now) if is_sheet(path)}
    said = {path: reader.sheet(path, files[path]) for path in sorted(made & now.keys())}
    sheets = before.sheets.again(made, said)
    units = {name: unit for name, unit in now.items() if name not in made}
    units |= _above(before, sheets, touched, stale.keys())
    below = partial(sheets.below, files=files)
    fresh = {name: reader.read(units[name], files[units[name].path], below) for name in sorted(units)}
    manifests = (stale.keys() | units.keys()) - made
    owners = _owners(before.owners, before.pieces, manifests, fresh)
    turned = {path for key in _keys(before, manifests, fresh) for path in sheets.paths.get(key, ())}
    turned |= made & sheets.pieces.keys()
    fresh |= sheets.among(owners, turned, files)
    owners = _owners(owners, before.pieces, turned | made, fresh)
    return _Anew(frozenset((*manifests, *turned, *made)), units, fresh, sheets, owners)


def is_manifest(path: str) -> bool:
    """Whether a declaration declares resources, and is not about others."""
    return not is_layer(path) and not is_overlay(path) and not is_table(path)


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


def _laid(
    before: Reading, files: Mapping[str, bytes], touched: list[str], kinds: Mapping[str, Kind[Any, Any]]
) -> tuple[Mapping[str, Overlay], Overlays]:
    """The overlays; the same ones when none was touched."""
    if not touched:
        return before.laid, before.overlays
    laid = dict(before.laid)
    for path in touched:
        laid.pop(path, None)
        if path in files:
            laid[path] = read_overlay(path, files[path], kinds)
    return laid, arranged(laid)


def _laid_otherwise(before: Reading, files: Iterable[str], overlays: Overlays) -> dict[str, Unit]:
    """The units that come or go with overlays, or go through one that says something else than before."""
    manifests = (path for path in files if is_declaration(path) and is_manifest(path))
    now = {unit.name: unit for path in manifests for unit in overlays.units_of(path)}
    former, current = before.overlays.by_folder, overlays.by_folder
    every = former.keys() | current.keys()
    changed = {folder for folder in every if former.get(folder) != current.get(folder)}
    found = {name: before.unit(name) for name in before.pieces.keys() - now.keys()}
    return found | {
        name: unit
        for name, unit in now.items()
        if name not in before.pieces or before.unit(name) != unit or not changed.isdisjoint(unit.through)
    }


def _below(folders: set[str], before: Reading) -> dict[str, Unit]:
    """What gets the defaults of some folders."""
    if not folders:
        return {}
    beginnings = tuple(folders)
    found = [path for path in before.pieces if "/" in folders or path.startswith(beginnings)]
    found += [
        name for name, unit in before.units.items() if not folders.isdisjoint(before.overlays.folders(unit))
    ]
    return {name: before.unit(name) for name in found}


class _PieceReader:
    """Reads declarations with what they get from around them; neighbours share it."""

    def __init__(
        self,
        folders: Mapping[str, Folder],
        overlays: Overlays,
        tables: Mapping[str, bytes],
        kinds: Mapping[str, Kind[Any, Any]],
    ) -> None:
        self._folders = folders
        self._overlays = overlays
        self._tables = tables
        self._kinds = kinds
        self._stacks: dict[tuple[str, tuple[str, ...]], Stack] = {}

    def sheet(self, path: str, content: bytes) -> Piece:
        """What a sheet declares by itself."""
        return judged(path, content, self.read(Unit(path), content, no_sheets))

    def read(self, unit: Unit, content: bytes, sheets: Sheets) -> Piece:
        place = unit.path.rpartition("/")[0], unit.through
        if place not in self._stacks:
            self._stacks[place] = self._around(unit)
        return read_piece(unit.path, content, self._stacks[place], self._kinds, self._tables, sheets)

    def _around(self, unit: Unit) -> Stack:
        overlays = self._overlays
        around = [self._folders[name] for name in overlays.folders(unit) if name in self._folders]
        if any(folder.problems for folder in around) or not overlays.sound(unit):
            return Stack(None, home=overlays.home(unit))
        below = tuple(layer for folder in around for layer in folder.layers)
        return Stack(below, overlays.patches(unit), overlays.home(unit))


def _replaced(
    pieces: Mapping[str, Piece], stale: Iterable[str], fresh: Mapping[str, Piece]
) -> Mapping[str, Piece]:
    found = {**pieces, **fresh}
    for path in stale:
        if path not in fresh:
            found.pop(path, None)
    return found if fresh.keys() <= pieces.keys() else {path: found[path] for path in sorted(found)}


def _above(
    before: Reading, sheets: SheetIndex, touched: Iterable[str], stale: Collection[str]
) -> dict[str, Unit]:
    """The manifests, not stale already, that lie above sheets that come, go or say something else."""
    keys = {key_of(index.pieces.get(path)) for path in touched for index in (before.sheets, sheets)}
    names = (name for key in keys if key is not None for name in before.owners.get(key, ()))
    return {name: before.unit(name) for name in names if not is_sheet(name) and name not in stale}


def _disputed(before: frozenset[str], stale: Collection[str], fresh: Mapping[str, Piece]) -> frozenset[str]:
    found = {name for name, piece in fresh.items() if piece.disputed}
    return before if before.isdisjoint(stale) and not found else before.difference(stale) | found


def _keys(before: Reading, names: Iterable[str], fresh: Mapping[str, Piece]) -> Iterator[Key]:
    """What some manifests declared before, and declare now."""
    for name in names:
        for piece in (before.pieces.get(name), fresh.get(name)):
            yield from (key for key, _ in (piece.declared if piece is not None else ()))


def _owners(
    before: Mapping[Key, tuple[str, ...]],
    pieces: Mapping[str, Piece],
    stale: Collection[str],
    fresh: Mapping[str, Piece],
) -> Mapping[Key, tuple[str, ...]]:
    """The same mapping when nobody comes, goes or moves, so that whoever depends on names sees it at once.

    Args:
        before: as it was, with what `pieces` declare that are stale.
        pieces: of before.
        stale: the names of those that are to be replaced.
        fresh: what is in their place.
    """
    nothing = Piece()
    then = [(key, path) for path in stale for key, _ in pieces.get(path, nothing).declared]
    now = [(key, path) for path in stale for key, _ in fresh.get(path, nothing).declared]
    if then == now:
        return before
    owners = dict(before)
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
