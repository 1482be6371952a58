"""The lock on a guest's config file that only one process holds; others wait for it, and give up after a while."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from setpoint_lab.proxmox.clock import Clock

WAIT_SECONDS = 10.0
POLL_SECONDS = 0.25


@dataclass(slots=True)
class Flock:
    """The lock of one file; `until` is when a process outside the API lets it go, in seconds of the clock."""

    path: str
    held: bool = False
    until: float = 0.0

    @asynccontextmanager
    async def hold(self, clock: Clock, log: Callable[[str], None]) -> AsyncGenerator[None]:
        """Hold the lock in the block, after waiting for whoever holds it.

        Raises:
            ApiError: the wait took too long.
        """
        await self._acquire(clock, log)
        self.held = True
        try:
            yield
        finally:
            self.held = False

    async def _acquire(self, clock: Clock, log: Callable[[str], None]) -> None:
        if self._free(clock):
            return
        log("trying to acquire lock...")
        deadline = clock.now() + WAIT_SECONDS
        while not self._free(clock):
            if clock.now() >= deadline:
                raise ApiError.internal(f"can't lock file '{self.path}' - got timeout")
            await clock.sleep(POLL_SECONDS)
        log(" OK")

    def _free(self, clock: Clock) -> bool:
        return not self.held and clock.now() >= self.until
