"""Puts what others publish into an object made of entries, each of which waits alone for what it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from typing import Any, TypeAlias

from pydantic import ValidationError

from setpoint.desired.handed import Wanted
from setpoint.model.gather import Entry
from setpoint.model.kind import Problem
from setpoint.model.observation import Present
from setpoint.model.outcome import Outcome, Stalled
from setpoint.model.tree import Json, Pointer, Tree, parts
from setpoint.run.desk import Pass

Items: TypeAlias = tuple[str, ...]
"""The texts that stand in the place of one field; empty where the giver says that there is nothing."""


def with_items(
    now: Pass,
    entry_of: Callable[[Tree, Pointer, Any], Entry],
    found: Iterable[tuple[Wanted, Items | None]],
) -> Pass | Outcome:
    """The pass with a spec that says what was published, without the entries that wait for some of theirs."""
    found = [*found]
    state = now.observation.state if isinstance(now.observation, Present) else None
    entries = {wanted.field: entry_of(now.resource.spec, wanted.field, state) for wanted, _ in found}
    waiting = {entries[wanted.field] for wanted, items in found if items is None}
    problems = now.problems
    while True:
        draft = _Draft(now.resource.spec)
        for wanted, items in sorted(found, key=_backwards):
            entry = entries[wanted.field]
            if items is not None and entry not in waiting:
                draft.put(wanted.field, items, entry)
        for entry in waiting:
            draft.drop(entry.spec)
        try:
            spec = now.kind.spec.model_validate(draft.tree)
        except ValidationError as error:
            unfit = {entry for entry in entries.values() if entry not in waiting and _is_told(entry, error)}
            if not unfit:
                return Stalled(f"what others publish is no value for it: {error.errors()[0]['msg']}")
            problems += tuple(_unfit(entry, error) for entry in sorted(unfit, key=lambda one: one.spec))
            waiting |= unfit
        else:
            suspended = {place for entry in waiting for place in entry.tree}
            return now.learn(spec=spec, suspended=tuple(sorted(suspended)), problems=problems)


def _backwards(one: tuple[Wanted, Items | None]) -> tuple[int, ...]:
    """The later items of a list first, so that the places of the earlier ones stay what they are."""
    last = parts(one[0].field)[-1]
    return (-int(last),) if last.isdecimal() else (0,)


def _is_told(entry: Entry, error: ValidationError) -> bool:
    """Whether a mistake speaks of the entry: its way is a part of the way to the mistake, which names unions as well."""
    return any(_contains(map(str, one["loc"]), parts(entry.spec)) for one in error.errors())


def _contains(way: Iterable[str], wanted: Sequence[str]) -> bool:
    steps = iter(way)
    return all(part in steps for part in wanted)


def _unfit(entry: Entry, error: ValidationError) -> Problem:
    mistakes = (one["msg"] for one in error.errors() if _contains(map(str, one["loc"]), parts(entry.spec)))
    what = f"what others publish is no value for it: {next(mistakes)}"
    return Problem("OutputUnfit", f"{entry.spec.lstrip('/')} is left as it is, for {what}")


class _Draft:
    """A tree in which something is changed, of which only what changes is copied."""

    def __init__(self, tree: Tree) -> None:
        self.tree: Tree = dict(tree)
        self._own: dict[tuple[str, ...], Json] = {(): self.tree}

    def put(self, field: Pointer, items: Items, entry: Entry) -> None:
        """Let the items stand in the place of a field; the entry goes with its last one."""
        *above, last = parts(field)
        there = self._at(tuple(above))
        if isinstance(there, list):
            there[int(last) : int(last) + 1] = list(items)
            if not there:
                self.drop(entry.spec)
        elif isinstance(there, dict) and items:
            there[last] = items[0]
        else:
            self.drop(entry.spec)

    def drop(self, place: Pointer) -> None:
        """Leave out what is at a place, and what holds nothing without it."""
        way = parts(place)
        while way:
            above = self._at(way[:-1])
            if not isinstance(above, dict):
                return
            above.pop(way[-1], None)
            self._own = {one: value for one, value in self._own.items() if one[: len(way)] != way}
            if above or len(way) <= 2:  # noqa: PLR2004  # a field of the spec stays, also when it is empty
                return
            way = way[:-1]

    def _at(self, way: tuple[str, ...]) -> Json:
        """What is there, which may be changed; None when it was dropped."""
        if way not in self._own:
            above = self._at(way[:-1])
            below: Json = None
            if isinstance(above, dict) and way[-1] in above:
                below = above[way[-1]] = copy(above[way[-1]])
            elif isinstance(above, list):
                below = above[int(way[-1])] = copy(above[int(way[-1])])
            self._own[way] = below
        return self._own[way]
