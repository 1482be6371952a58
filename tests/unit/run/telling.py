"""An inventory in memory that takes in what it is told, with faults to order, and the daemon that tells it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from setpoint.model.inventory import Content, Sheets
from setpoint.model.standing import Stand, Standing
from setpoint.run.tell import Teller
from tests.unit.run.departing import Departing, box

SETTLED = 60.0
"""Seconds after which everything that may be told was."""


async def well(batch: Sequence[Standing]) -> None:
    """Nothing is wrong."""


@dataclass
class Stock:
    """What it was told, call by call.

    Attributes:
        fault: awaited at each call, before anything is taken in.
    """

    name: str = "stock"
    fault: Callable[[Sequence[Standing]], Awaitable[None]] = well
    calls: list[tuple[Standing, ...]] = field(default_factory=list)
    tries: int = 0
    busy: bool = False

    async def tell(self, standings: Sequence[Standing]) -> None:
        assert not self.busy, "two calls at once"
        self.busy, self.tries = True, self.tries + 1
        try:
            await self.fault(standings)
        finally:
            self.busy = False
        self.calls.append(tuple(standings))

    def told(self, path: str) -> list[Standing]:
        """Everything that was told of a sheet, in its order."""
        return [one for call in self.calls for one in call if one.path == path]

    def phases(self, path: str = "a.yaml") -> list[Stand]:
        return [one.phase for one in self.told(path)]

    async def fetch(self, kept: Content | None) -> Content:
        raise NotImplementedError

    async def watch(self) -> AsyncGenerator[None]:
        yield

    def poke(self) -> None:
        raise NotImplementedError

    def sheets(self, content: Content, files: Mapping[str, bytes]) -> Sheets:
        raise NotImplementedError

    def serving(self) -> contextlib.AbstractAsyncContextManager[None]:
        return contextlib.nullcontext()

    async def close(self) -> None:
        raise NotImplementedError


def sheet(name: str, spec: Mapping[str, Any] | None = None, /, **policy: Any) -> dict[str, str]:
    """A box that is declared in the inventory."""
    return {f"@stock/{path}": text for path, text in box(name, spec, **policy).items()}


@asynccontextmanager
async def telling(daemon: Departing, stock: Stock) -> AsyncIterator[Teller]:
    """A teller beside a daemon."""
    teller = Teller(daemon.estate, stock)
    task = asyncio.create_task(teller.run(daemon.supervisor.updates()))
    try:
        yield teller
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
