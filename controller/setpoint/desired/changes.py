"""What a new desired set means for what was in force: what is kept all the same, and what changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

from setpoint.desired.compiled import Compiled
from setpoint.desired.files import inventory_of, is_sheet
from setpoint.desired.layers import folders_above
from setpoint.model.errors import DeclarationProblem
from setpoint.model.key import Key
from setpoint.model.resource import Resource


@dataclass(frozen=True)
class Retained:
    """The set in force.

    Attributes:
        resources: every one after what it needs, as far as what is kept allows that.
        retained: those that are kept as they were because a mistake hides or spoils what they should be.
        suspended: those of them that are valid, with where and why.
    """

    resources: Mapping[Key, Resource]
    retained: frozenset[Key]
    suspended: Mapping[Key, DeclarationProblem] = field(default_factory=dict[Key, DeclarationProblem])


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
    One that is declared is kept when the sheet that was below it is there and cannot be read, or is about something
    else now, for it would lose the values of that.
    """
    lacking = _without_their_sheet(previous, compiled)
    valid = compiled.resources
    if lacking:
        valid = {key: new for key, new in valid.items() if key not in lacking}
    moves = {new.formerly: key for key, new in valid.items() if new.formerly is not None}
    gone = {key: old for key, old in previous.items() if key not in valid and key not in moves}
    kept = {
        key for key, old in gone.items() if key in compiled.broken or _may_hide(old, compiled)
    } | lacking.keys()
    kept = _with_needs(kept | _renamed_and_broken(previous, compiled, gone), gone)
    if not kept:
        return Retained(compiled.resources, frozenset())
    # What is valid needs nothing that is not, so what is kept can follow all of it.
    following = _ordered({key: _following(gone[key], moves) for key in sorted(kept)})
    here = {key: following.get(key, one) for key, one in compiled.resources.items()} if lacking else valid
    return Retained({**here, **following}, frozenset(kept), lacking)


def changed_keys(old: Mapping[Key, Resource], new: Mapping[Key, Resource]) -> Changes:
    """The keys to look at anew, judged by specHash."""
    # What did not change at all is the same object, and that is nearly everything.
    other = [(key, old.get(key), resource) for key, resource in new.items() if old.get(key) is not resource]
    return Changes(
        added=frozenset(key for key, before, _ in other if before is None),
        changed=frozenset(
            key for key, before, now in other if before is not None and before.spec_hash != now.spec_hash
        ),
        removed=frozenset(key for key in old if key not in new),
    )


def _without_their_sheet(
    previous: Mapping[Key, Resource], compiled: Compiled
) -> Mapping[Key, DeclarationProblem]:
    """What came through a sheet that is there, and would come without it now; and why."""
    found: dict[Key, DeclarationProblem] = {}
    for key, new in compiled.resources.items() if compiled.sheets else ():
        old = previous.get(key)
        if old is None or old is new:
            continue
        lost = (path for path in (old.origin.path, *old.through) if path in compiled.sheets)
        path = next((path for path in lost if _would_take(new, path)), None)
        if path is not None:
            found[key] = _lost(new, path, compiled)
    return found


def _would_take(new: Resource, path: str) -> bool:
    """Whether it would take something of a sheet, and does not."""
    return path not in (new.origin.path, *new.through) and new.policy.take.get(inventory_of(path)) != ()


def _lost(new: Resource, path: str, compiled: Compiled) -> DeclarationProblem:
    if path in compiled.tainted:
        what, remedy = f"gets values from {path}, which cannot be read", f"mend {path} first"
    else:
        name = inventory_of(path)
        what = f"got values from {path}, which is about something else now"
        way = f"or take nothing of that here: policy: {{take: {{{name}: []}}}}"
        if is_sheet(new.origin.path):
            way = "and give each its new name after the other"
        remedy = f"let {name} have it as before, {way}"
    return DeclarationProblem(new.origin, what, remedy)


def _may_hide(old: Resource, compiled: Compiled) -> bool:
    places = (old.origin.path, *old.through)
    return not compiled.tainted.isdisjoint(
        (*places, *(name for path in places for name in folders_above(path)))
    )


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
    unread = {path for path in compiled.tainted if not path.endswith("/")}
    if not unread or unread <= {
        path for old in previous.values() for path in (old.origin.path, *old.through)
    }:
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


def _ordered(kept: Mapping[Key, Resource]) -> dict[Key, Resource]:
    """Each after what it needs; where some of different versions need one another in a circle, any goes first."""
    needs = {key: {need for need in old.references if need in kept} for key, old in kept.items()}
    while True:
        try:
            return {key: kept[key] for key in TopologicalSorter(needs).static_order()}
        except CycleError as error:
            circle: list[Key] = error.args[1]
            needs[circle[0]] -= set(circle)
