"""How a lost inventory comes back: every object that bears our mark gets its row again."""

from __future__ import annotations

from setpoint.run.declare import released_status
from setpoint.run.estate import Estate
from setpoint.run.lane import Lane
from setpoint.store.records import Item


async def rebuild(estate: Estate, lane: Lane) -> None:
    """Note every object of the latest survey that bears our mark, is not declared and has no row."""
    latest = lane.latest
    for mark, identity in latest.found if latest else ():
        if mark.estate != estate.name or mark.key in estate.resources:
            continue
        kind = estate.kinds.get(mark.key.kind)
        if kind is None or kind.object_id(identity) != mark.object_id:
            continue
        if await estate.calls.call(estate.store.item, mark.key) is None:
            now = estate.ports.now()
            item = Item(mark.key, lane.target, identity, None, now, released=True)
            await estate.calls.call(estate.store.save_item, item)
            await estate.calls.call(estate.store.save_status, released_status(mark.key, estate.version, now))
