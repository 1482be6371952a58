"""The one mutable thing of the process: the world being served, which the control plane can replace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from setpoint_lab.clock import Clock, RealClock, VirtualClock
from setpoint_lab.netbox.state import DEFAULT_STATE, clock_of, read_state
from setpoint_lab.netbox.world import World


@dataclass(frozen=True, slots=True)
class Settings:
    """How worlds are made: the kind of clock, the seed of everything random."""

    clock: Literal["real", "virtual"] = "real"
    seed: int = 0


class Lab:
    """Holds the world."""

    def __init__(self, settings: Settings, state: Mapping[str, Any] | None = None) -> None:
        """Make a world from a state, one with a superuser from none."""
        self.settings = settings
        self.world = self._make(DEFAULT_STATE if state is None else state)

    def replace(self, state: Mapping[str, Any]) -> World:
        """Begin with another state."""
        fresh = self._make(state)
        self.close()
        self.world = fresh
        return self.world

    def close(self) -> None:
        """End what the world does by itself."""
        self.world.close()

    def _make(self, state: Mapping[str, Any]) -> World:
        clock: Clock = VirtualClock() if self.settings.clock == "virtual" else RealClock()
        world = World(clock, self.settings.seed)
        begins = clock_of(state)
        if begins is not None:
            if isinstance(clock, VirtualClock):
                clock.set(begins)
            else:
                world.shift = begins - clock.now()
        read_state(world, state)
        return world
