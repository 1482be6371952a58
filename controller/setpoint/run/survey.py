"""The shared bulk look at a target: one at a time, used by every key that can do with its age."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from setpoint.model.errors import DownError, TargetError, TransportError
from setpoint.model.survey import Survey

FRESH = 15.0
"""Seconds for which a survey serves keys that nothing has happened to."""
LIMIT = 40.0
"""Seconds that a survey may take: more than a part needs to be given up, or one that hangs would hide the others."""
SPARE = 5.0
"""Seconds for which a failed attempt answers every other key too, so that a dead target is not asked once per key."""


@dataclass(frozen=True)
class _Failure:
    """An attempt that failed: when it began, when that was known, and why."""

    begun: float
    at: float
    error: TargetError


@dataclass
class Surveyor:
    """Keeps the latest survey of one target.

    Attributes:
        take: makes a new survey.
        now: wall clock, seconds since the epoch.
    """

    take: Callable[[], Awaitable[Survey[Any]]]
    now: Callable[[], float]
    _latest: Survey[Any] | None = None
    _failure: _Failure | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def latest(self) -> Survey[Any] | None:
        """The last good survey, whatever its age."""
        return self._latest

    async def since(self, moment: float) -> Survey[Any]:
        """A survey begun at `moment` or later, and not older than `FRESH` seconds.

        One from the future was taken before the clock was set back, nobody knows how long ago.

        Raises:
            TargetError: nothing at all could be read.
        """
        latest = self._recent(moment)
        if latest is not None:
            return latest
        async with self._lock:
            # Whoever waited for another's attempt may be served by it.
            latest = self._recent(moment)
            if latest is None:
                latest = self._latest = await self._attempt(moment)
            return latest

    def _recent(self, moment: float) -> Survey[Any] | None:
        """The latest survey, if it will do; once a later attempt has failed it does for nobody.

        A target that went by the older one would call itself well and wake those who cannot see it, who wake it, without end.
        """
        now, latest = self.now(), self._latest
        if latest is None or self._failure is not None or not max(moment, now - FRESH) <= latest.begun <= now:
            return None
        return latest

    async def _attempt(self, moment: float) -> Survey[Any]:
        begun, failure = self.now(), self._failure
        # Who asks for a look from now on, as a person does who has just mended it, is not told of one before.
        if failure is not None and failure.begun >= moment and 0 <= begun - failure.at < SPARE:
            raise failure.error
        try:
            taken = await self._bounded()
        except DownError:
            # It cost no call, and the probe beside it may succeed a moment later: who is woken by that shall look.
            raise
        except TargetError as error:
            self._failure = _Failure(begun, self.now(), error)
            raise
        self._failure = None
        return taken

    async def _bounded(self) -> Survey[Any]:
        try:
            async with asyncio.timeout(LIMIT):
                return await self.take()
        except TimeoutError:
            raise TransportError(f"nothing was heard within {LIMIT:.0f} s") from None
