"""What an expected error means for the key whose pass it ended; the journal keeps what may have been executed."""

from __future__ import annotations

from datetime import timedelta

from setpoint.decide import backoff
from setpoint.model.errors import (
    AwaitedError,
    BusyError,
    ConflictError,
    DownError,
    OutcomeUnknownError,
    RefusalError,
    SetpointError,
    StateError,
    TargetError,
    TransportError,
)
from setpoint.model.key import Key
from setpoint.model.outcome import Blocked, Changed, Failed, Outcome, Stalled, Wait
from setpoint.run.desk import Desk, Pass
from setpoint.run.lane import Busy

_DOUBT = timedelta(seconds=5)


async def judge(desk: Desk, learned: Pass, error: SetpointError, *, looking: bool) -> Outcome:
    """The outcome of a pass that `error` ended.

    While `looking` at the target as a whole it is the target that fails, and tells of it; the others wait for it.
    """
    key, target = learned.owner.key, desk.lane.target
    if looking and key != target and not isinstance(error, StateError):
        return Blocked(f"{target} cannot be looked at: {error}", target)
    if isinstance(error, AwaitedError):
        return Blocked(str(error), error.on)
    if isinstance(error, OutcomeUnknownError):
        return await _doubt(desk, key, error)
    if isinstance(error, TargetError):
        await _forget(desk, learned)
    return _certain(desk, key, error)


def unless_itself(learned: Pass, outcome: Outcome) -> Outcome:
    """A target cannot wait for itself: what its resources wait for is its own failure."""
    if isinstance(outcome, Blocked) and outcome.on == learned.owner.key:
        return Failed(outcome.sentence, transport=True)
    return outcome


def _certain(desk: Desk, key: Key, error: SetpointError) -> Outcome:
    """What it means when nothing was executed."""
    match error:
        case DownError(scope=scope):
            return _down(desk, key, error, scope)
        case TransportError():
            return Failed(str(error), transport=True)
        case ConflictError():
            desk.lane.acted[key] = desk.ports.now()
            return Changed(f"{error}; looking again")
        case BusyError():
            return _busy(desk, key, error)
        case RefusalError() | StateError():
            return Failed(str(error))
        case _:
            return Stalled(str(error))


async def _doubt(desk: Desk, key: Key, error: OutcomeUnknownError) -> Outcome:
    desk.lane.acted[key] = desk.ports.now()
    if desk.store.intent(key) is None:
        return Failed(str(error))
    await desk.calls.call(desk.store.note_doubt, key, desk.ports.now())
    return Wait(f"{error}; looking again", _DOUBT)


def _down(desk: Desk, key: Key, error: DownError, scope: str) -> Outcome:
    """Nothing was tried: the target tells of it, and this key goes first when the scope may be tried again."""
    if key == desk.lane.target:
        return Failed(str(error), transport=True)
    desk.lane.scouts[scope] = key
    return Blocked(str(error), desk.lane.target)


def _busy(desk: Desk, key: Key, error: BusyError) -> Outcome:
    """Wait a little; a target that stays busy with a key is a failure in the end."""
    now = desk.ports.now()
    desk.lane.slots.leave(key)
    desk.lane.acted[key] = now
    before = desk.lane.busy.get(key, Busy(now, 0))
    desk.lane.busy[key] = Busy(min(before.since, now), before.times + 1)
    if now - before.since > backoff.BUSY_LIMIT.total_seconds():
        return Failed(f"{error}; it has been so for {backoff.BUSY_LIMIT}")
    return Wait(f"{error}; trying again", backoff.while_busy(before.times), idle=True)


async def _forget(desk: Desk, learned: Pass) -> None:
    """Close the intent of a step that was certainly not executed in this pass."""
    intent = desk.store.intent(learned.owner.key)
    if intent is not None and (learned.pending is None or intent.began != learned.pending.began):
        await desk.calls.call(desk.store.take_back_intent, learned.owner.key)
