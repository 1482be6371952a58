"""Puts the pieces of all files together: who is declared twice, who waits for what, what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from setpoint.desired.astray import astray
from setpoint.desired.compiled import Compiled
from setpoint.desired.drafts import Draft, Piece
from setpoint.desired.files import inventory_of, is_sheet
from setpoint.desired.graph import Links, link
from setpoint.desired.reading import Reading
from setpoint.desired.remarks import remark
from setpoint.model.conflict import Conflict
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.origin import Origin


def assemble(version: str, reading: Reading, before: Links) -> tuple[Compiled, Links]:
    """The desired set, and how it is linked, given how the version before was."""
    return _Findings(reading).compiled(version, before)


class _Findings:
    """What is known of a set beyond its single files."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._pieces = [*reading.pieces.values()]
        self._bad = frozenset(name for name, folder in reading.folders.items() if folder.problems)
        self._problems = [problem for folder in reading.folders.values() for problem in folder.problems]
        self._problems.extend(problem for piece in self._pieces for problem in piece.problems)
        self._left_behind: dict[Key, Draft] = {}
        self._left: dict[Key, DeclarationProblem] = {}
        lost = astray(reading)
        self._astray = frozenset(folder for folder, _ in lost)
        self._problems.extend(problem for _, problem in lost)
        overlays = reading.overlays.by_folder.values()
        self._problems.extend(problem for overlay in overlays for problem in overlay.problems)
        self._wrong = self._astray.union(overlay.folder for overlay in overlays if overlay.problems)

    def compiled(self, version: str, before: Links) -> tuple[Compiled, Links]:
        """Link what is valid in itself, and say what is left out."""
        hiding = (
            self._reading.unit(name).path for name, piece in self._reading.pieces.items() if piece.hides
        )
        unreadable = frozenset((*self._bad, *hiding, *(folder or "/" for folder in self._wrong)))
        drafts = self._drafts()
        wishes = [wish for piece in self._pieces for wish in piece.wishes]
        linked, links = link(drafts, wishes, self._reading.owners, unreadable, before)
        problems = {self._remarked(problem) for problem in (*self._problems, *linked.problems)}
        compiled = Compiled(
            version=version,
            resources=linked.resources,
            problems=tuple(sorted(problems, key=lambda p: (p.origin, p.field, p.what, p.remedy))),
            tainted=unreadable,
            broken=self._broken(linked.resources),
            suspended={
                key: self._remarked(problem) for key, problem in {**self._held(), **linked.suspended}.items()
            },
            sheets=self._reading.sheets.pieces.keys(),
            conflicts=self._conflicts(linked.resources),
        )
        return compiled, links

    def _remarked(self, problem: DeclarationProblem) -> DeclarationProblem:
        """With what the value was made of, where an inventory has it from elsewhere."""
        content = self._reading.files.get(problem.origin.path, b"")
        said = remark(problem.origin, content)
        return replace(problem, what=f"{problem.what} ({said})") if said else problem

    def _drafts(self) -> list[Draft]:
        """What is valid in itself and declared once, without moves that cannot be."""
        owners = self._reading.owners
        twice = {key for key, paths in owners.items() if len(paths) > 1}
        several = self._reading.sheets.several
        self._problems.extend(
            self._duplicates(
                key for key in twice if key not in several or not all(map(is_sheet, owners[key]))
            )
        )
        self._problems.extend(self._same_sheets())
        drafts = [draft for piece in self._valid() for draft in piece.drafts]
        if twice:
            drafts = [draft for draft in drafts if draft.key not in twice]
        if any(draft.formerly is not None for draft in drafts):
            drafts = [*self._unique_moves(draft for draft in drafts if not self._is_no_move(draft))]
        if self._left_behind:
            drafts = [draft for draft in drafts if not self._is_left_behind(draft)]
        return drafts

    def _valid(self) -> Iterable[Piece]:
        """The pieces but those whose overlays are at fault for what is not there."""
        if not self._astray:
            return self._pieces
        units = self._reading.units
        return (
            piece
            for name, piece in self._reading.pieces.items()
            if name not in units or self._astray.isdisjoint(units[name].through)
        )

    def _held(self) -> Mapping[Key, DeclarationProblem]:
        """What gets something that is not valid, and why; of a key that is declared twice, the last place counts."""
        held: dict[Key, DeclarationProblem] = {}
        overlays = self._reading.overlays
        if self._bad or self._wrong:
            for name, piece in self._reading.pieces.items():
                unit = self._reading.unit(name)
                folder = next((name for name in overlays.folders(unit) if name in self._bad), None)
                file = f"{folder.lstrip('/')}defaults.yaml" if folder is not None else ""
                what = f"gets defaults from {file}, which is not valid"
                laid = next((folder for folder in unit.through if folder in self._wrong), None)
                if laid is not None:
                    file = overlays.by_folder[laid].path
                    what = f"is declared through {file}, which is not valid"
                if file:
                    for key, origin in piece.declared:
                        held[key] = DeclarationProblem(origin, what, f"mend {file} first")
        held.update(self._left)
        held.update(one for piece in self._disputed() for one in piece.held)
        return held

    def _disputed(self) -> Iterator[Piece]:
        """What is at odds with sheets."""
        return (self._reading.pieces[name] for name in sorted(self._reading.disputed))

    def _conflicts(self, valid: Mapping[Key, object]) -> Mapping[Key, tuple[Conflict, ...]]:
        """What sheets say otherwise than what is valid."""
        drafts = (draft for piece in self._disputed() for draft in piece.drafts if draft.conflicts)
        return {
            draft.key: draft.conflicts
            for draft in sorted(drafts, key=lambda draft: draft.key)
            if draft.key in valid
        }

    def _broken(self, valid: Mapping[Key, object]) -> frozenset[Key]:
        """What is not valid, and the names that it had before: a failed move leaves the old name in force."""
        former = [old for piece in self._pieces for key, old in piece.former if key not in valid]
        declared = self._reading.owners
        # What is valid is declared, so as many are the same ones.
        candidates = former if len(declared) == len(valid) else (*declared, *former)
        return frozenset(key for key in candidates if key not in valid)

    def _places(self, key: Key) -> list[Origin]:
        names = dict.fromkeys(self._reading.owners.get(key, ()))
        return [
            origin for name in names for found, origin in self._reading.pieces[name].declared if found == key
        ]

    def _duplicates(self, twice: Iterable[Key]) -> Iterator[DeclarationProblem]:
        for key in twice:
            first, *others = self._places(key)
            for place in others:
                what = f"{key} is declared twice, first at {first}"
                remedy = "remove one of the two, or rename it"
                if place == first:
                    what = f"{key} is declared twice from here: {' and '.join(self._ways(key))}"
                    remedy = "give one of these overlays another namespace"
                yield DeclarationProblem(place, what, remedy, "metadata.name")

    def _same_sheets(self) -> Iterator[DeclarationProblem]:
        """What is declared by several sheets, told of each; a manifest above them changes nothing about it."""
        sheets = self._reading.sheets
        for key in sheets.several:
            paths = sheets.paths[key]
            for path in paths:
                place = sheets.pieces[path].declared[0][1]
                others = " and ".join(other for other in paths if other != path)
                what = f"{key} is declared by {others} as well"
                remedy = "let the inventory give one of the two objects another name"
                yield DeclarationProblem(place, what, remedy, "metadata.name")

    def _ways(self, key: Key) -> Iterator[str]:
        """Through which overlays it is declared."""
        for name in dict.fromkeys(self._reading.owners[key]):
            through = self._reading.unit(name).through
            yield f"through {self._reading.overlays.by_folder[through[-1]].path}" if through else "by itself"

    def _is_no_move(self, draft: Draft) -> bool:
        """Whether the name that it says it had is still somebody's."""
        if draft.formerly is None or draft.formerly not in self._reading.owners:
            return False
        what = f"{draft.formerly} is still declared at {self._places(draft.formerly)[0]}"
        remedy = "remove that declaration, or remove formerly"
        if is_sheet(draft.formerly_at.path):
            self._left_behind[draft.formerly] = draft
            remedy = "give that declaration the new name, too"
        self._refuse_move(draft, what, remedy)
        return True

    def _is_left_behind(self, draft: Draft) -> bool:
        """Whether an inventory knows what is declared here by another name now, so that its values would be missing."""
        moved = self._left_behind.get(draft.key)
        if moved is None or draft.policy.take.get(inventory_of(moved.formerly_at.path)) == ():
            return False
        what = f"is called {moved.key} by {inventory_of(moved.formerly_at.path)} now"
        self._left[draft.key] = DeclarationProblem(draft.origin, what, "rename it here, too")
        return True

    def _unique_moves(self, drafts: Iterable[Draft]) -> Iterator[Draft]:
        """Drafts whose former names differ; of several that claim one, the first has it."""
        claimed: dict[Key, Draft] = {}
        for draft in drafts:
            if draft.formerly is None or draft.formerly not in claimed:
                if draft.formerly is not None:
                    claimed[draft.formerly] = draft
                yield draft
                continue
            first = claimed[draft.formerly]
            what = f"{first.key} at {first.origin} says as well that it was {draft.formerly}"
            self._refuse_move(draft, what, "remove one of the two formerly")

    def _refuse_move(self, draft: Draft, what: str, remedy: str) -> None:
        self._problems.append(DeclarationProblem(draft.formerly_at, what, remedy, "metadata.formerly"))
