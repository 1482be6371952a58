"""What the statistics daemon knows: guests as they were a few seconds ago; /cluster/resources shows nothing newer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from setpoint_lab.clock import Background, in_background

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.world import World

EXPIRY = 300.0
"""Seconds after which the last word about a guest of a silent node is forgotten."""


class Samples:
    """The last sample of every guest; with a lag of 0 every look takes a fresh one."""

    def __init__(self, lag: float) -> None:
        """Sample every `lag` seconds once started."""
        self.lag = lag
        self._taken: dict[int, tuple[float, Mapping[str, object]]] = {}
        self._worker: asyncio.Task[None] | None = None

    def start(self, world: World) -> None:
        """Take the first sample and go on in the background."""
        self._take(world)
        if self.lag > 0:
            self._worker = asyncio.get_running_loop().create_task(self._run(world))

    def stop(self) -> None:
        """End the background work."""
        if self._worker is not None:
            self._worker.cancel()

    def of(self, world: World, vmid: int) -> Mapping[str, object] | None:
        """The sample of a guest, None when there is none."""
        if self.lag == 0 and vmid in world.guests:
            self._take_one(world, vmid)
        found = self._taken.get(vmid)
        if found is None or world.clock.now() - found[0] > EXPIRY:
            return None
        return found[1]

    async def _run(self, world: World) -> None:
        with in_background(Background()):
            while True:
                await world.clock.sleep(self.lag)
                self._take(world)

    def _take(self, world: World) -> None:
        self._taken = {vmid: sample for vmid, sample in self._taken.items() if vmid in world.guests}
        for vmid in world.guests:
            self._take_one(world, vmid)

    def _take_one(self, world: World, vmid: int) -> None:
        guest = world.guests[vmid]
        if world.nodes[guest.node].online:
            self._taken[vmid] = (world.clock.now(), dict(guest.summary()))
