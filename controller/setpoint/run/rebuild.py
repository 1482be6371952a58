"""How a lost inventory comes back: every object that bears our mark gets its row again."""

from __future__ import annotations

from collections.abc import Iterator

from setpoint.model.identity import Identity
from setpoint.model.key import Key
from setpoint.run.declare import released_status
from setpoint.run.estate import Estate
from setpoint.run.lane import Lane
from setpoint.store.records import Item


async def rebuild(estate: Estate, lane: Lane) -> None:
    """Note every object of the latest survey that bears our mark and has no row, unless its own target's lane sees to it."""
    seen = lane.latest, estate.resources
    if lane.searched[0] is not seen[0] or lane.searched[1] is not seen[1]:
        await _note_misplaced(estate, lane)
        await _note_strays(estate, lane)
        lane.searched = seen


def unmet(estate: Estate, lane: Lane) -> list[Lane]:
    """The other lanes like this one whose targets this database does not know yet."""
    return [
        other
        for other in estate.lanes.values()
        if other is not lane and other.kind is lane.kind and estate.store.pinned(other.target) is None
    ]


async def _note_misplaced(estate: Estate, lane: Lane) -> None:
    """What is declared for another target and remembered nowhere is here, and no second one is made there."""
    for key, identity in list(_marked(estate, lane)):
        resource = estate.resources.get(key)
        if resource is None or resource.target == lane.target or estate.store.item(key) is not None:
            continue
        item = Item(key, lane.target, identity, None, estate.ports.now())
        await estate.calls.call(estate.store.save_item, item)


async def _note_strays(estate: Estate, lane: Lane) -> None:
    strays = list(_strays(estate, lane))
    if not strays:
        return
    known = {_object(estate, item.target, item.key, item.identity) for item in estate.store.items()}
    for key, identity in strays:
        if _object(estate, lane.target, key, identity) not in known:
            now = estate.ports.now()
            item = Item(key, lane.target, identity, None, now, released=True)
            await estate.calls.call(estate.store.save_item, item)
            await estate.calls.call(estate.store.save_status, released_status(key, estate.version, now))


def _strays(estate: Estate, lane: Lane) -> Iterator[tuple[Key, Identity]]:
    former = {resource.formerly for resource in estate.resources.values()}
    for key, identity in _marked(estate, lane):
        if key not in estate.resources and key not in former and not estate.store.forgotten(key):
            yield key, identity


def _marked(estate: Estate, lane: Lane) -> Iterator[tuple[Key, Identity]]:
    """What bears a mark of ours that fits it."""
    for mark, identity in lane.latest.found if lane.latest else ():
        kind = estate.kinds.get(mark.key.kind)
        # Anybody who may write a description can name any kind, and only a hosted one knows these identities.
        if mark.estate != estate.name or kind is None or kind.hosted_by != lane.kind.name:
            continue
        if kind.object_id(identity) == mark.object_id:
            yield mark.key, identity


def _object(estate: Estate, target: Key, key: Key, identity: Identity) -> tuple[Key, str, str]:
    kind = estate.kinds.get(key.kind)
    return target, key.kind, kind.object_id(identity) if kind is not None else str(identity)
