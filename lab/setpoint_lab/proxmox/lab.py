"""The one mutable thing of the process: the world being served, which the control plane can replace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from setpoint_lab.clock import Clock, RealClock, VirtualClock
from setpoint_lab.proxmox.ha.manager import wake
from setpoint_lab.proxmox.pace import PACES, QUICK
from setpoint_lab.proxmox.state import read_state
from setpoint_lab.proxmox.world import World

FINISH_SECONDS = 120.0
"""How long the control plane waits for tasks."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How worlds are made: the kind of clock, the seed of everything random, the lag of samples in seconds, the pace."""

    clock: Literal["real", "virtual"] = "real"
    seed: int = 0
    lag: float = 10.0
    pace: str = QUICK.name


class Lab:
    """Holds the world."""

    def __init__(self, settings: Settings, state: Mapping[str, Any] | None = None) -> None:
        """Make a world from a state, an empty one from none; needs a running event loop."""
        self.settings = settings
        self.world = self._make(state or {})

    def replace(self, state: Mapping[str, Any]) -> World:
        """End everything that runs and begin with another state."""
        fresh = self._make(state)
        self.close()
        self.world = fresh
        return fresh

    def close(self) -> None:
        """End the workers of the world."""
        self.world.samples.stop()
        for daemon in self.world.daemons:
            daemon.cancel()
        for task in self.world.tasks.running():
            self.world.tasks.kill(task)

    async def finish_tasks(self, limit: float = FINISH_SECONDS) -> list[str]:
        """Let time pass until no task runs or `limit` seconds are over; gives the UPIDs that still run."""
        clock = self.world.clock
        end = clock.now() + limit
        while self.world.tasks.running() and clock.now() < end:
            due = clock.next_due() if isinstance(clock, VirtualClock) else clock.now() + 0.05
            await clock.advance(min(max(0.0, (due or end) - clock.now()), end - clock.now()))
        return [str(task.upid) for task in self.world.tasks.running()]

    def _make(self, state: Mapping[str, Any]) -> World:
        clock: Clock = VirtualClock() if self.settings.clock == "virtual" else RealClock()
        world = World(clock, self.settings.seed, self.settings.lag)
        world.pace = PACES[self.settings.pace]
        read_state(world, state)
        last = max((task.endtime or 0 for task in world.tasks.all), default=0)
        if isinstance(clock, VirtualClock) and last:
            clock.set(last + 1.0)
        world.samples.start(world)
        wake(world)
        return world
