"""The stage that takes away what is to be made anew by schedule; the passes after it make the next one as any other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from setpoint.decide.deletion.mode import deletes
from setpoint.decide.deletion.owned import owned
from setpoint.decide.deletion.source import unsure
from setpoint.decide.diff import diff
from setpoint.decide.holds import judge
from setpoint.decide.lifecycle import begin, due, make, next_rebuild, see
from setpoint.model.hold import Hold, Rule
from setpoint.model.kind import Planning
from setpoint.model.lifecycle import Age
from setpoint.model.observation import Absent, Present
from setpoint.model.outcome import Outcome
from setpoint.model.plan import Disruption, PlannedStep, Step
from setpoint.model.resource import Resource
from setpoint.run.desk import Desk, Pass, Wipe
from setpoint.run.estate import Estate
from setpoint.run.observe import looked
from setpoint.run.resolve import treatments, with_prints
from setpoint.store.records import Item


async def wipe(desk: Desk, now: Pass) -> Pass | Outcome:
    """Plan to take the object away, if its moment has come, it is surely ours, and the next one could be made."""
    lifecycle, item = now.resource.policy.lifecycle, now.item
    if lifecycle is None or item is None or not isinstance(now.observation, Present):
        return now
    steps = _removal(desk, now, item)
    moment = due(lifecycle, item.age, desk.ports.now(), stopped=len(steps) == 1) if steps else None
    if moment is None:
        return now
    anew = _making(now)
    steps = (*steps[:-1], replace(steps[-1], then=next(iter(anew), None)))
    judged = judge(looked(desk, now, steps), steps)
    # Nothing is stopped that could not be destroyed, and nothing destroyed that could not be made.
    holds = tuple(
        dict.fromkeys((*(hold for one in judged for hold in one.holds), *_hindrances(desk, now, anew)))
    )
    return now.learn(wipe=Wipe(moment, steps), planned=tuple(PlannedStep(one.step, holds) for one in judged))


def doubt(estate: Estate, resource: Resource) -> Hold | None:
    """What speaks against destroying something because its declaration says so."""
    declared = estate.resources.get(resource.key)
    if declared is None or declared.spec_hash != resource.spec_hash:
        return Hold(
            Rule.SOURCE, "its declaration is another one by now", "it is looked at anew", passing=True
        )
    return unsure(estate.declarations(), "nothing is wiped")


def doubts(desk: Desk, now: Pass, step: Step) -> tuple[Hold, ...]:
    """What came up against a step since it was planned, if that is one of a wipe."""
    hold = desk.doubt(now.resource) if now.wipe is not None and step in now.wipe.steps else None
    return () if hold is None else (hold,)


def turned(now: Pass, step: Step, item: Item | None) -> Item | None:
    """The inventory's row as it is from before a step on; None when the step is nothing to it."""
    if item is None:
        return None
    if now.wipe is not None and step in now.wipe.steps:
        return replace(item, age=begin(item.age, now.wipe.moment, last=step == now.wipe.steps[-1]))
    return replace(item, age=make(item.age)) if isinstance(now.observation, Absent) else None


def aged(desk: Desk, learned: Pass, stored: Item) -> Age:
    """How old the present object is, as it is to be remembered after the pass; while something goes on, as before."""
    if learned.wipe is not None or desk.store.intent(stored.key) is not None:
        return stored.age
    return see(stored.age, desk.ports.now())


def until_rebuild(estate: Estate, resource: Resource) -> float:
    """Seconds until it is to be made anew; infinite when that is not to come."""
    lifecycle, item = resource.policy.lifecycle, estate.store.item(resource.key)
    if lifecycle is None or item is None:
        return math.inf
    now = estate.ports.now()
    moment = next_rebuild(lifecycle, item.age, now)
    return moment - now if moment is not None and moment > now else math.inf


def _removal(desk: Desk, now: Pass, item: Item) -> tuple[Step, ...]:
    """The steps that take it away; none while it is not surely ours and meant to be destroyed."""
    assert isinstance(now.observation, Present)  # noqa: S101  # the caller
    assert now.survey is not None  # noqa: S101  # an earlier stage
    kind, seen = now.kind, now.observation
    policy = now.resource.policy
    if kind.remove is None or not deletes(policy, removable=True, stateful=kind.stateful):
        return ()
    listed = kind.object_id(item.identity) if item.target == desk.lane.target else None
    if item.released or owned(now.owner, kind.object_id(seen.identity), seen.mark, listed) is not None:
        return ()
    return tuple(
        replace(step, summary=f"{step.summary}, to make it anew by schedule", disruption=Disruption.RECREATE)
        for step in kind.remove(now.owner, seen.state, now.survey.facts)
    )


def _making(now: Pass) -> tuple[Step, ...]:
    """The steps that would make it if it were not there."""
    assert now.survey is not None  # noqa: S101  # an earlier stage
    if now.lacking or now.withheld:
        return ()
    absent = diff(with_prints(now.kind.declare(now.spec), now), None, treatments(now), applied=None)
    return now.kind.plan(absent, Planning(now.spec, now.owner, None, now.identity, now.survey.facts))


def _hindrances(desk: Desk, now: Pass, anew: tuple[Step, ...]) -> Iterator[Hold]:
    hold = desk.doubt(now.resource)
    if hold is not None:
        yield hold
    if not anew:
        why = "it is not wiped, for it could not be made anew now"
        yield Hold(Rule.IMPOSSIBLE, why, "see what else is wrong with it: setpoint status", passing=True)
    for step in anew:
        if step.obstacle is not None:
            why = f"it is not wiped, for it could not be made anew: {step.obstacle.why}"
            yield Hold(Rule.IMPOSSIBLE, why, step.obstacle.remedy, passing=step.obstacle.passing)
