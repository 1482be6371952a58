"""The one place where declared and observed are compared. Only what was declared counts; paths use keys."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from setpoint.decide.apart import apart
from setpoint.decide.revision import Revision
from setpoint.model.diff import MISSING, SECRET, Cause, Change, Diff, Missing, Projection, Treatment
from setpoint.model.tree import Json, Pointer, Tree, covers, join, lookup, parts, put


def diff(
    declared: Tree,
    projection: Projection | None,
    treatments: Mapping[Pointer, Treatment],
    *,
    applied: Tree | None,
    ignore: Sequence[Pointer] = (),
    exclusive: Sequence[Pointer] = (),
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
        exclusive: patterns of mappings of which every member belongs to us: one that is seen and not declared is to be
            removed, and is drift unless it was applied.
    """
    if projection is None:
        cause = Cause.DRIFT if applied else Cause.DECLARED
        return Diff(changes=(Change("", _shown(declared, treatments), MISSING, cause),))
    rest, seen = _apart(declared, projection, treatments)
    changes, unseen = _removals(
        declared, replace(projection, tree=seen), treatments, applied or {}, ignore, exclusive
    )
    for pointer, desired in _compared(rest, treatments):
        if ignore and any(covers(pattern, pointer) for pattern in ignore):
            continue
        if projection.unseen and any(covers(pattern, pointer) for pattern in projection.unseen):
            unseen.append(pointer)
            continue
        change = _change(pointer, desired, projection, treatments, applied)
        if change is not None:
            changes.append(change)
    return Diff(changes=tuple(changes), unseen=tuple(unseen))


def _apart(
    declared: Tree, projection: Projection, treatments: Mapping[Pointer, Treatment]
) -> tuple[Tree, Tree]:
    """What is declared and what is seen, without what is the same in both; of that there is nothing to say."""
    if projection.accepted is not None:
        return declared, projection.tree
    secrets = [pattern for pattern, treatment in treatments.items() if treatment is Treatment.WRITE_ONLY]
    return apart(
        declared,
        projection.tree,
        guarded=(*projection.unseen, *secrets),
        whole=lambda pointer: treatment_of(pointer, treatments) in _WHOLE,
    )


def without(found: Diff, suspended: Sequence[Pointer]) -> Diff:
    """The differences without what is left as it is for now, of which nothing is to be said."""
    if not (suspended and found.unseen):
        return found
    unseen = (one for one in found.unseen if not any(covers(place, one) for place in suspended))
    return replace(found, unseen=tuple(unseen))


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
    exclusive: Sequence[Pointer] = (),
) -> Tree:
    """What may be remembered as applied: the declared tree without the leaves that are still to be applied.

    Of what was not compared, ignored or unseen, no more than before: else what nobody ever applied would be
    removed once it is declared no more. A member that is still to be removed stays in it, seen or not, or its
    removal would be forgotten, unless nobody ever applied it; one that is ignored is let go.
    """
    if not (found.changes or found.unseen or ignore):
        return declared
    waiting = {change.path for change in found.changes if change.cause is not Cause.DRIFT}
    before: Tree = applied or {}
    members = (*_patterns(treatments), *(join(mapping, "*") for mapping in exclusive))
    revision = Revision({} if "" in waiting else declared)
    uncompared = {} if "" in waiting else dict(_uncompared(declared, found, treatments, ignore))
    for pointer in waiting:
        if pointer not in uncompared and _at(declared, pointer) is not MISSING:
            revision.drop(pointer)
    for pointer, value in uncompared.items():
        of_member = any(covers(pattern, pointer) for pattern in members)
        kept = value if applied is None and not of_member else _at(before, pointer)
        if kept is MISSING or pointer in waiting:
            revision.drop(pointer)
        else:
            revision.put(pointer, kept)
    for change in found.changes:
        never_ours = change.cause is Cause.DRIFT
        if change.desired is MISSING and change.observed is not MISSING and not never_ours:
            revision.put(change.path, change.observed)
    for pointer in found.unseen:
        if _at(declared, pointer) is MISSING and (last := _at(before, pointer)) is not MISSING:
            revision.put(pointer, last)
    return revision.tree


def _uncompared(
    declared: Tree, found: Diff, treatments: Mapping[Pointer, Treatment], ignore: Sequence[Pointer]
) -> Iterator[tuple[Pointer, Json]]:
    """What was declared and not compared, for it is ignored or cannot be read."""
    for pointer in found.unseen:
        value = _at(declared, pointer)
        if pointer and value is not MISSING:
            yield pointer, value
    for pattern in ignore:
        for pointer in _entries(declared, parts(pattern)):
            if not _is_inside_of_one(pointer, treatments):
                value = lookup(declared, pointer)
                yield from _leaves(value, treatments, pointer) if pointer else _compared(declared, treatments)


def _is_inside_of_one(pointer: Pointer, treatments: Mapping[Pointer, Treatment]) -> bool:
    """Whether it is no more than a part of what is compared as one value."""
    while pointer:
        pointer = pointer.rpartition("/")[0]
        if treatment_of(pointer, treatments) in _WHOLE:
            return True
    return False


def _leaves(
    value: Json, treatments: Mapping[Pointer, Treatment], pointer: Pointer
) -> Iterator[tuple[Pointer, Json]]:
    """What is compared of a value, by its place."""
    if isinstance(value, dict) and value and treatment_of(pointer, treatments) not in _WHOLE:
        yield from _compared(value, treatments, pointer)
    else:
        yield pointer, value


_WHOLE = (Treatment.ATOMIC, Treatment.SET)
"""What is one value, whatever it is made of."""


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
        yield from _leaves(value, treatments, join(below, key))


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
    exclusive: Sequence[Pointer],
) -> tuple[list[Change], list[Pointer]]:
    """The members that are ours, are not declared, and are in what is seen or will be after a restart.

    And those of which nobody can say whether they are.
    """
    changes: dict[Pointer, Change] = {}
    unseen = dict.fromkeys(_hidden(declared, projection, ignore, exclusive))
    lost, _ = apart(applied, declared, whole=lambda _: False)
    for pointer in _members(projection, treatments, lost, exclusive):
        if _at(declared, pointer) is not MISSING or any(covers(pattern, pointer) for pattern in ignore):
            continue
        if _stands_in(pointer, changes):
            continue  # It goes with the entry that it stands in.
        ours = _at(applied, pointer) is not MISSING
        if any(covers(pattern, pointer) for pattern in projection.unseen):
            unseen.update({pointer: None} if ours else {})
            continue
        observed = _at(projection.tree, pointer)
        coming = observed if projection.accepted is None else _at(projection.accepted, pointer)
        cause = Cause.DECLARED if ours else Cause.DRIFT
        if observed is not MISSING:
            changes[pointer] = Change(pointer, MISSING, observed, cause, accepted=coming is MISSING)
        elif coming is not MISSING:
            changes[pointer] = Change(pointer, MISSING, coming, cause, later=True)
    return [*changes.values()], [*unseen]


def _stands_in(pointer: Pointer, removed: Mapping[Pointer, object]) -> bool:
    while pointer:
        pointer = pointer.rpartition("/")[0]
        if pointer in removed:
            return True
    return False


def _hidden(
    declared: Tree, projection: Projection, ignore: Sequence[Pointer], exclusive: Sequence[Pointer]
) -> Iterator[Pointer]:
    """What cannot be read and may hold members of exclusive mappings that nobody declared."""
    for place in dict.fromkeys(projection.unseen if exclusive else ()):
        depth = len(parts(place))
        near = any(
            depth <= len(parts(mapping)) + 1 and all(_alike(*pair) for pair in _pairs(mapping, place))
            for mapping in exclusive
        )
        told = _at(declared, place) not in (MISSING, {})
        if near and not told and not any(covers(pattern, place) for pattern in ignore):
            yield place


def _pairs(one: Pointer, other: Pointer) -> Iterator[tuple[str, str]]:
    return zip(parts(one), parts(other), strict=False)


def _alike(one: str, other: str) -> bool:
    return one == other or "*" in (one, other)


def _members(
    projection: Projection,
    treatments: Mapping[Pointer, Treatment],
    applied: Tree,
    exclusive: Sequence[Pointer],
) -> Iterator[Pointer]:
    """Every entry that belongs to us as a whole, those first in which others may stand."""
    seen = (projection.tree, projection.accepted or {})
    patterns: list[tuple[tuple[str, ...], tuple[Tree, ...]]] = [
        *((parts(pattern), (applied,)) for pattern in _patterns(treatments)),
        *(((*parts(mapping), "*"), (applied, *seen)) for mapping in exclusive),
    ]
    found: dict[Pointer, None] = {}
    for pattern, trees in sorted(patterns, key=lambda one: len(one[0])):
        for tree in trees:
            found.update(dict.fromkeys(_entries(tree, pattern)))
    yield from found


def _patterns(treatments: Mapping[Pointer, Treatment]) -> Iterator[Pointer]:
    return (pattern for pattern, treatment in treatments.items() if treatment is Treatment.MEMBER)


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
