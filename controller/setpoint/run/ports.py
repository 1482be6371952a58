"""What the engine takes from outside instead of reaching for it: time, chance, ids, and who measures it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from setpoint.run.meters import Meters, Silence


@dataclass(frozen=True)
class Ports:
    """Replaced as one by tests and simulations.

    Attributes:
        now: wall clock, seconds since the epoch; for records, never for timers.
        chance: a number from 0 to 1.
        new_id: a short id for one reconcile.
        meters: told what happens.
    """

    now: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random
    new_id: Callable[[], str] = lambda: f"{random.getrandbits(32):08x}"
    meters: Meters = field(default_factory=Silence)
