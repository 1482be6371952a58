"""How a new version of the declarations comes into force: compiled, compared, and only then woken."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import structlog

from setpoint.desired.changes import changed_keys, retain
from setpoint.desired.compile import compile_set
from setpoint.model.errors import SourceError, StateError
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.run.estate import Estate
from setpoint.run.lane import Lane
from setpoint.run.queue import Class
from setpoint.run.rename import move_renamed
from setpoint.run.wake import breaker_moved, wake
from setpoint.sources.snapshot import Snapshot
from setpoint.store.records import Event, EventKind, Layer, Status

_log = structlog.stdlib.get_logger("setpoint.declare")


async def declare(estate: Estate, snapshot: Snapshot) -> None:
    """Put `snapshot` in force as far as it is valid; what is broken stays as it was.

    Raises:
        SourceError: it declares nothing although something is in force.
        StateError: it could not be remembered; what was in force stays.
    """
    compiled = await asyncio.to_thread(
        compile_set, snapshot.files, estate.kinds, version=snapshot.version, cache=estate.cache
    )
    if not compiled.resources and not compiled.problems and estate.resources:
        raise SourceError(
            f"{snapshot.source} {snapshot.version[:12]} declares nothing, {len(estate.resources)} resources stay as they were",
            remedy="check the branch and the path in the settings, or the commit that removed everything",
        )
    kept = retain(estate.resources, compiled)
    former, version = estate.resources, estate.version
    estate.resources = dict(kept.resources)
    estate.version, estate.notes = snapshot.version, snapshot.notes
    estate.problems, estate.suspended, estate.retained = compiled.problems, compiled.suspended, kept.retained
    for problem in compiled.problems:
        _log.warning("declaration_broken", version=snapshot.version[:12], problem=str(problem))
    try:
        await _bring_in(estate, snapshot, former)
    except StateError:
        # The next look compares again, so that nothing stays asleep that this one did not come to wake.
        estate.resources, estate.version = former, version
        raise


async def _bring_in(estate: Estate, snapshot: Snapshot, former: Mapping[Key, Resource]) -> None:
    """Remember what is declared now, and wake what differs from what was before."""
    changes = changed_keys(former, estate.resources)
    await _remember(estate, snapshot)
    # In an order that does not depend on the process, so that a simulated run can be repeated.
    news = (*sorted(changes.added), *sorted(changes.changed))
    moved = await move_renamed(estate, [estate.resources[key] for key in news])
    for key in await _gone(estate, changes.removed - moved):
        await release(estate, key, former.get(key))
    for key in changes.changed:
        _move_lane(estate, former[key], estate.resources[key])
    await arrange_lanes(estate)
    fresh = (key for key in changes.added if estate.resources[key].formerly not in moved)
    estate.declared.update(dict.fromkeys(fresh, estate.ports.now()))
    for key in news:
        await _announce(estate, key, snapshot, added=key in changes.added)
        wake(estate, key)
    for key, resource in estate.resources.items():
        if resource.target in changes.changed:
            wake(estate, key, Class.RESYNC)


def _move_lane(estate: Estate, former: Resource, now: Resource) -> None:
    """Leave the lane of the former target; what goes on there is no business of the new one."""
    lane = estate.lane_of(former)
    if lane is not None and lane is not estate.lane_of(now):
        lane.queue.discard(now.key)
        lane.slots.leave(now.key)


async def arrange_lanes(estate: Estate) -> None:
    """A lane for every declared target, none for others."""
    targets = {key: r for key, r in estate.resources.items() if estate.kinds[key.kind].port is not None}
    for key in [key for key in estate.lanes if key not in targets]:
        await estate.lanes.pop(key).close()
    for key, resource in targets.items():
        if key not in estate.lanes:
            estate.lanes[key] = await _open_lane(estate, key)
        await estate.lanes[key].declare(resource)


async def _open_lane(estate: Estate, target: Key) -> Lane:
    """A lane in which the steps under way hold their places already."""
    lane = Lane(target, estate.kinds[target.kind], estate.ports, moved=partial(breaker_moved, estate))
    for key, intent in estate.store.intents(target):
        resource = estate.resources.get(key)
        if resource is not None and (resource.target or key) == target:
            lane.slots.resume(key, intent)
    return lane


async def _remember(estate: Estate, snapshot: Snapshot) -> None:
    now = estate.ports.now()
    await estate.calls.call(estate.store.save_desired, estate.resources)
    await estate.calls.call(
        estate.store.save_layer, Layer(snapshot.source, snapshot.version, now, dict(snapshot.files))
    )
    await estate.calls.call(estate.store.accept, snapshot.source, snapshot.version, now)


async def _announce(estate: Estate, key: Key, snapshot: Snapshot, *, added: bool) -> None:
    verb = "declared" if added else "declaration changed"
    about = f": {snapshot.subject}" if snapshot.subject else ""
    event = Event(
        at=estate.ports.now(),
        kind=EventKind.DECLARED,
        sentence=f"{verb} by {snapshot.version[:12]}{about}",
        key=key,
        version=snapshot.version,
        actor=snapshot.author or "setpoint",
    )
    await estate.calls.call(estate.store.record, event)


async def _gone(estate: Estate, removed: frozenset[Key]) -> list[Key]:
    """What is declared no more; of a former version, too, when a stop came before everything was told of it."""
    items = estate.store.items()
    forgotten = {item.key for item in items if not item.released and item.key not in estate.resources}
    return sorted(removed | forgotten)


async def release(estate: Estate, key: Key, former: Resource | None) -> None:
    """Leave alone what is no longer declared; what was made keeps its row and its mark."""
    now = estate.ports.now()
    estate.declared.pop(key, None)
    lane = estate.lane_of(former) if former is not None else None
    if lane is not None:
        lane.queue.discard(key)
        lane.slots.leave(key)
    item = estate.store.item(key)
    if item is None:
        await estate.calls.call(estate.store.forget_status, key)
        await _give_back(estate, key)
        return
    await estate.calls.call(estate.store.save_item, replace(item, released=True))
    await estate.calls.call(estate.store.save_status, released_status(key, estate.version, now))
    event = Event(
        now, EventKind.RELEASED, f"left the declarations in {estate.version[:12]}", key, estate.version
    )
    await estate.calls.call(estate.store.record, event)


async def _give_back(estate: Estate, key: Key) -> None:
    """Free the number reserved for what was never made; while a step is under way it may still come to bear it."""
    if estate.store.intent(key) is None:
        await estate.calls.call(estate.store.release, key)


def released_status(key: Key, version: str, now: float) -> Status:
    """The status of an object that is ours and declared no more."""
    return Status(
        key=key,
        spec_hash="",
        version=version,
        outcome="Released",
        sentence="it is not declared any more and is left alone",
        conditions=(),
        reconciled_at=now,
    )
