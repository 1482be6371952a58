"""Which manifests are declared through which overlays: a file can be declared by itself, and once more by each overlay over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from setpoint.desired.files import is_sheet
from setpoint.desired.home import Home
from setpoint.desired.layers import Layer, folders_above
from setpoint.desired.overlay import Overlay
from setpoint.model.errors import DeclarationProblem


@dataclass(frozen=True, slots=True)
class Unit:
    """One way in which a file is declared.

    Attributes:
        through: the folders of the overlays, the one that it lies in or that copies it first; none for a plain file.
    """

    path: str
    through: tuple[str, ...] = ()
    copied: bool = False

    @property
    def name(self) -> str:
        """The path of the file; of a copy, where it is copied to as well."""
        return f"{self.path} in {' in '.join(self.through)}" if self.copied else self.path


@dataclass(frozen=True)
class Overlays:
    """All overlays of a version, each as it is among the others.

    Attributes:
        by_folder: every one that could be read at all, with the mistakes that only the others make one.
        ordered: the folders, deepest first.
    """

    by_folder: Mapping[str, Overlay] = field(default_factory=dict[str, Overlay])
    ordered: tuple[str, ...] = ()

    def realm(self, path: str) -> Overlay | None:
        """The overlay in whose folder a file lies."""
        found = next((folder for folder in self.ordered if path.startswith(folder)), None)
        return None if found is None else self.by_folder[found]

    def units_of(self, path: str) -> Iterator[Unit]:
        """Every way in which a file is declared; a sheet lies in no folder, so no overlay is about it."""
        realm = self.realm(path) if self.ordered else None
        if is_sheet(path):
            yield Unit(path)
        elif realm is None:
            yield Unit(path)
            yield from self._copies(Unit(path), None)
        elif realm.template:
            yield from self._copies(Unit(path), realm)
        elif realm.complete:
            yield Unit(path, (realm.folder,))
            yield from self._copies(Unit(path, (realm.folder,)), realm)

    def _copies(self, unit: Unit, realm: Overlay | None) -> Iterator[Unit]:
        """The ways through overlays over a folder of `realm` in which the file lies, and over those."""
        for overlay in self.by_folder.values():
            if overlay.over is None or not overlay.complete or overlay.folder in unit.through:
                continue
            if realm is None or realm.template:
                fits = unit.path.startswith(overlay.over) and self.realm(overlay.over) is realm
            else:
                fits = overlay.over == realm.folder
            if fits:
                copy = Unit(unit.path, (*unit.through, overlay.folder), copied=True)
                yield copy
                yield from self._copies(copy, overlay)

    def folders(self, unit: Unit) -> tuple[str, ...]:
        """The folders whose defaults reach it, lowest first: those of the file, then those of where it is copied to."""
        found = dict.fromkeys(folders_above(unit.path))
        path = unit.path
        for folder in unit.through:
            over = self.by_folder[folder].over
            if over is not None and not path.startswith(folder):
                path = folder + path.removeprefix(over)
                found.update(dict.fromkeys(folders_above(path)))
        return tuple(found)

    def sound(self, unit: Unit) -> bool:
        """Whether all overlays on its way are valid."""
        return not any(self.by_folder[folder].problems for folder in unit.through)

    def whole(self, folder: str) -> bool:
        """Whether an overlay and all that it is laid over are valid."""
        overlay = self.by_folder.get(folder)
        seen = set[str]()
        while overlay is not None and overlay.folder not in seen:
            if overlay.problems:
                return False
            seen.add(overlay.folder)
            overlay = self.by_folder.get(overlay.over) if overlay.over is not None else None
        return True

    def patches(self, unit: Unit) -> tuple[Layer, ...]:
        """What its overlays patch, lowest first."""
        return tuple(patch for folder in unit.through for patch in self.by_folder[folder].patches)

    def home(self, unit: Unit) -> Home | None:
        """Where it is declared; None for a plain file."""
        if not unit.through:
            return None
        *before, last = (self.by_folder[folder] for folder in unit.through)
        copying = (way for way in (*before, last) if not unit.path.startswith(way.folder))
        return Home(
            through=tuple(way.path for way in (*before, last)),
            folder=last.folder,
            namespace=last.namespace,
            origin=last.namespace_at or last.origin,
            formerly=last.formerly,
            formerly_at=last.formerly_at or last.origin,
            own=not unit.copied,
            former=frozenset(overlay.namespace for overlay in before) - {last.namespace},
            without=tuple(one for way in copying for one in way.without),
        )


def arranged(overlays: Mapping[str, Overlay]) -> Overlays:
    """What overlays, by their paths, are among one another."""
    found: dict[str, Overlay] = {}
    for path in sorted(overlays):
        overlay = overlays[path]
        first = found.get(overlay.folder)
        found[overlay.folder] = (
            overlay if first is None else replace(first, problems=first.problems + overlay.problems)
        )
    ordered = tuple(sorted(found, key=len, reverse=True))
    among = Overlays(found, ordered)
    judged = {folder: _judged(overlay, among) for folder, overlay in found.items()}
    return Overlays(judged, ordered)


def _judged(overlay: Overlay, among: Overlays) -> Overlay:
    """With what is wrong only because of the others."""
    if overlay.over is None:
        return overlay
    over, realm = overlay.over, among.realm(overlay.over)
    inner = next((one for one in among.ordered if one.startswith(over) and one != over), None)
    shown = over.rstrip("/")
    if inner is not None:
        what = f"{shown} holds {among.by_folder[inner].path}, which is an overlay of its own"
        return _also(overlay, what, "name a folder without one, or move that one out of it")
    if realm is not None and not realm.template and realm.folder != over:
        what = f"{shown} is a part of what {realm.path} declares"
        return _also(overlay, what, f"name all of it, {realm.folder.rstrip('/') or 'which is everything'}")
    if circle := _circle(overlay, among):
        what = f"these are laid over one another in a circle: {' → '.join(circle)}"
        return _also(overlay, what, "lay one of them over nothing")
    return overlay


def _also(overlay: Overlay, what: str, remedy: str) -> Overlay:
    problem = DeclarationProblem(overlay.over_at or overlay.origin, what, remedy, "over")
    return replace(overlay, problems=(*overlay.problems, problem))


def _circle(overlay: Overlay, among: Overlays) -> tuple[str, ...]:
    """The way from an overlay over others to itself; empty when there is none."""
    way = [overlay.path]
    below = among.by_folder.get(overlay.over) if overlay.over is not None else None
    while below is not None and below.path not in way:
        way.append(below.path)
        below = among.by_folder.get(below.over) if below.over is not None else None
    return (*way, overlay.path) if below is not None and below.path == overlay.path else ()
