"""The heart: what happens to one key, stage by stage. A stage learns more, or ends the pass with an outcome."""

from __future__ import annotations

from datetime import timedelta

from setpoint.model.errors import (
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    SetpointError,
    StateError,
    TransportError,
)
from setpoint.model.outcome import Changed, Done, Failed, Outcome, Stalled, Wait
from setpoint.run.act import act, compare, foresee, plan
from setpoint.run.desk import Desk, Pass, Report, Stage
from setpoint.run.observe import await_references, identify, observe, own, survey
from setpoint.run.recall import recall, resume
from setpoint.run.resolve import resolve

LOOK: tuple[Stage, ...] = (recall, await_references, survey, identify, observe, own, resolve, compare, plan)
FORESEE: tuple[Stage, ...] = (*LOOK, foresee)
RECONCILE: tuple[Stage, ...] = (
    recall,
    await_references,
    resume,
    survey,
    identify,
    observe,
    own,
    resolve,
    compare,
    plan,
    act,
)


_DOUBT = timedelta(seconds=5)


async def run(desk: Desk, start: Pass, stages: tuple[Stage, ...] = RECONCILE) -> Report:
    """Take `start` through the stages; expected errors become outcomes, anything else is a bug and raises."""
    learned = start
    for stage in stages:
        try:
            result = await stage(desk, learned)
        except SetpointError as error:
            return Report(await _outcome(desk, learned, error), learned)
        if not isinstance(result, Pass):
            return Report(result, learned)
        learned = result
    return Report(Done(), learned)


async def _outcome(desk: Desk, learned: Pass, error: SetpointError) -> Outcome:
    """What an expected error means; the journal keeps the intent only while its effect is not known."""
    key = learned.owner.key
    intent = await desk.calls.call(desk.store.intent, key)
    match error:
        case OutcomeUnknownError():
            desk.lane.acted[key] = desk.ports.now()
            if intent is None:
                return Failed(str(error))
            await desk.calls.call(desk.store.note_doubt, key, desk.ports.now())
            return Wait(f"{error}; looking again", _DOUBT)
        case TransportError():
            await _forget(desk, learned)
            return Failed(str(error), transport=True)
        case ConflictError():
            await _forget(desk, learned)
            desk.lane.acted[key] = desk.ports.now()
            return Changed(f"{error}; looking again")
        case RefusalError():
            await _forget(desk, learned)
            return Failed(str(error))
        case _:
            return Failed(str(error)) if isinstance(error, StateError) else Stalled(str(error))


async def _forget(desk: Desk, learned: Pass) -> None:
    """Close the intent of a step that was certainly not executed in this pass."""
    intent = await desk.calls.call(desk.store.intent, learned.owner.key)
    if intent is not None and (learned.pending is None or intent.began != learned.pending.began):
        await desk.calls.call(desk.store.close_intent, learned.owner.key)
