"""The work queue of a lane: one entry per key, never two runs of a key at once, and nothing starves.

A key carries no event: any number of adds during a run cause exactly one rerun.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum

from setpoint.model.key import Key

SHARE = 4
"""Of five keys taken while both classes wait, four are of the class CHANGED."""

_EARLY = 1e-6
"""Seconds by which a timer may fire before its time: the clock's resolution, generously."""


class Class(IntEnum):
    """Why a key is due; a key that is due for both reasons counts as the lower number."""

    CHANGED = 0
    RESYNC = 1


def _unheard(_cls: Class, _late: float) -> None:
    """Nobody listens."""


@dataclass
class _Entry:
    due: float
    cls: Class
    added: int


@dataclass
class Queue:
    """Keys that are due now or later.

    Attributes:
        now: a monotonic clock in seconds, the loop's own by default.
        taken: called whenever a key is taken, with its class and the seconds since it was due.
    """

    now: Callable[[], float] = field(default_factory=lambda: asyncio.get_running_loop().time)
    taken: Callable[[Class, float], None] = _unheard
    _waiting: dict[Key, _Entry] = field(default_factory=dict[Key, _Entry])
    _processing: set[Key] = field(default_factory=set[Key])
    _heap: list[tuple[float, int, Key]] = field(default_factory=list[tuple[float, int, Key]])
    # Ordered ones: to take the first of a plain dict means to pass by all that were taken before.
    _ready: tuple[OrderedDict[Key, None], OrderedDict[Key, None]] = field(
        default_factory=lambda: (OrderedDict(), OrderedDict())
    )
    _order: itertools.count[int] = field(default_factory=itertools.count)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _served: int = 0
    _closed: bool = False

    def add(self, key: Key, cls: Class = Class.CHANGED, delay: float = 0.0) -> None:
        """Make `key` due after `delay` seconds; an earlier time or a more urgent class already noted stays."""
        due = self.now() + max(delay, 0.0)
        entry = self._waiting.get(key)
        if entry is not None:
            if due >= entry.due and cls >= entry.cls:
                return
            self._ready[entry.cls].pop(key, None)
            due, cls = min(due, entry.due), min(cls, entry.cls)
        entry = _Entry(due, cls, next(self._order))
        self._waiting[key] = entry
        heapq.heappush(self._heap, (due, entry.added, key))
        self._wake.set()

    def discard(self, key: Key) -> None:
        """Forget that `key` is due; a run under way goes on."""
        entry = self._waiting.pop(key, None)
        if entry is not None:
            self._ready[entry.cls].pop(key, None)

    async def take(self) -> Key | None:
        """The next key that is due; None once the queue is closed. `done` must follow."""
        while not self._closed:
            key = self._pop()
            if key is not None:
                return key
            self._wake.clear()
            await self._sleep()
        self._wake.set()
        return None

    def done(self, key: Key) -> None:
        """End the run of a key that `take` gave."""
        self._processing.discard(key)
        if key in self._waiting:
            self._wake.set()

    def close(self) -> None:
        """Give no more keys; every `take` returns None."""
        self._closed = True
        self._wake.set()

    @property
    def closed(self) -> bool:
        """Whether it gives no more keys."""
        return self._closed

    def depth(self) -> tuple[int, int]:
        """How many keys are due now, per class."""
        self._promote()
        return len(self._ready[Class.CHANGED]), len(self._ready[Class.RESYNC])

    def oldest(self) -> tuple[float, float]:
        """How many seconds ago the oldest key that is due now became due, per class; 0 when none is."""
        now, (changed, resync) = self.now(), self._ready
        return self._age(changed, now), self._age(resync, now)

    def _age(self, keys: Iterable[Key], now: float) -> float:
        return max(now - min((self._waiting[key].due for key in keys), default=now), 0.0)

    def running(self) -> frozenset[Key]:
        """The keys that are being worked on."""
        return frozenset(self._processing)

    def _promote(self) -> None:
        now = self.now() + _EARLY
        while self._heap and self._heap[0][0] <= now:
            _, added, key = heapq.heappop(self._heap)
            entry = self._waiting.get(key)
            if entry is not None and entry.added == added:
                self._ready[entry.cls][key] = None

    def _pop(self) -> Key | None:
        self._promote()
        first = Class.RESYNC if self._served % (SHARE + 1) == SHARE else Class.CHANGED
        for cls in (first, Class(1 - first)):
            key = next((k for k in self._ready[cls] if k not in self._processing), None)
            if key is not None:
                self._served += 1
                del self._ready[cls][key]
                self.taken(cls, max(self.now() - self._waiting.pop(key).due, 0.0))
                self._processing.add(key)
                return key
        return None

    async def _sleep(self) -> None:
        timeout = max(self._heap[0][0] - self.now(), 0.0) if self._heap else None
        # Not wait_for: before Python 3.12 that loses a cancellation which comes together with the wake.
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._wake.wait()
