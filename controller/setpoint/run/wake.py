"""Who is looked at again because of what became of another: its dependants, and all keys of a target that is back."""

from __future__ import annotations

from typing import Any

import structlog

from setpoint.model.key import Key
from setpoint.model.outcome import Blocked, Done, Failed, Held, Outcome, Stalled
from setpoint.model.survey import Survey
from setpoint.run.desk import Report
from setpoint.run.estate import Estate, is_ready
from setpoint.run.lane import Lane
from setpoint.run.queue import Class
from setpoint.store.records import Status

SPREAD = 60.0
"""Seconds at most over which the keys of a target that is back are spread."""
PACE = 1.0
"""Seconds between two of them while they are few."""
_log = structlog.stdlib.get_logger("setpoint.wake")


def wake(estate: Estate, key: Key, cls: Class = Class.CHANGED, delay: float = 0.0) -> None:
    """Make `key` due in its lane, unless only others are looked at."""
    if estate.only is not None and key not in estate.only:
        return
    resource = estate.served(key)
    lane = estate.lane_of(resource) if resource is not None else None
    if lane is not None:
        lane.queue.add(key, cls, delay)


def wake_needy(estate: Estate, key: Key) -> None:
    """Make due what needs `key` or takes from it: it publishes something else now, or is in sync no more."""
    for other in estate.needy(key):
        wake(estate, other, Class.RESYNC)


def wake_departed(estate: Estate) -> None:
    """Make everything due that left the declarations and is to be deleted."""
    for key in estate.store.tombstones():
        if key not in estate.resources:
            wake(estate, key)


def breaker_moved(estate: Estate, target: Key, scope: str) -> None:
    """Let the target tell of a breaker that opened or closed; what waited for one that closed is due again."""
    lane = estate.lanes.get(target)
    if lane is None:
        return
    trouble = next((trouble for trouble in lane.gate.troubles() if trouble.scope == scope), None)
    wake(estate, target)
    if trouble is not None:
        _log.warning("breaker_opened", lane=str(target), scope=scope, sentence=str(trouble))
        return
    _log.info("breaker_closed", lane=str(target), scope=scope)
    keys = sorted(estate.waiting.pop(target, ()))
    span = min(SPREAD, PACE * len(keys))
    for number, key in enumerate(keys):
        wake(estate, key, Class.RESYNC, span * number / len(keys))


async def wake_others(estate: Estate, lane: Lane, report: Report, status: Status) -> None:
    """After a pass: note what its key waits for, and wake those that may have waited for it."""
    key, outcome = report.learned.owner.key, report.outcome
    on = _waits_for(lane, key, outcome)
    if on is None:
        estate.waiting.get(lane.target, set()).discard(key)
    else:
        estate.waiting.setdefault(on, set()).add(key)
    if key == lane.target:
        _wake_hosted(estate, lane, outcome, status)
    elif isinstance(outcome, Done | Held | Stalled):
        _wake_all(estate, key, Class.CHANGED)
    elif on == lane.target and _says_well(estate, lane.target, report.learned.survey):
        wake(estate, lane.target)


def _says_well(estate: Estate, target: Key, survey: Survey[Any] | None) -> bool:
    """Whether a target still says that all is well, and has not looked since `survey`: it is the one to tell of trouble.

    Where it has looked and differs, it is not asked again, or it and its keys would wake each other without end.
    """
    status = estate.store.status(target)
    old = status is not None and (survey is None or status.reconciled_at < survey.begun)
    return old and estate.ready(target)


def _waits_for(lane: Lane, key: Key, outcome: Outcome) -> Key | None:
    """What wakes the key: a lost call is tried again by itself, and at once when the target is back."""
    match outcome:
        case Blocked(_, on):
            return on
        case Failed(transport=True) if key != lane.target:
            return lane.target
        case _:
            return None


def _wake_hosted(estate: Estate, lane: Lane, outcome: Outcome, status: Status) -> None:
    for scope in lane.gate.due():
        if scope in lane.scouts:
            wake(estate, lane.scouts.pop(scope))
    if not isinstance(outcome, Done | Held | Stalled):
        return
    said = [f"{condition.type} {condition.message}" for condition in status.conditions]
    if is_ready(status) or said != lane.said:
        lane.said = said
        _wake_all(estate, lane.target, Class.RESYNC)


def _wake_all(estate: Estate, key: Key, cls: Class) -> None:
    for dependant in sorted(estate.waiting.pop(key, ())):
        wake(estate, dependant, cls)
