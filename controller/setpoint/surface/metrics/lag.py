"""How late the loop is: a timer that should fire every second tells by how much it did not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

PERIOD: Final = 1.0
"""Seconds between two measurements."""


@asynccontextmanager
async def measuring_lag(lagged: Callable[[float], None]) -> AsyncGenerator[None]:
    """Tell `lagged` the seconds of each delay for the length of the block."""
    measuring = asyncio.create_task(_measure(lagged), name="measure-lag")
    try:
        yield
    finally:
        measuring.cancel()
        with suppress(asyncio.CancelledError):
            await measuring


async def _measure(lagged: Callable[[float], None]) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + PERIOD
        await asyncio.sleep(PERIOD)
        lagged(max(loop.time() - due, 0.0))
