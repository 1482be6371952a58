"""The stages that remember: what is known of the key, and the operation that a former pass began."""

from __future__ import annotations

from datetime import timedelta

from setpoint.model.outcome import Failed, Outcome, Wait
from setpoint.model.plan import Finished, Intent, Running
from setpoint.run.desk import Desk, Pass

SETTLE = 30.0
"""Seconds in which a call may still be executed by the target after its reply was lost."""
_POLL_FIRST, _POLL_CAP = 1.0, 10.0


async def recall(desk: Desk, now: Pass) -> Pass | Outcome:
    """Read what is remembered of the key."""
    key = now.owner.key
    reservation = await desk.calls.call(desk.store.reservation, key)
    approvals = await desk.calls.call(desk.store.approvals)
    return now.learn(
        item=await desk.calls.call(desk.store.item, key),
        pending=await desk.calls.call(desk.store.intent, key),
        reserved=reservation,
        approvals=frozenset(approval.token for approval in approvals),
    )


async def resume(desk: Desk, now: Pass) -> Pass | Outcome:
    """Go on with the operation under way, or find the one that a crash or a lost reply left behind."""
    intent = now.pending
    if intent is None:
        return now
    client = desk.lane.client()
    operation = intent.operation
    if not operation:
        operation = await desk.lane.port.find(client, intent) or ""
        if not operation:
            return now
        await desk.calls.call(desk.store.note_operation, now.owner.key, operation)
    match await desk.lane.port.poll(client, operation):
        case Running(progress):
            doing = f"{intent.verb} goes on" + (f": {progress}" if progress else "")
            return Wait(doing, _next_poll(desk, intent))
        case Finished(error):
            await desk.calls.call(desk.store.close_intent, now.owner.key)
            desk.lane.acted[now.owner.key] = desk.ports.now()
            if error:
                return Failed(f"{intent.verb} failed: {error}")
            return now.learn(pending=None)


def unsettled(desk: Desk, intent: Intent) -> timedelta | None:
    """How long a call whose outcome is unknown may still take effect; None once it cannot."""
    left = max(intent.began, intent.doubted) + SETTLE - desk.ports.now()
    return timedelta(seconds=left) if left > 0 else None


def _next_poll(desk: Desk, intent: Intent) -> timedelta:
    age = desk.ports.now() - intent.began
    return timedelta(seconds=min(max(age / 2, _POLL_FIRST), _POLL_CAP))
