"""What a new desired set means for what was in force: what is kept all the same, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from graphlib import CycleError, TopologicalSorter

from setpoint.desired.compiled import Compiled
from setpoint.desired.layers import folders_above
from setpoint.model.key import Key
from setpoint.model.resource import Resource


@dataclass(frozen=True)
class Retained:
    """The set in force.

    Attributes:
        resources: every one after what it needs, as far as what is kept allows that.
        retained: those that are kept as they were because a mistake hides or spoils what they should be.
    """

    resources: Mapping[Key, Resource]
    retained: frozenset[Key]


@dataclass(frozen=True)
class Changes:
    """The keys that differ between two sets."""

    added: frozenset[Key]
    changed: frozenset[Key]
    removed: frozenset[Key]


def retain(previous: Mapping[Key, Resource], compiled: Compiled) -> Retained:
    """The new set, with what a mistake took away kept as it was.

    A key that is declared no more is kept when its declaration is not valid, when it may stand in what cannot be
    read, or when something that is kept needs it. One that goes on under a new name is not kept under the old one.
    """
    moves = {new.formerly: key for key, new in compiled.resources.items() if new.formerly is not None}
    gone = {key: old for key, old in previous.items() if key not in compiled.resources and key not in moves}
    kept = {key for key, old in gone.items() if key in compiled.broken or _may_hide(old, compiled)}
    kept = _with_needs(kept | _renamed_and_broken(previous, compiled, gone), gone)
    if not kept:
        return Retained(compiled.resources, frozenset())
    resources = {**compiled.resources, **{key: _following(gone[key], moves) for key in sorted(kept)}}
    return Retained(_ordered(resources, kept), frozenset(kept))


def changed_keys(old: Mapping[Key, Resource], new: Mapping[Key, Resource]) -> Changes:
    """The keys to look at anew, judged by specHash."""
    return Changes(
        added=frozenset(new.keys() - old.keys()),
        changed=frozenset(key for key in new.keys() & old.keys() if new[key].spec_hash != old[key].spec_hash),
        removed=frozenset(old.keys() - new.keys()),
    )


def _may_hide(old: Resource, compiled: Compiled) -> bool:
    return not compiled.tainted.isdisjoint((old.origin.path, *folders_above(old.origin.path)))


def _following(old: Resource, moves: Mapping[Key, Key]) -> Resource:
    """What is kept, with what it needs under its new name."""
    if moves.keys().isdisjoint(old.references):
        return old
    references = tuple(moves.get(key, key) for key in old.references)
    return replace(old, target=old.target and moves.get(old.target, old.target), references=references)


def _renamed_and_broken(
    previous: Mapping[Key, Resource], compiled: Compiled, gone: Iterable[Key]
) -> set[Key]:
    """What may have gone into a file that is new and cannot be read: all of a file that has nothing left."""
    known = {old.origin.path for old in previous.values()}
    if all(path in known or path.endswith("/") for path in compiled.tainted):
        return set()
    left = {new.origin.path for new in compiled.resources.values()}
    return {key for key in gone if previous[key].origin.path not in left}


def _with_needs(kept: set[Key], gone: Mapping[Key, Resource]) -> set[Key]:
    """What is kept, and what that needs of what is declared no more."""
    found: set[Key] = set()
    todo = list(kept)
    while todo:
        key = todo.pop()
        if key in gone and key not in found:
            found.add(key)
            todo.extend(gone[key].references)
    return found


def _ordered(resources: Mapping[Key, Resource], retained: set[Key]) -> dict[Key, Resource]:
    """Every resource after what it needs; where old and new need one another in a circle, the old goes first."""
    needs = {key: {need for need in new.references if need in resources} for key, new in resources.items()}
    while True:
        try:
            return {key: resources[key] for key in TopologicalSorter(needs).static_order()}
        except CycleError as error:
            circle: list[Key] = error.args[1]
            first = next(key for key in circle if key in retained)
            needs[first] -= set(circle)
