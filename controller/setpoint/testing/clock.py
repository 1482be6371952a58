"""Time that tests own: an event loop whose clock jumps to the next timer instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any, cast

_TICK = 1e-6
"""The least that passes, in seconds; sums of floats would otherwise stand still just short of a timer."""


class _Jump(selectors.DefaultSelector):
    """A selector that never waits: the time it was asked to wait passes at once."""

    def __init__(self) -> None:
        super().__init__()
        self.passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; `timeout` seconds pass when nothing is."""
        events = super().select(0 if timeout is not None else 0.01)
        if not events and timeout is not None and timeout > 0:
            self.passed += max(timeout, _TICK)
        return events


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, in seconds from 0. Real sockets and threads work, but time does not wait for them."""

    def __init__(self) -> None:
        self._jump = _Jump()
        super().__init__(self._jump)

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._jump.passed

    def wall(self) -> float:
        """A wall clock that goes with the loop, seconds since the epoch."""
        return 1_800_000_000.0 + self.time()


def virtual_run(main: Any) -> Any:
    """Run the coroutine `main` to its end in a loop of its own, in virtual time."""
    loop = VirtualLoop()
    try:
        asyncio.set_event_loop(loop)
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


def virtual_loop() -> VirtualLoop:
    """The virtual loop that the caller runs in."""
    return cast("VirtualLoop", asyncio.get_running_loop())
