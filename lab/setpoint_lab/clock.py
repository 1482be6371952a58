"""An emulator's time, real or virtual. A virtual clock never waits: it moves when told to, or when a request sleeps."""

from __future__ import annotations

import asyncio
import contextlib
import heapq
import itertools
import time
from abc import ABC, abstractmethod
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

EPOCH = 1_795_230_000.0
"""Where a virtual clock starts: 2026-11-21 03:00 UTC."""

SETTLE_PASSES = 8
"""Turns of the event loop that let woken coroutines reach their next sleep; they do nothing else that waits."""

INTERRUPTED = "received interrupt"
"""What a sleeping worker dies of when its task is stopped."""


class Background:
    """Marks the coroutine of a worker: its sleeps wait for the clock, those of a request move a virtual clock."""

    def __init__(self, pid: int = 0, death: Callable[[str], Exception] = RuntimeError) -> None:
        """Start uninterrupted, as the process `pid`; `death` is what an interrupted sleep raises."""
        self.pid = pid
        self._death = death
        self.begun = False
        self.interrupted = False

    def die_if_interrupted(self) -> None:
        """Raise what a TERM signal raises in a worker, once."""
        if self.interrupted:
            self.interrupted = False
            raise self._death(INTERRUPTED)


_background: ContextVar[Background | None] = ContextVar("background", default=None)


@contextlib.contextmanager
def in_background(mark: Background) -> Generator[None]:
    """Run the block as a worker."""
    token = _background.set(mark)
    try:
        yield
    finally:
        _background.reset(token)


def current_pid(daemon: int) -> int:
    """The process that runs the caller: a worker, or the daemon that serves a request."""
    mark = _background.get()
    return mark.pid if mark is not None and mark.pid else daemon


class Clock(ABC):
    """Seconds since the epoch, and sleeping in them."""

    virtual: bool

    @abstractmethod
    def now(self) -> float:
        """Seconds since the epoch."""

    def next_due(self) -> float | None:
        """When the next sleeper is due; None when nobody sleeps, or when time passes by itself."""
        return None

    @abstractmethod
    async def advance(self, seconds: float) -> None:
        """Let that much time pass; workers that are due run, in order."""

    @abstractmethod
    async def _wait(self, seconds: float) -> None:
        """Wait as a worker."""

    async def sleep(self, seconds: float) -> None:
        """Sleep `seconds` of this clock.

        Raises:
            Exception: in a worker that was interrupted meanwhile, its `death`; the text is `received interrupt`.
        """
        mark = _background.get()
        if mark is None:
            await self.advance(seconds)
            return
        mark.die_if_interrupted()
        try:
            await self._wait(seconds)
        except asyncio.CancelledError:
            mark.die_if_interrupted()
            raise


class RealClock(Clock):
    """The machine's time."""

    virtual = False

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    async def advance(self, seconds: float) -> None:
        """Wait really."""
        await asyncio.sleep(seconds)

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class VirtualClock(Clock):
    """Time that stands still until it is advanced."""

    virtual = True

    def __init__(self, start: float = EPOCH) -> None:
        """Stand at `start`."""
        self._now = start
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def set(self, now: float) -> None:
        """Jump to `now` without waking anyone; only for a fresh world."""
        self._now = now

    def next_due(self) -> float | None:
        """When the next sleeper is due, None when nobody sleeps."""
        self._forget_cancelled()
        return self._sleepers[0][0] if self._sleepers else None

    async def advance(self, seconds: float) -> None:
        """Move on, waking the sleepers that are due in order of their time."""
        target = self._now + seconds
        await self._settle()
        while (due := self.next_due()) is not None and due <= target:
            self._now = max(self._now, due)
            while self._sleepers and self._sleepers[0][0] <= self._now:
                _, _, future = heapq.heappop(self._sleepers)
                if not future.done():
                    future.set_result(None)
            await self._settle()
        self._now = max(self._now, target)

    async def _wait(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    def _forget_cancelled(self) -> None:
        while self._sleepers and self._sleepers[0][2].done():
            heapq.heappop(self._sleepers)

    @staticmethod
    async def _settle() -> None:
        for _ in range(SETTLE_PASSES):
            await asyncio.sleep(0)
