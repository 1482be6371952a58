"""Tells an inventory how what it declares stands, which is worked out from the store: nothing is queued, and nothing lost."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog

from setpoint.model.errors import SourceError
from setpoint.model.inventory import Inventory
from setpoint.model.standing import NotToldError, Stand, Standing
from setpoint.run.estate import Estate, Telling
from setpoint.run.outlook import SLICE, Outlook
from setpoint.run.standings import standing
from setpoint.run.told import Refused, Told

BATCH: Final = 50
"""Standings that are told by one call: what changes meanwhile is told as it is by then."""
PACE: Final = 1.0
"""Seconds between two looks at what there is to tell."""
PATIENCE: Final = 600.0
"""Seconds after which a call counts as lost."""
_log = structlog.stdlib.get_logger("setpoint.tell")


@dataclass
class Teller:
    """Tells one inventory; one call at a time, beside everything else."""

    estate: Estate
    inventory: Inventory
    _outlook: Outlook = field(init=False)
    _standings: dict[str, Standing] = field(default_factory=dict[str, Standing])
    _fresh: dict[str, Standing] = field(default_factory=dict[str, Standing])
    _told: Told = field(default_factory=Told)
    _down: Refused = field(default_factory=Refused)

    def __post_init__(self) -> None:
        """Know what to look at."""
        self._outlook = Outlook(self.estate, self.inventory.name)

    @property
    def state(self) -> Telling:
        """How it goes."""
        return self.estate.telling.get(self.inventory.name, Telling())

    async def run(self, updates: AsyncIterator[None]) -> None:
        """Tell what there is to tell whenever `updates` yields, until it is cancelled."""
        rung = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(_ring(rung, updates))
            while True:
                rung.clear()
                wait = await self.once()
                with suppress(TimeoutError):
                    async with asyncio.timeout(wait if wait < math.inf else None):
                        await rung.wait()
                await asyncio.sleep(PACE)

    async def once(self) -> float:
        """One call at most; the seconds until there is more to tell, infinity while nothing is left."""
        await self.look()
        now = asyncio.get_running_loop().time()
        waits = self._told.waits(self._fresh, now)
        self._count(len(waits))
        due = [path for path, wait in waits.items() if wait <= 0]
        due += [path for path in self._told.old(self._standings, now) if path not in waits]
        down = self._down.until - now
        if not due or down > 0:
            return max(min(waits.values(), default=math.inf), down)
        await self._tell([self._standings[path] for path in due[:BATCH]])
        return 0.0

    async def look(self) -> None:
        """Work out anew what may have changed; at a start also before the declarations are read, to know what leaves with them."""
        found, gone = await self._outlook.news()
        for number, one in enumerate(found):
            if number % SLICE == SLICE - 1:
                await asyncio.sleep(0)
            self._put(standing(one))
        for path in gone:
            # That is told once; then nobody asks for it any more.
            self._put(_released(self._standings[path]))

    def _put(self, one: Standing) -> None:
        self._standings[one.path] = one
        if one == self._told.of(one.path):
            self._fresh.pop(one.path, None)
        else:
            self._fresh[one.path] = one

    async def _tell(self, batch: Sequence[Standing]) -> None:
        problem = await self._call(batch)
        now, chance = asyncio.get_running_loop().time(), self.estate.ports.chance()
        match problem:
            case None:
                untold, self._down = frozenset[str](), Refused()
            case NotToldError(paths=paths):
                untold, self._down = paths, Refused()
                self._told.refuse(untold, now, chance)
            case _:
                untold, self._down = frozenset(one.path for one in batch), self._down.again(now, chance)
        self._note([one for one in batch if one.path not in untold], now)
        self._show(problem="" if problem is None else str(problem))
        self._report(len(batch) - len(untold), problem)

    def _note(self, told: Sequence[Standing], now: float) -> None:
        self._told.note(told, now)
        for one in told:
            if self._fresh.get(one.path) == one:
                del self._fresh[one.path]
            if one.path not in self._outlook.known and self._standings[one.path] == one:
                del self._standings[one.path]
                self._told.forget(one.path)

    async def _call(self, batch: Sequence[Standing]) -> BaseException | None:
        """Why they were not told, all or some of them. Whatever goes wrong there, this goes on."""
        call = asyncio.create_task(self.inventory.tell(batch), name=f"tell-{self.inventory.name}")
        try:
            await asyncio.wait((call,), timeout=PATIENCE)
        finally:
            call.cancel()
            await asyncio.wait((call,))
        if call.cancelled():
            return SourceError(
                f"{self.inventory.name} did not take in how things stand within {PATIENCE:.0f} s"
            )
        return call.exception()

    def _report(self, told: int, problem: BaseException | None) -> None:
        inventory, meters = self.inventory.name, self.estate.ports.meters
        meters.told(inventory, told, failed=problem is not None)
        if problem is None:
            return
        bug = None if isinstance(problem, SourceError) else problem
        _log.warning(
            "standings_not_told",
            inventory=inventory,
            problem=str(problem),
            left=self.state.left - told,
            exc_info=bug,
        )

    def _show(self, **news: Any) -> None:
        self.estate.telling[self.inventory.name] = replace(self.state, **news)

    def _count(self, left: int) -> None:
        if left != self.state.left:
            self._show(left=left)
            self.estate.ports.meters.untold(self.inventory.name, left)


async def _ring(rung: asyncio.Event, updates: AsyncIterator[None]) -> None:
    async for _ in updates:
        rung.set()


def _released(last: Standing) -> Standing:
    sentence = "it is not declared any more and is left alone"
    return replace(last, phase=Stand.RELEASED, sentence=sentence, drift=(), happened=())
