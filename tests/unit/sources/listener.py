"""Somebody who listens to a source."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager

from setpoint.sources.source import Source


class Listener:
    """Listens to a source; one ring is always waited for, as cancelling the wait would end the watching."""

    def __init__(self, rings: AsyncGenerator[None]) -> None:
        self._rings = rings
        self.waiting = asyncio.ensure_future(anext(rings))

    async def heard(self, within: float) -> bool:
        await asyncio.wait([self.waiting], timeout=within)
        if not self.waiting.done():
            return False
        await self.waiting
        self.waiting = asyncio.ensure_future(anext(self._rings))
        return True

    async def until_rung(self, cause: Callable[[], object]) -> None:
        """`cause` is repeated, because nobody tells when the watching has begun."""
        async with asyncio.timeout(20):
            cause()
            while not await self.heard(0.3):
                cause()

    async def until_quiet(self) -> None:
        while await self.heard(0.6):
            pass


@asynccontextmanager
async def listening(source: Source) -> AsyncIterator[Listener]:
    async with aclosing(source.watch()) as rings:
        listener = Listener(rings)
        yield listener
        listener.waiting.cancel()
        await asyncio.wait([listener.waiting])
