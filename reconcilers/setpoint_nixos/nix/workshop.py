"""What the work on all hosts shares on this machine: how much of each sort goes on at once. There is one per process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from time import time


class Work(StrEnum):
    """Sorts of work, each scarce for another reason: memory, cores, the network, and how much may be in motion."""

    EVALUATING = "evaluating"
    BUILDING = "building"
    COPYING = "copying"
    ACTIVATING = "activating"


@dataclass(frozen=True)
class Budgets:
    """How much of each sort may go on at once."""

    evaluating: int = 2
    building: int = 1
    copying: int = 4
    activating: int = 8

    def __post_init__(self) -> None:
        for work in Work:
            if self.of(work) < 1:
                raise ValueError(f"{work} needs a budget of at least 1")

    def of(self, work: Work) -> int:
        """The budget of a sort."""
        return {
            Work.EVALUATING: self.evaluating,
            Work.BUILDING: self.building,
            Work.COPYING: self.copying,
            Work.ACTIVATING: self.activating,
        }[work]


@dataclass
class _Bench:
    places: asyncio.Semaphore
    busy: int = 0
    waiting: int = 0
    held: dict[str, float] = field(default_factory=dict[str, float])


@dataclass(frozen=True)
class Load:
    """How many of a sort go on, and how many wait for a place."""

    busy: int
    waiting: int


@dataclass
class Workshop:
    """The places for each sort of work; who finds none waits in the order of asking."""

    budgets: Budgets = field(default_factory=Budgets)
    _benches: dict[Work, _Bench] = field(default_factory=dict[Work, _Bench])

    def __post_init__(self) -> None:
        for work in Work:
            self._benches[work] = _Bench(asyncio.Semaphore(self.budgets.of(work)))

    @asynccontextmanager
    async def place(self, work: Work) -> AsyncGenerator[None]:
        """Take a place for as long as the block lasts."""
        bench = self._benches[work]
        bench.waiting += 1
        try:
            await bench.places.acquire()
        finally:
            bench.waiting -= 1
        bench.busy += 1
        try:
            yield
        finally:
            bench.busy -= 1
            bench.places.release()

    async def enter(self, work: Work, name: str, until: float, patience: float) -> bool:
        """Take a place beyond this call, for `name`, which leaves it; whether there was one within `patience` seconds.

        Who never leaves, as nobody asks how it ended, loses its place at `until`, in seconds since the epoch.
        """
        bench = self._benches[work]
        for overdue in [each for each, end in bench.held.items() if end < time()]:
            self.leave(work, overdue)
        if name in bench.held:
            return True
        bench.waiting += 1
        try:
            async with asyncio.timeout(patience):
                await bench.places.acquire()
        except TimeoutError:
            return False
        finally:
            bench.waiting -= 1
        bench.busy += 1
        bench.held[name] = until
        return True

    def leave(self, work: Work, name: str) -> None:
        """Give back what `name` took; nothing when it took none."""
        bench = self._benches[work]
        if bench.held.pop(name, None) is not None:
            bench.busy -= 1
            bench.places.release()

    def is_full(self, work: Work) -> bool:
        """Whether somebody who comes now has to wait."""
        return self._benches[work].places.locked()

    def load(self, work: Work) -> Load:
        """How a sort stands now."""
        bench = self._benches[work]
        return Load(bench.busy, bench.waiting)
