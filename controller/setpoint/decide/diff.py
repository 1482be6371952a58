"""The one place where declared and observed are compared. Only what was declared counts; paths use keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import lru_cache

from setpoint.model.diff import MISSING, SECRET, Cause, Change, Diff, Missing, Projection, Treatment
from setpoint.model.tree import Json, Pointer, Tree, covers, join, lookup, parts, put


def diff(
    declared: Tree,
    projection: Projection | None,
    treatments: Mapping[Pointer, Treatment],
    *,
    applied: Tree | None,
    ignore: Sequence[Pointer] = (),
) -> Diff:
    """What differs between the declared tree and what is seen.

    Args:
        declared: a kind's comparable tree of the declaration.
        projection: the comparable tree of what is seen; None when the object is absent, which is one
            change at the root.
        treatments: pattern of pointers -> how they are compared.
        applied: the declared tree that was last in force; None when nothing is remembered, in which case
            a difference of an existing object counts as drift.
        ignore: patterns that are not looked at.
    """
    if projection is None:
        cause = Cause.DRIFT if applied else Cause.DECLARED
        return Diff(changes=(Change("", _shown(declared, treatments), MISSING, cause),))
    changes, unseen = _removals(declared, projection, treatments, applied or {}, ignore)
    for pointer, desired in _compared(declared, treatments):
        if ignore and any(covers(pattern, pointer) for pattern in ignore):
            continue
        if projection.unseen and any(covers(pattern, pointer) for pattern in projection.unseen):
            unseen.append(pointer)
            continue
        change = _change(pointer, desired, projection, treatments, applied)
        if change is not None:
            changes.append(change)
    return Diff(changes=tuple(changes), unseen=tuple(unseen))


def noted(found: Diff, notes: Mapping[Pointer, str]) -> Diff:
    """The differences with the arithmetic behind what was computed; an absent object has all of it."""
    if not (found.changes and notes):
        return found
    return replace(found, changes=tuple(_noted(change, notes) for change in found.changes))


def _noted(change: Change, notes: Mapping[Pointer, str]) -> Change:
    every = "; ".join(f"{path.lstrip('/')}: {note}" for path, note in notes.items())
    note = notes.get(change.path, "") if change.path else every
    computed = bool(change.path and note) and change.cause is Cause.DECLARED
    return replace(change, note=note, cause=Cause.COMPUTED if computed else change.cause)


def in_force(
    declared: Tree,
    found: Diff,
    treatments: Mapping[Pointer, Treatment],
    *,
    applied: Tree | None,
    ignore: Sequence[Pointer] = (),
) -> Tree:
    """What may be remembered as applied: the declared tree without the leaves that are still to be applied.

    Of what was not compared, ignored or unseen, no more than before: else what nobody ever applied would be
    removed once it is declared no more. A member that is still to be removed stays in it, seen or not, or its
    removal would be forgotten; one that is ignored is let go.
    """
    if not (found.changes or found.unseen or ignore):
        return declared
    waiting = {change.path for change in found.changes if change.cause is not Cause.DRIFT}
    before: Tree = applied or {}
    tree: Tree = {}
    for pointer, value in _compared(declared, treatments):
        if "" in waiting or pointer in waiting:
            continue
        kept: Json | Missing = value
        if pointer in found.unseen or any(covers(pattern, pointer) for pattern in ignore):
            of_member = any(t is Treatment.MEMBER and covers(p, pointer) for p, t in treatments.items())
            kept = value if applied is None and not of_member else _at(before, pointer)
        if kept is not MISSING:
            put(tree, pointer, deepcopy(kept))
    for change in found.changes:
        if change.desired is MISSING and change.observed is not MISSING:
            put(tree, change.path, change.observed)
    for pointer in found.unseen:
        if _at(declared, pointer) is MISSING and (last := _at(before, pointer)) is not MISSING:
            put(tree, pointer, last)
    return tree


def treatment_of(pointer: Pointer, treatments: Mapping[Pointer, Treatment]) -> Treatment | None:
    """The treatment of exactly `pointer`."""
    return _treatment(pointer, tuple(treatments.items()))


@lru_cache(maxsize=16_384)
def _treatment(pointer: Pointer, treatments: tuple[tuple[Pointer, Treatment], ...]) -> Treatment | None:
    # Kept, for the same few names are asked for in every object of a kind.
    for pattern, treatment in treatments:
        if len(parts(pattern)) == len(parts(pointer)) and covers(pattern, pointer):
            return treatment
    return None


def same(one: Json | Missing, other: Json | Missing, treatment: Treatment | None) -> bool:
    """Whether two leaves are equal; types count (1 is not true), order counts except in a set."""
    if type(one) is type(other) and isinstance(one, str | int | None):
        return one == other
    return _canonical(one, treatment) == _canonical(other, treatment)


def _canonical(value: Json | Missing, treatment: Treatment | None) -> str:
    if value is MISSING:
        return "missing"
    if treatment is Treatment.SET and isinstance(value, list):
        return json.dumps(sorted({json.dumps(item, sort_keys=True) for item in value}))
    return json.dumps(value, sort_keys=True)


def _compared(
    tree: Tree, treatments: Mapping[Pointer, Treatment], below: Pointer = ""
) -> Iterator[tuple[Pointer, Json]]:
    for key, value in tree.items():
        pointer = join(below, key)
        whole = treatment_of(pointer, treatments) in (Treatment.ATOMIC, Treatment.SET)
        if isinstance(value, dict) and value and not whole:
            yield from _compared(value, treatments, pointer)
        else:
            yield pointer, value


def _shown(declared: Tree, treatments: Mapping[Pointer, Treatment]) -> Tree:
    """The whole declaration, without the fingerprints in it."""
    tree: Tree = {}
    for pointer, value in _compared(declared, treatments):
        put(tree, pointer, SECRET if treatment_of(pointer, treatments) is Treatment.WRITE_ONLY else value)
    return tree


def _removals(
    declared: Tree,
    projection: Projection,
    treatments: Mapping[Pointer, Treatment],
    applied: Tree,
    ignore: Sequence[Pointer],
) -> tuple[list[Change], list[Pointer]]:
    """The members that were in force, are declared no more, and are there or will be after a restart.

    And those of which nobody can say whether they are.
    """
    changes: list[Change] = []
    unseen: list[Pointer] = []
    for pointer in _members(applied, treatments):
        if _at(declared, pointer) is not MISSING or any(covers(pattern, pointer) for pattern in ignore):
            continue
        if any(pointer.startswith(f"{change.path}/") for change in changes):
            continue  # It goes with the entry that it stands in.
        if any(covers(pattern, pointer) for pattern in projection.unseen):
            unseen.append(pointer)
            continue
        observed = _at(projection.tree, pointer)
        coming = observed if projection.accepted is None else _at(projection.accepted, pointer)
        if observed is not MISSING:
            changes.append(Change(pointer, MISSING, observed, accepted=coming is MISSING))
        elif coming is not MISSING:
            changes.append(Change(pointer, MISSING, coming, later=True))
    return changes, unseen


def _members(applied: Tree, treatments: Mapping[Pointer, Treatment]) -> Iterator[Pointer]:
    """Every entry of `applied` that belongs to us as a whole; such entries may stand inside of each other."""
    for pattern, treatment in treatments.items():
        if treatment is Treatment.MEMBER:
            yield from _entries(applied, parts(pattern))


def _entries(tree: Json, pattern: Sequence[str], above: Pointer = "") -> Iterator[Pointer]:
    """The pointers into `tree` that a pattern names."""
    if not pattern:
        yield above
    elif isinstance(tree, dict):
        keys = tree if pattern[0] == "*" else tree.keys() & {pattern[0]}
        for key in keys:
            yield from _entries(tree[key], pattern[1:], join(above, key))


def _at(tree: Tree, pointer: Pointer) -> Json | Missing:
    try:
        return lookup(tree, pointer)
    except KeyError:
        return MISSING


def _change(
    pointer: Pointer,
    desired: Json,
    projection: Projection,
    treatments: Mapping[Pointer, Treatment],
    applied: Tree | None,
) -> Change | None:
    treatment = treatment_of(pointer, treatments)
    observed = _at(projection.tree, pointer)
    coming = observed if projection.accepted is None else _at(projection.accepted, pointer)
    if treatment is Treatment.WRITE_ONLY:
        return _secret_change(pointer, desired, observed, coming, applied)
    now = _agree(desired, observed, treatment)
    then = now if coming is observed else _agree(desired, coming, treatment)
    if now and then:
        return None
    return Change(
        path=pointer,
        desired=desired,
        observed=coming if now else observed,
        cause=Cause.DRIFT
        if applied is None or same(desired, _at(applied, pointer), treatment)
        else Cause.DECLARED,
        accepted=then and projection.accepted is not None,
        fixed=treatment is Treatment.CREATE_ONLY and observed is not MISSING,
        later=now,
    )


def _secret_change(
    pointer: Pointer, desired: Json, observed: Json | Missing, coming: Json | Missing, applied: Tree | None
) -> Change | None:
    """A secret that is not set is drift; one that is set differs when another one was applied last.

    Without memory nobody can tell, and one that is set counts as the declared one.
    """
    last = desired if applied is None else _at(applied, pointer)
    if MISSING not in (observed, coming) and last == desired:
        return None
    cause = Cause.DRIFT if last == desired else Cause.DECLARED
    return Change(pointer, SECRET, observed, cause, accepted=last == desired and coming is not MISSING)


def _agree(desired: Json, seen: Json | Missing, treatment: Treatment | None) -> bool:
    return same(desired, seen, treatment) or (desired == {} and isinstance(seen, dict))
