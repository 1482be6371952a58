"""What reconciling would do, key by key, without doing it. The store must be a copy: looking takes notes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from setpoint.model.key import Key
from setpoint.model.outcome import Blocked
from setpoint.run.begin import begin, begin_blindly, lay_desk
from setpoint.run.deletion import Deletion
from setpoint.run.desk import Desk, Report
from setpoint.run.estate import Estate
from setpoint.run.lane import WORKERS
from setpoint.run.pipeline import FORESEE, run


@dataclass(frozen=True)
class Preview:
    """Previews one estate; every key is looked at once, as the daemon would, with as many at a time per target."""

    estate: Estate

    async def of(self, keys: Sequence[Key]) -> list[Report]:
        """How a reconcile of each would end, in the order of `keys`.

        What a resource refers to counts as ready: it comes before it.
        """
        turns = {lane.target: asyncio.Semaphore(WORKERS) for lane in self.estate.every_lane()}
        waiting: set[Key] = set()
        reports = dict(
            zip(keys, await asyncio.gather(*(self._one(key, turns, waiting) for key in keys)), strict=True)
        )
        # What nobody looked at in this preview never will be, so it keeps nobody from being handed something.
        for key in sorted(waiting):
            reports[key] = await self._one(key, turns, None)
        return [reports[key] for key in keys]

    async def _one(self, key: Key, turns: dict[Key, asyncio.Semaphore], waiting: set[Key] | None) -> Report:
        estate = self.estate
        resource = estate.served(key)
        if resource is None:
            raise KeyError(key)
        lane, tombstone = estate.lane_of(resource), estate.store.tombstone(key)
        if lane is None:
            nowhere = Blocked(f"nothing reaches {resource.target or key}", resource.target)
            return Report(nowhere, begin_blindly(estate, resource))
        desk = replace(lay_desk(estate, lane, key), ready=self._declared)
        desk = replace(desk, strangers=partial(self._strangers, desk, key, waiting))
        async with turns[lane.target]:
            if key not in estate.resources and tombstone is not None:
                return await Deletion(estate).foresee(desk, tombstone)
            return await run(desk, begin(estate, resource), FORESEE)

    def _strangers(self, desk: Desk, key: Key, waiting: set[Key] | None, at: Key) -> Sequence[Key]:
        """Who else takes from a space and was not looked at yet; whoever asks is looked at again after all others."""
        found = () if waiting is None else desk.spaces.strangers(at, key)
        if waiting is not None and found:
            waiting.add(key)
        return found

    def _declared(self, key: Key) -> bool:
        return key in self.estate.resources
