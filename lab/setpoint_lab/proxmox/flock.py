"""The lock on a guest's config file: one process holds it, or several share it; others wait, and give up after a while."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from setpoint_lab.clock import Clock

WAIT_SECONDS = 10.0
POLL_SECONDS = 0.25


@dataclass(slots=True)
class Flock:
    """The lock of one file; `until` is when a process outside the API lets it go, in seconds of the clock.

    `waiting` and `got` are what those that wait print, `complaint` what they die of; empty ones are the usual.
    """

    path: str
    waiting: str = "trying to acquire lock..."
    got: str = " OK"
    complaint: str = ""
    held: bool = False
    sharers: int = 0
    until: float = 0.0

    @asynccontextmanager
    async def hold(
        self, clock: Clock, log: Callable[[str], None], patience: float = WAIT_SECONDS
    ) -> AsyncGenerator[None]:
        """Hold the lock alone in the block, after waiting `patience` seconds at most for whoever holds it.

        Raises:
            ApiError: the wait took too long.
        """
        await self._acquire(clock, log, patience, shared=False)
        self.held = True
        try:
            yield
        finally:
            self.held = False

    @asynccontextmanager
    async def share(
        self, clock: Clock, log: Callable[[str], None], patience: float = WAIT_SECONDS
    ) -> AsyncGenerator[None]:
        """Hold the lock in the block together with others that share it.

        Raises:
            ApiError: the wait took too long.
        """
        await self._acquire(clock, log, patience, shared=True)
        self.sharers += 1
        try:
            yield
        finally:
            self.sharers -= 1

    async def _acquire(
        self, clock: Clock, log: Callable[[str], None], patience: float, *, shared: bool
    ) -> None:
        if self._free(clock, shared=shared):
            return
        log(self.waiting)
        deadline = clock.now() + patience
        while not self._free(clock, shared=shared):
            if clock.now() >= deadline:
                raise ApiError.internal(self.complaint or f"can't lock file '{self.path}' - got timeout")
            await clock.sleep(POLL_SECONDS)
        if self.got:
            log(self.got)

    def _free(self, clock: Clock, *, shared: bool) -> bool:
        return not self.held and (shared or not self.sharers) and clock.now() >= self.until
