"""How a person takes a deletion back, or lets go of an object for good."""

from __future__ import annotations

from setpoint.model.errors import SetpointError
from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.model.tombstone import Tombstone
from setpoint.run.declare import part_from_targets, released_status
from setpoint.run.estate import Estate
from setpoint.run.wake import wake, wake_departed
from setpoint.store.records import Event, EventKind


async def undelete(estate: Estate, key: Key, by: str) -> Tombstone:
    """Leave the object alone from now on; its tombstone tells how to declare it again.

    Raises:
        SetpointError: its destruction is under way.
    """
    store, now = estate.store, estate.ports.now()
    if not await estate.calls.call(store.keep, key):
        raise SetpointError(
            f"{key} is being destroyed, which cannot be taken back",
            remedy="when that fails it can be; else restore it from a backup",
        )
    await estate.calls.call(store.save_status, released_status(key, estate.version, now))
    event = Event(now, EventKind.UNDELETED, "its deletion was taken back", key, estate.version, by)
    await estate.calls.call(store.record, event)
    await _go_on(estate, key)
    kept = store.tombstone(key)
    assert kept is not None  # noqa: S101  # it was just written
    return kept


async def forget(estate: Estate, key: Key, by: str) -> None:
    """Drop whatever is remembered of a key that is not declared; the object, if it is there, stays as it is.

    Raises:
        SetpointError: a step of its deletion is under way.
    """
    store, now = estate.store, estate.ports.now()
    if store.intent(key) is not None and estate.served(key) is not None:
        raise SetpointError(
            f"a step of {key} is under way", remedy="try again when it has ended; setpoint status shows it"
        )
    await estate.calls.call(store.let_go_of, key, by, now)
    event = Event(now, EventKind.FORGOTTEN, "forgotten; its object is left as it is", key, estate.version, by)
    await estate.calls.call(store.record, event)
    await _go_on(estate, key)


async def _go_on(estate: Estate, key: Key) -> None:
    """What waited for the key may go on without it."""
    estate.part_from(key)
    for lane in estate.lanes.values():
        lane.queue.discard(key)
        lane.slots.leave(key)
    for one in estate.resources:
        status = estate.store.status(one)
        if status is not None and any(hold.rule is Rule.RENAMED for hold in status.holds):
            wake(estate, one)
    wake_departed(estate)
    await part_from_targets(estate)
