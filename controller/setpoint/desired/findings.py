"""Puts the pieces of all files together: who is declared twice, who waits for what, what is wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from setpoint.desired.compiled import Compiled
from setpoint.desired.drafts import Draft, Piece, Wish
from setpoint.desired.graph import link
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.origin import Origin


class Findings:
    """What is known of a set while its files are gone through."""

    def __init__(self, problems: Iterable[DeclarationProblem]) -> None:
        self._problems = list(problems)
        self._places: defaultdict[Key, list[Origin]] = defaultdict(list)
        self._drafts: list[Draft] = []
        self._wishes: list[tuple[Key, tuple[Wish, ...]]] = []
        self._former: list[tuple[Key, Key]] = []
        self._held: dict[Key, DeclarationProblem] = {}

    def take(self, piece: Piece, *, held_by: str | None) -> None:
        """Add what a file declares; `held_by` is a folder above it whose defaults are bad."""
        self._problems.extend(piece.problems)
        self._drafts.extend(piece.drafts)
        self._wishes.extend(piece.wishes)
        self._former.extend(piece.former)
        for key, origin in piece.declared:
            self._places[key].append(origin)
            if held_by is not None:
                file = f"{held_by.lstrip('/')}defaults.yaml"
                what = f"gets defaults from {file}, which is not valid"
                self._held[key] = DeclarationProblem(origin, what, f"mend {file} first")

    def compiled(self, version: str, tainted: Iterable[str]) -> Compiled:
        """The desired set; `tainted` as in `Compiled`."""
        unreadable = frozenset(tainted)
        drafts = [d for d in self._drafts if len(self._places[d.key]) == 1 and not self._is_no_move(d)]
        self._problems.extend(self._duplicates())
        linked = link(self._unique_moves(drafts), self._wishes, self._places, unreadable)
        problems = {*self._problems, *linked.problems}
        return Compiled(
            version=version,
            resources=linked.resources,
            problems=tuple(sorted(problems, key=lambda p: (p.origin, p.field, p.what))),
            tainted=unreadable,
            broken=self._broken(linked.resources.keys()),
            suspended={**self._held, **linked.suspended},
        )

    def _broken(self, valid: AbstractSet[Key]) -> frozenset[Key]:
        """What is not valid, and the names that it had before: a failed move leaves the old name in force."""
        former = {old for key, old in self._former if key not in valid}
        return frozenset(self._places.keys() | former) - valid

    def _duplicates(self) -> Iterable[DeclarationProblem]:
        for key, places in self._places.items():
            for place in places[1:]:
                what = f"{key} is declared twice, first at {places[0]}"
                yield DeclarationProblem(place, what, "remove one of the two, or rename it", "metadata.name")

    def _is_no_move(self, draft: Draft) -> bool:
        """Whether the name that it says it had is still somebody's."""
        if draft.formerly is None or draft.formerly not in self._places:
            return False
        place = self._places[draft.formerly][0]
        what = f"{draft.formerly} is still declared at {place}"
        self._refuse_move(draft, what, "remove that declaration, or remove formerly")
        return True

    def _unique_moves(self, drafts: Iterable[Draft]) -> Iterable[Draft]:
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
