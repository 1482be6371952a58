"""How a new version of the declarations comes into force: compiled, compared, and only then woken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import replace
from functools import partial

import structlog

from setpoint.decide.conditions import conditions
from setpoint.decide.deletion.empty import empties
from setpoint.decide.deletion.kind_missing import missing
from setpoint.desired.changes import Changes, changed_keys
from setpoint.desired.compile import compile_set
from setpoint.desired.compiled import Compiled
from setpoint.desired.expiry import next_expiry, unexpired
from setpoint.desired.files import inventory_of, is_sheet
from setpoint.desired.gather import Gathered, gather
from setpoint.model.errors import SourceError, StateError
from setpoint.model.key import Key
from setpoint.model.outcome import Held
from setpoint.model.resource import Resource
from setpoint.model.tree import Json
from setpoint.run.depart import Departure, depart, lasting, lingering, with_claims
from setpoint.run.estate import Estate
from setpoint.run.given import given
from setpoint.run.here import HERE
from setpoint.run.here import KIND as NOWHERE
from setpoint.run.here import declared as always_declared
from setpoint.run.inventories import Bringing, Unseen, bringing, layers, unseen, without_guesses
from setpoint.run.lane import Lane
from setpoint.run.queue import Class
from setpoint.run.rename import follow, renamed
from setpoint.run.spaces import Spaces
from setpoint.run.wake import breaker_moved, wake, wake_departed
from setpoint.sources.snapshot import Snapshot
from setpoint.store.records import Event, EventKind, Status

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
    moment = estate.ports.now()
    compiled, gone_unseen = unexpired(compiled, moment), unseen(snapshot)
    kept = await _gathered(estate, compiled, snapshot, gone_unseen)
    former, version, dormant = estate.resources, estate.version, estate.dormant
    before, brought = {**former, **dormant}, bringing(estate.versions, snapshot)
    if empties(before, compiled.resources, compiled.problems):
        raise SourceError(
            f"{snapshot.source} {snapshot.version[:12]} declares nothing, {len(before)} resources stay as they were",
            remedy="check the branch and the path in the settings, or the commit that removed everything",
        )
    changes = with_claims(estate, before, kept.resources, changed_keys(before, kept.resources))
    departure = depart(estate, before, kept.resources, changes, snapshot.version, gone_unseen)
    in_force = {**kept.resources, **departure.lingering}
    # In an order that does not depend on the process, so that a simulated run can be repeated.
    names = renamed(in_force, (*sorted(changes.added), *sorted(changes.changed)))
    estate.resources = {key: one for key, one in in_force.items() if key.kind in estate.kinds}
    estate.dormant = {key: one for key, one in in_force.items() if key.kind not in estate.kinds}
    estate.version, estate.notes = snapshot.version, snapshot.notes
    estate.problems, estate.suspended, estate.retained = kept.problems, kept.suspended, kept.retained
    estate.lingering = frozenset(departure.lingering)
    estate.expires, estate.outdated = next_expiry(in_force.values(), moment), False
    for problem in kept.problems:
        _log.warning("declaration_broken", version=snapshot.version[:12], problem=str(problem))
    try:
        news = replace(changes, removed=changes.removed - estate.lingering - names.keys())
        events = [*_announced(estate, brought, news), *_followed(estate, snapshot)]
        await _remember(estate, snapshot, departure, names, events)
        await _bring_in(estate, before, news, names)
    except StateError:
        # The next look compares again, so that nothing stays asleep that this one did not come to wake.
        estate.resources, estate.version, estate.dormant = former, version, dormant
        raise
    estate.versions, estate.shares = snapshot.versions, snapshot.shares
    estate.conflicts = {key: found for key, found in compiled.conflicts.items() if key not in kept.retained}


async def _gathered(estate: Estate, compiled: Compiled, snapshot: Snapshot, gone_unseen: Unseen) -> Gathered:
    """The set that is to follow the one in force, which must not be another one by the time that it is known."""
    while True:
        former, dormant = estate.resources, estate.dormant
        before = {**former, **dormant}
        sure = without_guesses(compiled, before, snapshot)
        gone = {key: one for key, one in before.items() if key not in sure.resources}
        there = lasting(estate, gone, gone_unseen)
        found = await asyncio.to_thread(gather, before, sure, estate.kinds, estate.gathered, there)
        if estate.resources is former and estate.dormant is dormant:
            return found


async def _bring_in(
    estate: Estate, former: Mapping[Key, Resource], changes: Changes, names: Mapping[Key, Key]
) -> None:
    """Wake what differs from what was before."""
    await tell_dormant(estate)
    follow(estate, names)
    for old in names:
        estate.sighted.note(old, frozenset())
    for key in await _gone(estate, changes.removed):
        await release(estate, key, former.get(key))
    for key in changes.changed:
        _move_lane(estate, former[key], estate.resources[key])
    await arrange_lanes(estate)
    fresh = (key for key in changes.added if estate.resources[key].formerly not in names)
    estate.declared.update(dict.fromkeys(fresh, estate.ports.now()))
    for key in (*sorted(changes.added), *sorted(changes.changed)):
        wake(estate, key)
    # What they have is to be looked at once more before their values count as known.
    estate.sighted.met -= changes.changed
    for key, resource in estate.resources.items():
        if not changes.changed.isdisjoint(resource.references):
            wake(estate, key, Class.RESYNC)
    await part_from(estate, changes.removed)


def _move_lane(estate: Estate, former: Resource, now: Resource) -> None:
    """Leave the lane of the former target; what goes on there is no business of the new one."""
    lane = estate.lane_of(former)
    if lane is not None and lane is not estate.lane_of(now):
        lane.queue.discard(now.key)
        lane.slots.leave(now.key)


async def arrange_lanes(estate: Estate) -> None:
    """A lane for every declared target, none for others; and one for what no target holds."""
    if estate.here is None and any(map(estate.is_nowhere, estate.resources.values())):
        estate.here = Lane(HERE, NOWHERE, estate.ports)
        await estate.here.declare(always_declared())
    targets = {key: r for key, r in estate.resources.items() if estate.kinds[key.kind].port is not None}
    for key in [key for key in estate.lanes if key not in targets]:
        await estate.lanes.pop(key).close()
    for key, resource in targets.items():
        if key not in estate.lanes:
            estate.lanes[key] = await _open_lane(estate, key)
        await estate.lanes[key].declare(resource)


async def _open_lane(estate: Estate, target: Key) -> Lane:
    """A lane in which the steps under way hold their places already."""
    lane = Lane(
        target,
        estate.kinds[target.kind],
        estate.ports,
        moved=partial(breaker_moved, estate),
        taking=partial(given, estate),
    )
    for key, intent in estate.store.intents(target):
        resource = estate.served(key)
        if resource is not None and (resource.target or key) == target:
            lane.slots.resume(key, intent)
    return lane


async def _remember(
    estate: Estate,
    snapshot: Snapshot,
    departure: Departure,
    names: Mapping[Key, Key],
    events: list[Event],
) -> None:
    in_force = {**estate.resources, **estate.dormant}
    kept = layers(estate, snapshot)
    await estate.calls.call(
        estate.store.put_in_force, in_force, departure.left, departure.back, names, kept, events
    )


def _announced(estate: Estate, brought: Callable[[Resource], Bringing], changes: Changes) -> list[Event]:
    """For the history: who declared what, or declared it otherwise."""
    now = estate.ports.now()
    verbs = {
        **dict.fromkeys(sorted(changes.added), "declared"),
        **dict.fromkeys(sorted(changes.changed), "declaration changed"),
    }
    found: list[Event] = []
    for key, verb in verbs.items():
        by = brought(estate.resources[key])
        sentence = f"{verb} by {by.sentence}"
        actor = by.author or "setpoint"
        found.append(Event(now, EventKind.DECLARED, sentence, key, estate.version, actor))
    return found


def _followed(estate: Estate, snapshot: Snapshot) -> Iterator[Event]:
    """For the history: that the source is well and its version is in force, where that is news."""
    told = in_force(estate)
    if snapshot.trouble is None and (estate.source.good, estate.source.sentence) != (True, told):
        yield Event(estate.ports.now(), EventKind.SOURCE, told, version=estate.version)


def in_force(estate: Estate) -> str:
    """What is followed, and how many mistakes are in it."""
    number = len(estate.problems)
    mistakes = "1 mistake" if number == 1 else f"{number} mistakes"
    return f"{estate.version[:12]} is in force{f', with {mistakes}' if number else ''}"


async def _gone(estate: Estate, removed: frozenset[Key]) -> list[Key]:
    """What is declared no more; of a former version, too, when a stop came before everything was told of it."""
    items = estate.store.items()
    forgotten = {item.key for item in items if not item.released and not _is_known(estate, item.key)}
    return sorted(key for key in removed | forgotten if not _is_known(estate, key))


def _is_known(estate: Estate, key: Key) -> bool:
    """Whether it is declared, or to be deleted."""
    tombstone = estate.store.tombstone(key)
    active = tombstone is not None and tombstone.active
    return active or key in estate.resources or key in estate.dormant


async def release(estate: Estate, key: Key, former: Resource | None) -> None:
    """Leave alone what is no longer declared; what was made keeps its row and its mark."""
    now = estate.ports.now()
    item = estate.store.item(key)
    estate.declared.pop(key, None)
    lane = estate.lane_of(former) if former is not None else None
    if lane is not None:
        lane.queue.discard(key)
        lane.slots.leave(key)
    if item is None:
        await estate.calls.call(estate.store.forget_status, key)
        await _give_back(estate, key)
        return
    before = estate.store.status(key)
    outputs = before.outputs if before is not None else None
    await estate.calls.call(estate.store.save_item, replace(item, released=True))
    await estate.calls.call(estate.store.save_status, released_status(key, estate.version, now, outputs))
    event = Event(now, EventKind.RELEASED, _how_it_left(estate, former), key, estate.version)
    await estate.calls.call(estate.store.record, event)


async def part_from(estate: Estate, removed: Collection[Key]) -> None:
    """Tell of what is to be deleted from now on, and look at everything that is."""
    for key, tombstone in estate.store.tombstones().items():
        if key in removed and tombstone.active:
            estate.declared.pop(key, None)
            sentence = f"{_how_it_left(estate, tombstone.resource)}, and is to be deleted"
            event = Event(estate.ports.now(), EventKind.RELEASED, sentence, key, estate.version)
            await estate.calls.call(estate.store.record, event)
    wake_departed(estate)


def _how_it_left(estate: Estate, former: Resource | None) -> str:
    expires = former.policy.expires if former is not None else None
    if expires is not None and expires.timestamp() <= estate.ports.now():
        return f"expired at {expires:%Y-%m-%d %H:%M %Z}"
    if former is not None and is_sheet(former.origin.path):
        return f"is declared by {inventory_of(former.origin.path)} no more"
    return f"left the declarations in {estate.version[:12]}"


async def part_from_targets(estate: Estate) -> None:
    """Let go of what is declared no more and stayed for what was to be deleted, once that is done."""
    needed = {one.target for one in estate.store.tombstones().values() if one.active}
    still = lingering(needed, estate.resources, {})
    done = [key for key in estate.lingering if key not in still]
    if not done:
        return
    in_force = {key: one for key, one in estate.resources.items() if key not in done}
    await estate.calls.call(estate.store.put_in_force, {**in_force, **estate.dormant}, (), ())
    former, estate.resources = estate.resources, in_force
    estate.lingering -= frozenset(done)
    for key in done:
        await release(estate, key, former[key])
    wake_departed(estate)
    await arrange_lanes(estate)


async def tell_dormant(estate: Estate) -> None:
    """Say of what is of no installed kind that nothing can be done about it."""
    now = estate.ports.now()
    for key, resource in estate.dormant.items():
        before = estate.store.status(key)
        held = Held((missing(key),))
        if before is None or before.holds != held.holds or before.spec_hash != resource.spec_hash:
            told = conditions(held, (), (), generation=resource.spec_hash, now=now)
            status = Status(
                key, resource.spec_hash, estate.version, "Held", held.sentence, told, now, (), held.holds
            )
            await estate.calls.call(estate.store.save_status, status)


async def _give_back(estate: Estate, key: Key) -> None:
    """Free the number reserved for what was never made; while a step is under way it may still come to bear it."""
    if estate.store.intent(key) is None:
        await estate.calls.call(estate.store.release, key)
        await Spaces(estate).leave(key)


def released_status(key: Key, version: str, now: float, outputs: dict[str, Json] | None = None) -> Status:
    """The status of an object that is ours and declared no more; `outputs` is what was last seen of it."""
    return Status(
        key=key,
        spec_hash="",
        version=version,
        outcome="Released",
        sentence="it is not declared any more and is left alone",
        conditions=(),
        reconciled_at=now,
        outputs=outputs,
    )
