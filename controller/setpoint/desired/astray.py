"""What overlays say about resources that are not there: patches for nobody, and folders that hold nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from posixpath import relpath

from setpoint.desired.drafts import Piece
from setpoint.desired.files import is_sheet
from setpoint.desired.layers import EVERY, Layer
from setpoint.desired.overlay import Overlay
from setpoint.desired.reading import Reading
from setpoint.desired.suggest import remedy as suggestion
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key


def astray(reading: Reading) -> list[tuple[str, DeclarationProblem]]:
    """Each such mistake with the folder of the overlay that makes it."""
    if not reading.overlays.ordered:
        return []
    bad = {name for name, folder in reading.folders.items() if folder.problems}
    pieces: defaultdict[str, list[Piece]] = defaultdict(list)
    copied, unsure = set[str](), set[str]()
    for name, unit in reading.units.items():
        pieces[unit.through[-1]].append(reading.pieces[name])
        if unit.copied:
            copied.add(unit.through[-1])
        if bad and not bad.isdisjoint(reading.overlays.folders(unit)):
            unsure.add(unit.through[-1])
    found: list[tuple[str, DeclarationProblem]] = []
    for folder, overlay in reading.overlays.by_folder.items():
        if overlay.problems or not reading.overlays.whole(folder):
            continue
        if overlay.over is not None and folder not in copied:
            found.append((folder, _nothing(reading, overlay, overlay.over)))
        elif folder not in unsure and not any(piece.problems or piece.hides for piece in pieces[folder]):
            found.extend((folder, problem) for problem in _unmet(overlay, pieces[folder]))
    return found


def _nothing(reading: Reading, overlay: Overlay, over: str) -> DeclarationProblem:
    """The folder that an overlay is laid over holds no manifest."""
    folders = {name[: name.rfind("/") + 1] for name in reading.pieces if not is_sheet(name)}
    templates = {one.folder for one in reading.overlays.by_folder.values()}
    known = sorted((folders | templates) - {"", overlay.folder})
    here = overlay.folder or "."
    remedy = suggestion(
        relpath(over, here), (relpath(folder, here) for folder in known), otherwise="the folders are"
    )
    what = f"there is no manifest in {over.rstrip('/')}"
    return DeclarationProblem(overlay.over_at or overlay.origin, what, remedy, "over")


def _unmet(overlay: Overlay, pieces: list[Piece]) -> Iterator[DeclarationProblem]:
    """What is for nobody among all that the overlay declares."""
    fitted = {origin for piece in pieces for origin in piece.fitted}
    keys = [key for piece in pieces for key, _ in piece.declared]
    for index, patch in enumerate(overlay.patches):
        if patch.given.origin not in fitted:
            what, remedy = _unfit(patch, keys, overlay)
            yield DeclarationProblem(patch.given.origin, what, remedy, f"patches[{index}]")
    for index, one in enumerate(overlay.without):
        if one.origin not in fitted:
            names = [key.name for key in keys if key.kind == one.kind]
            what = f"there is no {one.kind} '{one.name}' to leave out"
            yield DeclarationProblem(one.origin, what, suggestion(one.name, names), f"without[{index}]")


def _unfit(patch: Layer, keys: list[Key], overlay: Overlay) -> tuple[str, str]:
    kind = "resource" if patch.kind == EVERY else patch.kind
    names = [key.name for key in keys if patch.kind in (EVERY, key.kind)]
    if patch.name is not None and patch.name not in names:
        what = f"this is for nobody: {overlay.namespace} has no {kind} '{patch.name}'"
        return what, suggestion(patch.name, names) or "remove it"
    if patch.labels:
        labels = ", ".join(f"{name}={value}" for name, value in patch.labels.items())
        return (
            f"this is for nobody: no {kind} of {overlay.namespace} bears {labels}",
            "correct the labels, or remove it",
        )
    return f"this is for nobody: {overlay.namespace} has no {kind}", "correct the kind, or remove it"
