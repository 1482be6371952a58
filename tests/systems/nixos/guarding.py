"""A simulated host with systems, a guard on it, and what a test asks of both."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import get_args

from setpoint_nixos.guard import hand
from setpoint_nixos.guard.order import Mode, Order
from setpoint_nixos.guard.state import Over, Phase, State, Waiting
from setpoint_nixos.ssh.session import Session
from tests.systems.nixos.simhost import PROFILE, RUNNING, SimHost

PATIENCE = 30.0
QUICK = timedelta(seconds=0.1)
OVER = get_args(Over)


@dataclass
class Guarded:
    """A host that runs one system and has been given others."""

    host: SimHost
    session: Session
    before: str
    orders: list[Order] = field(default_factory=list[Order])

    @property
    def running(self) -> str:
        return self.host.points(RUNNING)

    @property
    def profile(self) -> str:
        return self.host.points(PROFILE)

    async def start(
        self,
        system: str,
        *,
        mode: Mode = Mode.SWITCH,
        confirm: float = 30,
        activate: float = 30,
        attempt: int = 0,
        allowed: tuple[str, ...] = (),
    ) -> str:
        """Start a guard, and give its token."""
        order = Order(
            system, mode, attempt, timedelta(seconds=confirm), timedelta(seconds=activate), QUICK,
            revision="0123abc", by="test", allowed=allowed,
        )  # fmt: skip
        self.orders.append(order)
        await hand.start(self.session, order)
        return order.token

    async def state(self) -> State:
        return await hand.look(self.session)

    async def phase(self) -> Phase:
        record = (await self.state()).record
        assert record is not None
        return record.phase

    async def until(self, holds: Callable[[Phase], bool]) -> Phase:
        """The first phase of which that holds."""
        deadline = time.monotonic() + PATIENCE
        while not holds(phase := await self.phase()):
            assert time.monotonic() < deadline, f"{phase}\n{(await self.state()).log}"
            await asyncio.sleep(0.05)
        return phase

    async def waits(self) -> None:
        """Until the guard waits to be told that the system is well."""
        phase = await self.until(lambda phase: isinstance(phase, (Waiting, *OVER)))
        assert isinstance(phase, Waiting), phase

    async def ends(self) -> Phase:
        """How it ended."""
        return await self.until(lambda phase: isinstance(phase, OVER))

    async def confirm(self, token: str, system: str) -> bool:
        """Tell it, over a connection of its own."""
        fresh = self.session.fresh()
        try:
            return await hand.confirm(fresh, token, system)
        finally:
            await fresh.close()

    async def deployed(self, system: str, mode: Mode = Mode.SWITCH) -> Phase:
        """Deploy a system that is well, and tell how that ended."""
        token = await self.start(system, mode=mode)
        await self.waits()
        assert await self.confirm(token, system)
        return await self.ends()
