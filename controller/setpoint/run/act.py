"""The stages that decide and act: compare, plan, and take exactly one step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from setpoint.decide.diff import diff, noted, without
from setpoint.decide.holds import judge
from setpoint.decide.scope import actionable, standing, visible
from setpoint.model.diff import Projection
from setpoint.model.errors import OutcomeUnknownError
from setpoint.model.hold import Hold
from setpoint.model.identity import Identity
from setpoint.model.kind import Acting, Planning
from setpoint.model.observation import Present
from setpoint.model.outcome import Changed, Done, Held, Outcome, Wait
from setpoint.model.plan import Applied, Disruption, Intent, Started, Step, waiting
from setpoint.model.policy import Manage
from setpoint.model.tree import Json, Pointer, covers
from setpoint.run.compute import open_questions
from setpoint.run.desk import Desk, Pass
from setpoint.run.equip import key_of, way_of
from setpoint.run.freezing import STOPS
from setpoint.run.observe import looked
from setpoint.run.recall import unsettled
from setpoint.run.resolve import remembered, treatments, with_prints
from setpoint.run.rollout import begun, foresee_turn
from setpoint.run.take import hold_of
from setpoint.run.wipe import doubts, turned
from setpoint.store.records import Disrupted, Item

LIMIT = 180.0
"""Seconds that an act may take; what takes longer is begun by it and polled."""
_SOON = timedelta(seconds=1)
_UNSEEN = timedelta(seconds=30)


async def compare(_desk: Desk, now: Pass) -> Pass | Outcome:
    """Find every difference between what is declared and what is seen."""
    declared = with_prints(now.kind.declare(now.spec), now)
    seen = _seen(now)
    policy = now.resource.policy
    found = diff(
        declared,
        seen,
        treatments(now),
        applied=remembered(now),
        ignore=policy.ignore,
        exclusive=now.kind.exclusive(now.spec),
    )
    shown = visible(noted(without(found, now.suspended), now.notes or {}), policy)
    return now.learn(
        declared=declared,
        found=shown,
        standing=(*standing(shown, policy), *open_questions(now), *map(hold_of, now.conflicts)),
    )


def _seen(now: Pass) -> Projection | None:
    if not isinstance(now.observation, Present):
        return None
    seen = now.kind.project(now.observation.state)
    hidden = (*now.withheld, *now.lacking, *now.suspended)
    return replace(seen, unseen=(*seen.unseen, *hidden)) if hidden else seen


async def plan(desk: Desk, now: Pass) -> Pass | Outcome:
    """Say what would correct the differences, and what holds each step; nothing is made of a size that is not known."""
    assert now.found is not None  # noqa: S101  # an earlier stage
    assert now.survey is not None  # noqa: S101  # an earlier stage
    if any(not one.holds for one in now.planned):
        return now
    correctable = actionable(now.found, now.resource.policy)
    state = now.observation.state if isinstance(now.observation, Present) else None
    if state is None and now.lacking:
        return now
    # What is only looked at may be somebody else's, and lacks nothing without our mark.
    ours = now.resource.policy.manage is not Manage.OBSERVE
    mark = now.kind.mark(now.owner, state) if ours and state is not None else None
    steps: tuple[Step, ...] = () if mark is None else (mark,)
    if correctable.changes:
        planning = Planning(now.spec, now.owner, state, now.identity, now.survey.facts)
        steps += now.kind.plan(correctable, planning)
    return now.learn(planned=(*now.planned, *judge(looked(desk, now, steps), steps))) if steps else now


async def act(desk: Desk, now: Pass) -> Pass | Outcome:
    """Take the first step that nothing holds; the next pass observes what came of it."""
    free = next((planned.step for planned in now.planned if not planned.holds), None)
    if free is None:
        return await _rest(desk, now)
    if now.pending is not None:
        left = unsettled(desk, now.pending)
        if left is not None:
            return Wait(f"the outcome of {now.pending.verb} is not known yet", left)
        await desk.calls.call(desk.store.close_intent, now.owner.key)
        # Whatever fails again and again queues up anew each time, or two such keys would keep all places.
        desk.lane.slots.leave(now.owner.key)
    turn = desk.lane.slots.enter(now.owner.key, free.scopes)
    if turn is not None:
        return turn
    return await _take(desk, now, free)


async def _take(desk: Desk, now: Pass, free: Step) -> Outcome:
    """Take the step: the intent is in the journal before the effect."""
    identity = await _identity(desk, now, free)
    acting = Acting(
        now.owner,
        identity,
        free.arguments,
        now.secrets,
        _writer(desk, now),
        key_of(now),
        way_of(desk, now),
        by=now.order.by if now.order is not None else "",
    )
    intent = replace(
        Intent(free.verb, identity, free.arguments, desk.ports.now(), free.scopes, _carried(now, free)),
        waiting=waiting(free),
    )
    if await desk.calls.call(_open, desk, now, free, intent):
        return _stopped(free)
    if any(hold.rule in STOPS for hold in _holds(desk, now, free)):
        # Frozen while the intent was written: whoever froze was told so maybe, and what begins now would begin after it.
        await desk.calls.call(desk.store.take_back_intent, now.owner.key)
        return _stopped(free)
    desk.ports.meters.stepped(now.owner.key.kind, free.verb)
    answer = await _begin(desk, now, free, acting)
    desk.lane.acted[now.owner.key] = desk.ports.now()
    return await _conclude_step(desk, now, free, identity, answer)


def _open(desk: Desk, now: Pass, step: Step, intent: Intent) -> tuple[Hold, ...]:
    """Write the intent unless something holds the step by now: the store takes one call at a time, so nothing comes between."""
    holds = _holds(desk, now, step)
    if not holds:
        key, target = now.owner.key, desk.lane.target
        stored = desk.store.item(key)
        row = turned(now, step, stored)
        row = begun(now, step, row or stored, intent.began) or row
        desk.store.open_intent(key, target, intent, step.disruption, row)
    return holds


def _holds(desk: Desk, now: Pass, step: Step) -> tuple[Hold, ...]:
    (again,) = judge(looked(desk, now, (step,)), (step,), now.rules)
    return (*again.holds, *doubts(desk, now, step))


def _stopped(step: Step) -> Wait:
    return Wait(f"{step.summary} was about to begin when that was stopped", _SOON, idle=True)


async def forecast(desk: Desk, now: Pass) -> Pass | Outcome:
    """Add the steps that those that are free will make necessary, each with what would hold it."""
    planned = {one.step.verb for one in now.planned}
    free = (one.step.then for one in now.planned if not one.holds)
    coming = tuple(step for step in free if step is not None and step.verb not in planned)
    return now.learn(planned=(*now.planned, *judge(looked(desk, now, coming), coming))) if coming else now


async def foresee(desk: Desk, now: Pass) -> Pass | Outcome:
    """Say what `act` would do, in this pass and in those that follow from what is known now; what it disturbs is counted."""
    free = [planned.step for planned in now.planned if not planned.holds]
    worst = max((step.disruption for step in free), default=Disruption.NONE)
    if worst >= Disruption.STOP:
        disrupted = Disrupted(now.owner.key, desk.ports.now(), desk.lane.target, worst)
        await desk.calls.call(desk.store.note_disruption, disrupted)
    await foresee_turn(desk, now, free)
    return Changed("; ".join(step.summary for step in free)) if free else await _rest(desk, now)


async def _rest(desk: Desk, now: Pass) -> Outcome:
    """Nothing can be done now: in sync, held, or not known."""
    assert now.found is not None  # noqa: S101  # an earlier stage
    if now.pending is not None:
        left = unsettled(desk, now.pending)
        if left is not None and now.planned:
            return Wait(f"the outcome of {now.pending.verb} is not known yet", left)
        await desk.calls.call(desk.store.close_intent, now.owner.key)
    holds = (*(hold for planned in now.planned for hold in planned.holds), *now.standing)
    if holds:
        return Held(tuple(dict.fromkeys(holds)))
    if now.found.unseen:
        return Wait(f"could not read {', '.join(now.found.unseen)}", _UNSEEN)
    if now.found.changes:
        paths = ", ".join(change.path.lstrip("/") for change in now.found.changes)
        return Wait(f"{paths} differs and no step is known that corrects it", _UNSEEN)
    return Done()


async def _begin(desk: Desk, now: Pass, step: Step, acting: Acting) -> Applied | Started:
    try:
        async with asyncio.timeout(LIMIT):
            return await now.kind.acts[step.verb](desk.lane.client(), acting)
    except TimeoutError:
        raise OutcomeUnknownError(f"{step.verb} gave no answer within {LIMIT:.0f} s") from None


def _writer(desk: Desk, now: Pass) -> Callable[[Mapping[str, Json]], Awaitable[None]]:
    async def write(notes: Mapping[str, Json]) -> None:
        await desk.calls.call(desk.store.note_way, now.owner.key, notes)

    return write


async def _identity(desk: Desk, now: Pass, step: Step) -> Identity:
    if step.reserve is None:
        return now.identity or {}
    number = await desk.calls.call(
        desk.store.reserve, desk.lane.target, step.reserve, now.owner.key, desk.ports.now()
    )
    return {**(now.identity or {}), step.reserve.space: number}


def _carried(now: Pass, step: Step) -> Mapping[Pointer, str]:
    """The fingerprints of the secrets that the step sends: those of the fields that it corrects."""
    paths = [change.path for change in step.changes]
    return {place: text for place, text in now.prints.items() if any(covers(path, place) for path in paths)}


async def _conclude_step(
    desk: Desk, now: Pass, step: Step, identity: Identity, answer: Applied | Started
) -> Outcome:
    key = now.owner.key
    if now.item is None or now.item.released:
        adopted = now.item is None and isinstance(now.observation, Present)
        born = Item(key, desk.lane.target, identity, None if adopted else {}, 0.0)
        await desk.calls.call(desk.store.save_item, born)
    match answer:
        case Started(operation):
            await desk.calls.call(desk.store.note_operation, key, operation)
            return Wait(step.summary, _SOON)
        case Applied():
            await desk.calls.call(desk.store.complete_intent, key)
            return Changed(step.summary)
