"""One reconcile after the other. Holds the only broad `except`: a bug in one kind must not stop the rest."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeAlias

import structlog

from setpoint.decide import backoff, schedule
from setpoint.model.errors import StateError
from setpoint.model.hold import Hold
from setpoint.model.key import Key
from setpoint.model.outcome import Blocked, Changed, Failed, Held, Wait
from setpoint.model.resource import Resource
from setpoint.run.begin import begin, begin_blindly, lay_desk
from setpoint.run.conclude import conclude, settled, stepped
from setpoint.run.declare import part_from_targets, release
from setpoint.run.deletion import Deletion
from setpoint.run.desk import Desk, Report
from setpoint.run.estate import Estate, is_ready
from setpoint.run.lane import Lane
from setpoint.run.pipeline import give_places_back, run
from setpoint.run.queue import Class
from setpoint.run.rebuild import rebuild
from setpoint.run.rollout import pass_turn
from setpoint.run.wake import wake, wake_needy, wake_others
from setpoint.run.wipe import until_rebuild
from setpoint.store.records import Status

STREAK = 20
"""Steps in a row after which a resource counts as failing: its changes do not take effect."""
_BLOCKED = timedelta(seconds=30)
_DOWN = timedelta(minutes=5)
"""After which a key looks at its target again although nobody said that the target is back."""
Due: TypeAlias = tuple[Class, float]
"""When to look again: the class, and the seconds until then."""
_log = structlog.stdlib.get_logger("setpoint.worker")
_of_all = logging.getLogger("setpoint.worker")
"""Asked first whether anybody wants to hear of passes in which nothing happened: to make such a line takes long."""


async def work(estate: Estate, lane: Lane, announce: Callable[[], Awaitable[None]]) -> None:
    """Serve the lane until its queue closes; `announce` is awaited after every reconcile."""
    while (key := await lane.queue.take()) is not None:
        try:
            due = await _survive(estate, lane, key)
        finally:
            lane.queue.done(key)
        wake(estate, key, *due)
        await announce()
        # A pass that finds nothing to do may wait for nothing, and everything else must have its turn.
        await asyncio.sleep(0)


async def _survive(estate: Estate, lane: Lane, key: Key) -> Due:
    """Serve the key; a crash is told as its failure, and one even in that leaves the worker to the others."""
    crash: Exception | None = None
    for attempt in (_serve, _bury):
        try:
            return await attempt(estate, lane, key, crash)
        except Exception as error:  # noqa: BLE001  # the one place: a bug fails one key, not the daemon
            _log.exception("reconcile_crashed", key=str(key), lane=str(lane.target))
            estate.ports.meters.crashed(key.kind)
            crash = error
    return Class.RESYNC, _BLOCKED.total_seconds()


async def _serve(estate: Estate, lane: Lane, key: Key, _crash: Exception | None) -> Due:
    resource = estate.served(key)
    if resource is None or _lane_of(estate, key) is not lane:
        lane.slots.leave(key)
        return Class.RESYNC, 0.0
    desk = lay_desk(estate, lane, key)
    tombstone = estate.store.tombstone(key)
    if key in estate.resources or tombstone is None:
        report = await run(desk, begin(estate, resource))
    else:
        report = await Deletion(estate).run(desk, tombstone)
    return await _close(estate, desk, _guard(estate, report))


async def _bury(estate: Estate, lane: Lane, key: Key, crash: Exception | None) -> Due:
    """Report a crash as a failure of its key; when not even that can be written, try again later."""
    resource = estate.served(key)
    if resource is None or isinstance(crash, StateError):
        return Class.RESYNC, _BLOCKED.total_seconds()
    outcome = Failed(f"a bug in Setpoint: {type(crash).__name__}: {crash}")
    try:
        desk = lay_desk(estate, lane, key)
        give_places_back(desk, key, outcome)
        return await _close(estate, desk, Report(outcome, begin_blindly(estate, resource)))
    except StateError:
        return Class.RESYNC, _BLOCKED.total_seconds()


async def _close(estate: Estate, desk: Desk, report: Report) -> Due:
    resource = report.learned.resource
    before = estate.store.status(resource.key)
    status = await conclude(desk, report)
    _measure(estate, desk, status)
    if before is None or before.outputs != status.outputs or (is_ready(before) and not is_ready(status)):
        wake_needy(estate, resource.key)
    await Deletion(estate).bury(report)
    if estate.served(resource.key) is None:
        # It left while it was worked on, and `conclude` wrote over that; or it is deleted now.
        await release(estate, resource.key, None)
        await part_from_targets(estate)
    if _lane_of(estate, resource.key) is not desk.lane:
        desk.lane.slots.leave(resource.key)
    await rebuild(estate, desk.lane)
    if stepped(report) or before is None or _said(before) != _said(status):
        _tell(_log.info, desk, report, status)
    elif _of_all.isEnabledFor(logging.DEBUG):
        _tell(_log.debug, desk, report, status)
    await wake_others(estate, desk.lane, report, status)
    pass_turn(estate, report, status)
    _ask_again(estate, desk.lane, report)
    if _carried_out(estate, desk, report, status):
        # From now on the declaration counts again, and that may differ.
        return Class.CHANGED, 0.0
    return _next(estate, desk.lane, report, status.attempts)


def _ask_again(estate: Estate, lane: Lane, report: Report) -> None:
    """Have who is to publish how a target is reached looked at soon, and then ever more seldom.

    What starts tells its address within a minute, and would else be looked at in ten.
    """
    outcome = report.outcome
    if report.learned.owner.key != lane.target:
        return
    if not isinstance(outcome, Blocked) or outcome.on is None:
        lane.asked = 0
        return
    wake(estate, outcome.on, Class.RESYNC, backoff.while_awaited(lane.asked).total_seconds())
    lane.asked += 1


def _carried_out(estate: Estate, desk: Desk, report: Report, status: Status) -> bool:
    """Whether this was the good end of an order for something that is not as declared."""
    order, outcome = report.learned.order, report.outcome
    if order is None:
        return False
    ended = estate.orders.note(order, status, outcome, target=desk.lane.target, stepped=stepped(report))
    return ended and bool(order.changes) and not isinstance(outcome, Failed)


def _tell(log: Callable[..., object], desk: Desk, report: Report, status: Status) -> None:
    resource = report.learned.resource
    log(
        "reconcile_ended",
        key=str(resource.key),
        generation=resource.spec_hash[:12],
        reconcile_id=desk.reconcile_id,
        lane=str(desk.lane.target),
        version=desk.version[:12],
        outcome=status.outcome,
        sentence=status.sentence,
    )


def _said(status: Status) -> tuple[str, str]:
    return status.outcome, status.sentence


def _measure(estate: Estate, desk: Desk, status: Status) -> None:
    meters, kind = estate.ports.meters, status.key.kind
    meters.reconciled(kind, status.outcome, desk.age())
    if status.key in estate.declared and is_ready(status):
        meters.first_ready(kind, status.reconciled_at - estate.declared.pop(status.key))


def _lane_of(estate: Estate, key: Key) -> Lane | None:
    resource = estate.served(key)
    return estate.lane_of(resource) if resource is not None else None


def _guard(estate: Estate, report: Report) -> Report:
    """Turn an endless row of steps into a failure, so that a wrong comparison cannot write for ever."""
    key = report.learned.owner.key
    if not stepped(report):
        if settled(report.outcome):
            estate.streaks.pop(key, None)
        return report
    estate.streaks[key] = estate.streaks.get(key, 0) + 1
    if estate.streaks[key] < STREAK:
        return report
    sentence = f"after {STREAK} steps it still differs; last: {report.outcome.sentence}"
    return Report(Failed(sentence), report.learned)


def _next(estate: Estate, lane: Lane, report: Report, attempts: int) -> Due:
    """When the key is due again; a target that fails is looked at often, for everything on it waits for that."""
    resource, chance = report.learned.resource, estate.ports.chance()
    cls, after = _usual(estate, lane, report, attempts, chance)
    if resource.key != lane.target:
        return cls, min(after.total_seconds(), until_rebuild(estate, resource))
    failing = min(after, _DOWN) if isinstance(report.outcome, Failed) else after
    probe = lane.gate.next_probe()
    return cls, min(failing.total_seconds(), math.inf if probe is None else probe)


def _usual(
    estate: Estate, lane: Lane, report: Report, attempts: int, chance: float
) -> tuple[Class, timedelta]:
    match report.outcome:
        case Changed():
            return Class.CHANGED, timedelta(0)
        case Wait(_, after):
            return Class.CHANGED, after
        case Blocked(on=on):
            down = on == lane.target
            return Class.RESYNC, schedule.next_look(_DOWN, chance) if down else _BLOCKED
        case Held(holds) if any(hold.passing for hold in holds):
            return Class.RESYNC, _passing(estate, report.learned.resource, holds, chance)
        case Failed():
            return Class.RESYNC, backoff.delay(attempts, chance)
        case _:
            return Class.RESYNC, _poll(estate, report.learned.resource, chance)


def _passing(estate: Estate, resource: Resource, holds: tuple[Hold, ...], chance: float) -> timedelta:
    """Soon, or when the first of the holds ends where all say when; never later than the interval."""
    passing = [hold for hold in holds if hold.passing]
    if not all(hold.until for hold in passing):
        return _BLOCKED
    left = timedelta(seconds=min(hold.until for hold in passing) - estate.ports.now())
    return min(max(left, timedelta(seconds=1)), schedule.next_look(resource.policy.interval, chance))


def _poll(estate: Estate, resource: Resource, chance: float) -> timedelta:
    if resource.key in estate.polled:
        return schedule.next_look(resource.policy.interval, chance)
    estate.polled.add(resource.key)
    return schedule.first_look(resource.key, resource.policy.interval)
