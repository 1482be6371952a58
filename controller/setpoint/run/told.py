"""What an inventory was told, and when it may be told the rest. Nothing of it outlives the process: an inventory compares."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from setpoint.decide import backoff
from setpoint.model.standing import Stand, Standing

CALM: Final = 20.0
"""Seconds for which something passing has to go on before it is told: most of it is over by then."""
OUTAGE: Final = 600.0
"""The same for what is the fault of something else, for then it goes for everything on it at once, and again when that is back."""
AGAIN: Final = 3600.0
"""Seconds after which what did not change is told again, for an inventory may have lost it; it compares, and that costs it nothing."""
_PASSING: Final = {Stand.PENDING: CALM, Stand.CHANGING: CALM, Stand.FAILED: CALM, Stand.BLOCKED: OUTAGE}


@dataclass(frozen=True)
class Refused:
    """How often in a row something was not told, and when it is tried again, in seconds of the loop."""

    attempts: int = 0
    until: float = -math.inf

    def again(self, now: float, chance: float) -> Refused:
        """Once more."""
        attempts = self.attempts + 1
        return Refused(attempts, now + backoff.delay(attempts, chance).total_seconds())


_NEVER: Final = Refused()


@dataclass
class Told:
    """By the path of the sheet. Times are seconds of the loop."""

    _standings: dict[str, Standing] = field(default_factory=dict[str, Standing])
    _at: dict[str, float] = field(default_factory=dict[str, float])
    _passing: dict[str, float] = field(default_factory=dict[str, float])
    _refused: dict[str, Refused] = field(default_factory=dict[str, Refused])

    def of(self, path: str) -> Standing | None:
        """What was last told of it."""
        return self._standings.get(path)

    def waits(self, standings: Mapping[str, Standing], now: float) -> dict[str, float]:
        """What was not told, and in how many seconds it may be; those to be told first come first."""
        left = (one for path, one in standings.items() if one != self._standings.get(path))
        return {one.path: self._wait(one, now) for one in sorted(left, key=_urgency)}

    def old(self, standings: Mapping[str, Standing], now: float) -> list[str]:
        """What was told so long ago that it is to be told again, the longest ago first."""
        due = takewhile(lambda path: now - self._at[path] >= AGAIN, self._at)
        return [path for path in due if path in standings]

    def note(self, standings: Iterable[Standing], now: float) -> None:
        """They were told."""
        for one in standings:
            self._standings[one.path] = one
            # The last one at the end, so that the oldest stand in front.
            self._at.pop(one.path, None)
            self._at[one.path] = now
            self._passing.pop(one.path, None)
            self._refused.pop(one.path, None)

    def refuse(self, paths: Iterable[str], now: float, chance: float) -> None:
        """They could not be told."""
        for path in paths:
            self._refused[path] = self._refused.get(path, _NEVER).again(now, chance)

    def forget(self, path: str) -> None:
        """Nobody declares it any more."""
        for kept in (self._standings, self._at, self._passing, self._refused):
            kept.pop(path, None)

    def _wait(self, one: Standing, now: float) -> float:
        refused = self._refused.get(one.path, _NEVER).until - now
        calm = _PASSING.get(one.phase)
        if calm is None:
            self._passing.pop(one.path, None)
            return refused
        return max(refused, self._passing.setdefault(one.path, now) + calm - now)


def _urgency(one: Standing) -> tuple[bool, str]:
    """Where something happened comes first."""
    return not one.happened, one.path
