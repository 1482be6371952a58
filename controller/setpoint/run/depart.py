"""What it means that keys leave the declarations: tombstones for what is to be deleted, and targets that stay until it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from pydantic import ValidationError

from setpoint.decide.deletion.mode import deletes
from setpoint.decide.likeness import looks_alike
from setpoint.desired.changes import Changes
from setpoint.model.identity import Identity
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.model.tombstone import Tombstone
from setpoint.run.estate import Estate
from setpoint.run.rename import renamed


@dataclass(frozen=True)
class Departure:
    """What a new version takes away and brings back.

    Attributes:
        left: tombstones of what leaves, and those of before with news about them.
        back: keys whose tombstones, or whose being forgotten, end.
        lingering: what is declared no more and stays in force until what it holds is deleted.
    """

    left: tuple[Tombstone, ...]
    back: tuple[Key, ...]
    lingering: Mapping[Key, Resource]


def depart(
    estate: Estate,
    former: Mapping[Key, Resource],
    resources: Mapping[Key, Resource],
    changes: Changes,
    version: str,
    unseen: Callable[[Resource], bool],
) -> Departure:
    """Judge the step from `former` to `resources`, which comes into force with `version`.

    What is gone `unseen` is left alone, whatever its policy says: nobody was seen to want it gone.
    """
    claimed = renamed(resources, (*sorted(changes.added), *sorted(changes.changed))).keys()
    back = {key for key in (*estate.store.tombstones(), *estate.store.forgotten_keys()) if key in resources}
    back |= {key for key in claimed if estate.store.tombstone(key) is not None}
    now = estate.ports.now()
    before = [one for key, one in estate.store.tombstones().items() if one.active and key not in back]
    known = {one.key: one for one in before}
    leaving = (former[key] for key in sorted(changes.removed - claimed) if key not in known)
    fresh = [Tombstone(one, now, version) for one in leaving if _to_delete(estate, one, unseen)]
    compared = _compared(estate, (*before, *fresh), [resources[key] for key in sorted(changes.added)])
    needed = {one.target for one in (*before, *fresh)}
    left = tuple(one for one in compared if one != known.get(one.key))
    return Departure(left, tuple(sorted(back)), lingering(needed, former, resources))


def with_claims(
    estate: Estate, former: Mapping[Key, Resource], resources: Mapping[Key, Resource], changes: Changes
) -> Changes:
    """The changes, and those that say only now that they had the name of something that is to be deleted."""
    left = {key for key, one in estate.store.tombstones().items() if one.active}
    if not left:
        return changes
    late = {
        key
        for key, one in resources.items()
        if one.formerly in left and key in former and former[key].formerly != one.formerly
    }
    return replace(changes, changed=changes.changed | late)


def lingering(
    needed: Iterable[Key], former: Mapping[Key, Resource], resources: Mapping[Key, Resource]
) -> Mapping[Key, Resource]:
    """What has to stay in force although it is declared no more: targets of what is to be deleted, and what those need."""
    found: dict[Key, Resource] = {}
    todo = list(needed)
    while todo:
        key = todo.pop()
        if key not in resources and key not in found and key in former:
            found[key] = former[key]
            todo.extend(former[key].references)
    return found


def lasting(
    estate: Estate, gone: Mapping[Key, Resource], unseen: Callable[[Resource], bool]
) -> Mapping[Key, Resource]:
    """What contributes to others and is there until it is deleted, of what left before and what is `gone` now."""
    left = {one.key: one.resource for one in estate.store.tombstones().values() if one.active}
    found = {key: one for key, one in gone.items() if _asks(estate, one) and _to_delete(estate, one, unseen)}
    return {**{key: one for key, one in left.items() if _asks(estate, one)}, **found}


def _asks(estate: Estate, resource: Resource) -> bool:
    kind = estate.kinds.get(resource.key.kind)
    return kind is not None and kind.asks is not None


def _to_delete(estate: Estate, resource: Resource, unseen: Callable[[Resource], bool]) -> bool:
    """Whether it is ours, and its policy as it was last in force has it deleted, which is not done unseen."""
    item = estate.store.item(resource.key)
    if item is None or item.released or unseen(resource):
        return False
    kind = estate.kinds.get(resource.key.kind)
    # Of a kind that is not installed nothing is known, so it counts as one that holds data.
    removable, stateful = (True, True) if kind is None else (kind.remove is not None, kind.stateful)
    return deletes(resource.policy, removable=removable, stateful=stateful)


def _compared(
    estate: Estate, tombstones: Iterable[Tombstone], added: Iterable[Resource]
) -> Iterable[Tombstone]:
    """The tombstones, each with what came and looks like it."""
    fresh = [one for one in added if one.formerly is None]
    ids = {one.key: _identity(estate, one) for one in fresh}
    for tombstone in tombstones:
        gone = tombstone.resource
        known = _identity(estate, gone) if fresh else None
        alike = [one.key for one in fresh if looks_alike(gone, known, one, ids[one.key])]
        more = tuple(key for key in alike if key not in tombstone.alike)
        yield replace(tombstone, alike=(*tombstone.alike, *more)) if more else tombstone


def _identity(estate: Estate, resource: Resource) -> Identity | None:
    """The ids that its declaration fixes."""
    kind = estate.kinds.get(resource.key.kind)
    if kind is None:
        return None
    try:
        return kind.identify(kind.spec.model_validate(resource.spec))
    except ValidationError:
        return None
