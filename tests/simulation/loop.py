"""One event loop for everything: virtual time, a seeded order of what is ready, and calls that go over the simulated network."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextvars import Context
from typing import Any, TypeVar, TypeVarTuple

from setpoint.testing.clock import VirtualLoop

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = 1_795_230_000.0
"""Where the simulated time begins: 2026-11-21 03:00 UTC, a Saturday."""


TURNS = 60_000
"""Turns of the loop after which a run is taken for endless; a usual one has a fifth of them."""
TICK = 1e-6
"""The least that passes, in seconds."""


class OnTheWay(BaseException):
    """A blocking call that waits for an answer: awaiting `journey` and calling once more gives its result."""

    def __init__(self, journey: Coroutine[Any, Any, None]) -> None:
        super().__init__()
        self.journey = journey


class SeededLoop(VirtualLoop):
    """Runs what is ready in an order that the seed decides, as `setpoint.testing.clock` lets time pass.

    What a program gives to threads runs here in place; where it would block on the network it raises `OnTheWay`
    and runs a second time once the answer is there, so that no thread makes one run unlike the other.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(START)
        self._dice = random.Random(f"order {seed}")  # noqa: S311  # the same for the same seed
        self._turns = 0
        # Nothing here waits for a socket or a thread, so the kernel need not be asked.
        self._jump.select = self._pass  # type: ignore[method-assign]

    def _pass(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise AssertionError("everybody waits for somebody else")
        if timeout > 0:
            self._jump.move(self._jump.passed + max(timeout, TICK))
        return []

    def _run_once(self) -> None:
        self._turns += 1
        if self._turns == TURNS:
            raise AssertionError("it goes on without end")
        ready: deque[Any] = self._ready  # type: ignore[attr-defined]
        if len(ready) > 1:
            mixed = list(ready)
            self._dice.shuffle(mixed)
            ready.clear()
            ready.extend(mixed)
        super()._run_once()  # type: ignore[misc]

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        told: asyncio.Future[T] = self.create_future()
        try:
            told.set_result(func(*args))
        except OnTheWay as sent:
            # What goes over the network is no part of whoever sent it, and goes on without them.
            self.create_task(_arrive(sent.journey, told, func, args), context=Context())
        except Exception as error:  # noqa: BLE001  # as an executor does: the caller gets it
            told.set_exception(error)
        return told


async def _arrive(
    journey: Coroutine[Any, Any, None], told: asyncio.Future[T], func: Callable[[*Ts], T], args: tuple[*Ts]
) -> None:
    await journey
    try:
        result = func(*args)
    except Exception as error:  # noqa: BLE001  # as above
        if not told.done():
            told.set_exception(error)
    else:
        if not told.done():
            told.set_result(result)


def mix(dice: random.Random, low: float, high: float) -> float:
    """A number between, rounded so that it is the same on every machine."""
    return round(dice.uniform(low, high), 6)
