"""The stages that remember: what is known of the key, and the operation that a former pass began."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from setpoint.model.errors import BusyError, RefusalError, TransportError
from setpoint.model.key import Key
from setpoint.model.outcome import Failed, Outcome, Wait
from setpoint.model.plan import Finished, Intent, OperationState, Running
from setpoint.run.desk import Desk, Pass
from setpoint.store.records import Item

SETTLE = 30.0
"""Seconds in which a call may still be executed by the target after its reply was lost."""
LIMIT = 60.0
"""Seconds that a question about an operation may take."""
_POLL_FIRST, _POLL_CAP = 1.0, 10.0


async def recall(desk: Desk, now: Pass) -> Pass | Outcome:
    """Read what is remembered of the key."""
    key = now.owner.key
    pending = await _pending(desk, key)
    return now.learn(
        item=desk.store.item(key),
        pending=pending,
        reserved=desk.store.reservation(key),
        approvals=desk.store.tokens(),
    )


async def resume(desk: Desk, now: Pass) -> Pass | Outcome:
    """Go on with the operation under way, or find the one that a crash or a lost reply left behind."""
    intent = now.pending
    if intent is None:
        return now
    client = desk.lane.client()
    operation = intent.operation
    if not operation:
        operation = await _find(desk, client, intent)
        if not operation:
            return now
        await desk.calls.call(desk.store.note_operation, now.owner.key, operation)
    match await _poll(desk, client, replace(intent, operation=operation)):
        case Running(progress):
            doing = f"{intent.verb} goes on" + (f": {progress}" if progress else "")
            return Wait(doing, _next_poll(desk, intent))
        case Finished(error):
            if not error:
                await _note_birth(desk, now.owner.key)
            await _end(desk, now.owner.key, well=not error)
            desk.lane.acted[now.owner.key] = desk.ports.now()
            if error:
                return Failed(f"{intent.verb} failed: {error}")
            # What ended well is remembered of the item: the secrets that were sent are not sent again.
            return now.learn(pending=None, item=desk.store.item(now.owner.key))
        case None:
            await _end(desk, now.owner.key, well=False)
            desk.lane.acted[now.owner.key] = desk.ports.now()
            return now.learn(pending=None)


async def _note_birth(desk: Desk, key: Key) -> None:
    """What an operation has made is ours from then on: another hand may take its mark before we have seen it once."""
    item = desk.store.item(key)
    if item is not None and item.applied is not None and not item.seen_at:
        await desk.calls.call(desk.store.save_item, replace(item, seen_at=desk.ports.now()))


async def _end(desk: Desk, key: Key, *, well: bool) -> None:
    close = desk.store.complete_intent if well else desk.store.close_intent
    await desk.calls.call(close, key)


async def _find(desk: Desk, client: Any, intent: Intent) -> str:
    try:
        async with _bounded(f"what became of {intent.verb}"):
            return await desk.lane.port.find(client, intent) or ""
    except BusyError:
        raise
    except RefusalError:
        if unsettled(desk, intent) is not None:
            raise
        return ""


async def _poll(desk: Desk, client: Any, intent: Intent) -> OperationState | None:
    """How the operation stands; None for one that the target knows no more: it has ended, and is observed."""
    try:
        async with _bounded(f"how {intent.verb} goes on"):
            return await desk.lane.port.poll(client, intent.operation)
    except BusyError:
        raise
    except RefusalError:
        if unsettled(desk, intent) is not None:
            raise
        return None


@asynccontextmanager
async def _bounded(question: str) -> AsyncGenerator[None]:
    try:
        async with asyncio.timeout(LIMIT):
            yield
    except TimeoutError:
        raise TransportError(f"no answer within {LIMIT:.0f} s, {question} is not known") from None


async def _pending(desk: Desk, key: Key) -> Intent | None:
    """The step under way; one from the future began before the clock was set back, and begins to settle now."""
    intent, moment = desk.store.intent(key), desk.ports.now()
    if intent is not None and await _left_elsewhere(desk, key, intent):
        return None
    if intent is None or max(intent.began, intent.doubted) <= moment:
        return intent
    intent = replace(intent, began=min(intent.began, moment), doubted=moment)
    await desk.calls.call(desk.store.open_intent, key, desk.lane.target, intent)
    return intent


async def _left_elsewhere(desk: Desk, key: Key, intent: Intent) -> bool:
    """Whether the step was begun on another target. What it was making there is remembered, or one more is made here."""
    target = desk.store.intent_target(key)
    if target is None or target == desk.lane.target:
        return False
    if intent.identity and desk.store.item(key) is None:
        left = Item(key, target, intent.identity, {}, 0.0)
        await desk.calls.call(desk.store.save_item, left)
    return True


def unsettled(desk: Desk, intent: Intent) -> timedelta | None:
    """How long a call whose outcome is unknown may still take effect; None once it cannot."""
    left = max(intent.began, intent.doubted) + SETTLE - desk.ports.now()
    return timedelta(seconds=left) if left > 0 else None


def _next_poll(desk: Desk, intent: Intent) -> timedelta:
    age = desk.ports.now() - intent.began
    return timedelta(seconds=min(max(age / 10, _POLL_FIRST), _POLL_CAP))
