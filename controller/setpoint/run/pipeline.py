"""The heart: what happens to one key, stage by stage. A stage learns more, or ends the pass with an outcome."""

from __future__ import annotations

from setpoint.model.errors import SetpointError
from setpoint.model.key import Key
from setpoint.model.observation import Present
from setpoint.model.outcome import Done, Outcome
from setpoint.run.act import act, compare, forecast, foresee, plan
from setpoint.run.compute import compute
from setpoint.run.desk import Desk, Pass, Report, Stage
from setpoint.run.elsewhere import seek
from setpoint.run.mishap import judge, unless_itself
from setpoint.run.observe import await_references, identify, meet, observe, own, survey
from setpoint.run.recall import recall, resume
from setpoint.run.resolve import resolve
from setpoint.run.take import take
from setpoint.run.wipe import wipe

LOOK: tuple[Stage, ...] = (
    recall,
    await_references,
    survey,
    identify,
    observe,
    seek,
    own,
    take,
    compute,
    resolve,
    compare,
    wipe,
    plan,
)
FORESEE: tuple[Stage, ...] = (*LOOK, forecast, foresee)
RECONCILE: tuple[Stage, ...] = (
    recall,
    await_references,
    meet,
    resume,
    survey,
    identify,
    observe,
    seek,
    own,
    take,
    compute,
    resolve,
    compare,
    wipe,
    plan,
    act,
)


async def run(desk: Desk, start: Pass, stages: tuple[Stage, ...] = RECONCILE) -> Report:
    """Take `start` through the stages; expected errors become outcomes, anything else is a bug and raises."""
    key, busy = start.owner.key, desk.lane.busy
    before = busy.get(key)
    # Only what is followed by an act may rest on a part, for then everything is looked at by the next pass.
    report = await _through(desk, start.learn(in_full=False) if stages is RECONCILE else start, stages)
    if _rests_on_a_part(report):
        report = await _through(desk, start, stages)
    if busy.get(key) is before:
        busy.pop(key, None)
    give_places_back(desk, key, report.outcome)
    seen = report.learned.observation
    if isinstance(seen, Present):
        desk.spaces.note(key, report.learned.outputs or {}, seen.state)
    elif seen is not None:
        desk.spaces.miss(key)
    return report


def _rests_on_a_part(report: Report) -> bool:
    """Whether it ended with no step to take, and not everything was looked at for that."""
    seen, planned = report.learned.observation, report.learned.planned
    return isinstance(seen, Present) and seen.partial and all(one.holds for one in planned)


def give_places_back(desk: Desk, key: Key, outcome: Outcome) -> None:
    """After a pass, be it one that crashed: a key keeps places for a step under way, or while it waits in turn."""
    if desk.lane.slots.knows(key):
        here = desk.store.intent_target(key) == desk.lane.target
        intent = desk.store.intent(key) if here else None
        desk.lane.slots.settle(key, outcome, intent)


async def _through(desk: Desk, start: Pass, stages: tuple[Stage, ...]) -> Report:
    learned = start
    for stage in stages:
        try:
            result = await stage(desk, learned)
        except SetpointError as error:
            return Report(await judge(desk, learned, error, looking=stage is survey), learned)
        if not isinstance(result, Pass):
            return Report(unless_itself(learned, result), learned)
        learned = result
    return Report(Done(), learned)
