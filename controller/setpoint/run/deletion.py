"""How what left the declarations is deleted: the stages of a reconcile, with steps that take the object away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from setpoint.decide.deletion import STEP_RULES, hold_steps, weigh
from setpoint.decide.deletion.mode import grace_of
from setpoint.decide.deletion.owned import again_token, owned, taken_up
from setpoint.decide.deletion.weighing import Group, Scales
from setpoint.model.diff import Diff
from setpoint.model.errors import RefusalError
from setpoint.model.hold import Hold, Rule
from setpoint.model.kind import Acting
from setpoint.model.observation import Absent, Present
from setpoint.model.outcome import Done, Failed, Held, Outcome, Wait
from setpoint.model.plan import ActResult, Step
from setpoint.model.tombstone import Phase, Tombstone
from setpoint.run.act import act, foresee
from setpoint.run.begin import begin, begin_blindly
from setpoint.run.desk import Desk, Pass, Report, Stage
from setpoint.run.estate import Estate
from setpoint.run.observe import identify, looked, observe, survey
from setpoint.run.pipeline import run
from setpoint.run.recall import recall, resume, unsettled
from setpoint.run.spaces import Spaces

SURE = timedelta(seconds=10)
"""Between the two looks that have to find an object gone."""


def scales(estate: Estate) -> Scales:
    """Everything by which tombstones are weighed, as it is now."""
    ours: Counter[Group] = Counter(
        (item.key.kind, item.target) for item in estate.store.items() if not item.released
    )
    return Scales(
        tombstones=estate.store.tombstones(),
        resources=estate.resources,
        ours=ours,
        declarations=estate.declarations(),
        kinds=estate.kinds.keys(),
        approved=estate.store.approved,
        now=estate.ports.now(),
    )


@dataclass(frozen=True)
class Deletion:
    """The deletions of one estate."""

    estate: Estate

    async def run(self, desk: Desk, tombstone: Tombstone) -> Report:
        """One pass over what left: a step at most, and how far it has come is remembered."""
        stages = (recall, resume, survey, identify, observe, self.confirm, self.plan, self.act)
        report = await self._through(desk, tombstone, stages)
        await self._note(tombstone, report)
        return report

    async def bury(self, report: Report) -> None:
        """Forget what two looks found gone, its status with it; after that was told, or a kill in between would leave it."""
        key, store = report.learned.owner.key, self.estate.store
        tombstone = store.tombstone(key)
        if (
            tombstone is None
            or not (tombstone.active and tombstone.absent_at)
            or key in self.estate.resources
        ):
            return
        if isinstance(report.outcome, Done) and isinstance(report.learned.observation, Absent):
            givers = {grant.space for grant in store.grants_of(key)}
            await self.estate.calls.call(store.bury, key, self.estate.ports.now())
            self.estate.part_from(key)
            Spaces(self.estate).stir(givers)

    async def foresee(self, desk: Desk, tombstone: Tombstone) -> Report:
        """What such passes would do."""
        stages = (recall, survey, identify, observe, self.confirm, self.plan, foresee)
        return await self._through(desk, tombstone, stages)

    async def confirm(self, desk: Desk, now: Pass) -> Pass | Outcome:
        """Go on with what is there; what two looks find gone is forgotten."""
        key, tombstone = now.owner.key, self._tombstone(now)
        if isinstance(now.observation, Present):
            if tombstone.absent_at:
                await self._amend(tombstone, absent_at=0.0)
            return now
        left = unsettled(desk, now.pending) if now.pending is not None else None
        if left is not None:
            return Wait("it is gone, and what was begun may still be executed", left)
        assert isinstance(now.observation, Absent)  # noqa: S101  # the stage before
        assert now.survey is not None  # noqa: S101  # an earlier stage
        if 0 < tombstone.absent_at <= now.survey.begun:
            return Done(f"it is deleted: {now.observation.proof}")
        moment = desk.ports.now() + SURE.total_seconds()
        if not 0 < tombstone.absent_at <= moment:
            await self._amend(tombstone, absent_at=moment)
        desk.lane.acted[key] = moment
        return Wait("it is gone; looking once more to be sure", SURE)

    async def plan(self, desk: Desk, now: Pass) -> Pass | Outcome:
        """Say what would take the object away, and what holds each step."""
        assert isinstance(now.observation, Present)  # noqa: S101  # the stage before
        assert now.survey is not None  # noqa: S101  # an earlier stage
        hold = self._owned(desk, now)
        remove = now.kind.remove
        if hold is not None or remove is None:
            return Held((hold,)) if hold is not None else Failed(f"a {now.kind.name} cannot be deleted")
        steps = remove(now.owner, now.observation.state, now.survey.facts)
        if not steps:
            return Failed("no step is known that deletes it")
        await self._note_stop(desk, now, steps)
        tombstone = self._tombstone(now)
        again = taken_up(tombstone, ahead=len(steps) - 1)
        lasting = grace_of(tombstone.resource.policy, stateful=now.kind.stateful)
        holds = (*await self._weigh(tombstone), *(() if again is None else (again,)))
        planned = hold_steps(looked(desk, now), steps, holds, tombstone.stopped_at, lasting)
        return now.learn(planned=planned, found=Diff())

    async def act(self, desk: Desk, now: Pass) -> Pass | Outcome:
        """Take the first step unless it is held; what follows in the order waits for it."""
        last = len(now.planned) == 1
        acts = {verb: self._guarded(one, last=last) for verb, one in now.kind.acts.items()}
        first = now.learn(planned=now.planned[:1], kind=replace(now.kind, acts=acts), rules=STEP_RULES)
        return await act(desk, first)

    async def _through(self, desk: Desk, tombstone: Tombstone, stages: tuple[Stage, ...]) -> Report:
        # Under a former name nothing is deleted: the mark has to say who it is now.
        resource = replace(tombstone.resource, formerly=None)
        try:
            start = begin(self.estate, resource)
        except ValidationError as error:
            why = f"{tombstone.key} as it was declared last is not valid any more: {error.error_count()} mistake(s)"
            release = f"delete it by hand, then: setpoint forget {tombstone.key}"
            return Report(Held((Hold(Rule.DELETION, why, release),)), begin_blindly(self.estate, resource))
        # No survey that is older than its departure: what was seen before that was seen of something that was wanted.
        fresh = replace(desk, not_before=max(desk.not_before, tombstone.left_at))
        return await run(fresh, start, stages)

    async def _note_stop(self, desk: Desk, now: Pass, steps: tuple[Step, ...]) -> None:
        """Remember since when only the destruction is left; and no more, once a person wants it stopped again."""
        tombstone = self._tombstone(now)
        if not tombstone.stopped_at and len(steps) == 1 and steps[0].obstacle is None:
            await self._amend(tombstone, stopped_at=desk.ports.now())
        if taken_up(tombstone, ahead=len(steps) - 1) and again_token(tombstone) in now.approvals:
            await self._amend(tombstone, stopped_at=0.0)

    def _owned(self, desk: Desk, now: Pass) -> Hold | None:
        assert isinstance(now.observation, Present)  # noqa: S101  # the stage before
        item, kind = now.item, now.kind
        here = item is not None and item.target == desk.lane.target
        listed = kind.object_id(item.identity) if item is not None and here else None
        return owned(now.owner, kind.object_id(now.observation.identity), now.observation.mark, listed)

    async def _weigh(self, tombstone: Tombstone) -> tuple[Hold, ...]:
        """Every hold on a tombstone; what the limit lets go and holds is remembered, for the whole group at once."""
        weighed = scales(self.estate).weigh().get(tombstone.key)
        if weighed is None:
            return ()
        verdict, store = weighed.verdict, self.estate.store
        news = {one.key: one for one in (*verdict.let_go, *verdict.held.values())}

        def follow(one: Tombstone) -> Tombstone:
            said = news[one.key]
            return replace(one, let_go_at=said.let_go_at, approved=said.approved)

        if any(one != store.tombstone(key) for key, one in news.items()):
            await self.estate.calls.call(store.amend_tombstones, news, follow)
        return weigh(weighed)

    def _guarded(
        self, effect: Callable[[Any, Acting], Awaitable[ActResult]], *, last: bool
    ) -> Callable[[Any, Acting], Awaitable[ActResult]]:
        """The effect, unless what speaks against it came up after it was planned."""

        async def guarded(client: Any, acting: Acting) -> ActResult:
            store, key = self.estate.store, acting.owner.key
            phase = Phase.DESTROYING if last else Phase.STOPPING
            begun = await self.estate.calls.call(store.begin_removal, key, phase)
            if not begun or key in self.estate.resources:
                raise RefusalError("it is not to be deleted any more")
            holds = await self._weigh(begun)
            if holds:
                raise RefusalError(holds[0].why, remedy=holds[0].release)
            return await effect(client, acting)

        return guarded

    def _tombstone(self, now: Pass) -> Tombstone:
        """As it is now; as it was when it has just been taken back, which is found out before anything is done."""
        found = self.estate.store.tombstone(now.owner.key)
        return found or Tombstone(now.resource, 0.0, "", Phase.KEPT)

    async def _amend(self, tombstone: Tombstone, **news: Any) -> None:
        store = self.estate.store
        await self.estate.calls.call(
            store.amend_tombstones, (tombstone.key,), lambda one: replace(one, **news)
        )

    async def _note(self, tombstone: Tombstone, report: Report) -> None:
        """Remember how far it has come, as far as that is new."""
        now = self.estate.store.tombstone(tombstone.key)
        phase = _phase(report, self.estate.store.intent(tombstone.key) is not None)
        if now is not None and now.active and phase is not None and phase is not now.phase:
            await self._amend(now, phase=phase)


def _phase(report: Report, under_way: bool) -> Phase | None:  # noqa: FBT001  # two-valued by nature
    """What a pass says of the phase; None while a step goes on, or when nothing is known."""
    if under_way or not isinstance(report.outcome, Held | Failed):
        return None
    if isinstance(report.outcome, Held) and all(hold.rule is Rule.GRACE for hold in report.outcome.holds):
        return Phase.WAITING
    return Phase.HELD
