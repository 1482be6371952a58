"""Time that tests own: an event loop whose clock jumps to the next timer once nothing is left to do.

Calls in threads take no time, and end in the order in which they began: one run is like the other.
"""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeAlias, TypeVar, TypeVarTuple, cast

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Calls: TypeAlias = deque[tuple["Future[Any]", "asyncio.Future[Any]"]]

_TICK = 1e-6
"""The least that passes, in seconds; sums of floats would otherwise stand still just short of a timer."""
_IDLE = 0.01
"""Real seconds between two looks at a loop that has neither timers nor calls: only a socket can wake it."""


class _Jump(selectors.DefaultSelector):
    """A selector that never waits for a timer: the time it was asked to wait passes at once.

    Attributes:
        calls: in flight, in the order in which they began; time stands still while there are any.
        pass_to: lets time pass until a number of seconds is reached, or goes beyond it; answers the time then.
    """

    def __init__(self, pass_to: Callable[[float], float]) -> None:
        super().__init__()
        self.passed = 0.0
        self.calls: Calls = deque()
        self._pass_to = pass_to

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """What is ready now; `timeout` seconds pass when nothing is and no call is in flight."""
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if self.calls:
            return self._end_oldest()
        events = super().select(_IDLE if timeout is None else 0)
        if not events and timeout is not None:
            self.move(self.passed + max(timeout, _TICK))
        return events

    def move(self, moment: float) -> None:
        """Let time pass until `moment`, and as far as the world is already."""
        self.passed = max(self.passed, moment, self._pass_to(moment))

    def _end_oldest(self) -> list[tuple[selectors.SelectorKey, int]]:
        done, told = self.calls[0]
        if not done.done():
            return super().select()  # Rung by the call's end, if by nothing else.
        self.calls.popleft()
        if done.cancelled() or done.exception() is not None:
            self.move(self.passed)  # Whoever let it fail may have taken time for that.
        if not told.cancelled():
            _copy(done, told)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, in seconds from 0, with real sockets and threads.

    Time does not pass while a call of `run_in_executor` is in flight; sockets alone do not hold it up.

    Args:
        start: what `wall` shows at first, seconds since the epoch.
        world: told of every jump before it is made, as a time of `wall`; answers that time or a later one,
            when its own clock ran ahead. Asked after every call that failed, too.
    """

    def __init__(
        self, start: float = 1_800_000_000.0, world: Callable[[float], float] = lambda moment: moment
    ) -> None:
        self._start = start
        self._jump = _Jump(lambda passed: world(start + passed) - start)
        super().__init__(self._jump)
        self.set_default_executor(ThreadPoolExecutor(4, thread_name_prefix="virtual"))

    def time(self) -> float:
        """Seconds of virtual time."""
        return self._jump.passed

    def wall(self) -> float:
        """A wall clock that goes with the loop, seconds since the epoch."""
        return self._start + self.time()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run `func` in a thread; no time passes until it ends."""
        threads = executor or cast("Executor", self._default_executor)  # type: ignore[attr-defined]
        done = threads.submit(func, *args)
        told: asyncio.Future[T] = self.create_future()
        told.add_done_callback(lambda told: done.cancel() if told.cancelled() else None)
        self._jump.calls.append((done, told))
        done.add_done_callback(self._ring)
        return told

    def _ring(self, _done: Future[Any]) -> None:
        with suppress(RuntimeError):  # Closed meanwhile: nobody waits any more.
            self.call_soon_threadsafe(lambda: None)


def virtual_run(main: Any, loop: VirtualLoop | None = None) -> Any:
    """Run the coroutine `main` to its end in a loop of its own, in virtual time."""
    loop = loop or VirtualLoop()
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


def _copy(done: Future[Any], told: asyncio.Future[Any]) -> None:
    if done.cancelled():
        told.cancel()
    elif (error := done.exception()) is not None:
        told.set_exception(error)
    else:
        told.set_result(done.result())
