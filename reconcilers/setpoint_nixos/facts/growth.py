"""How fast things grow, from two looks at the same boot of the same host; pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from setpoint.model.observation import Unknown
from setpoint_nixos.facts.model import Facts, Filesystem, Growth

APART: Final = 600.0
"""Seconds that two looks are apart at least: what is written in a moment is no trend."""
BACK: Final = 86_400.0
"""Seconds for which looks are kept to compare with."""


@dataclass
class Past:
    """The looks of the last day in this life of the daemon, the oldest first."""

    _looks: deque[Facts] = field(default_factory=deque[Facts])

    def compared(self, now: Facts) -> Facts:
        """A look with what grew since the oldest one that is kept; it is kept itself unless one is that is hardly older."""
        while self._looks and not 0 <= now.at - self._looks[0].at <= BACK:
            self._looks.popleft()
        found = growth(self._looks[0] if self._looks else None, now)
        if not self._looks or now.at - self._looks[-1].at >= APART:
            self._looks.append(now)
        return replace(now, growth=found)


def growth(before: Facts | None, now: Facts) -> tuple[Growth, ...]:
    """What grew between two looks, the fastest first; nothing when they tell of no trend."""
    if before is None or now.at - before.at < APART or before.machine_id != now.machine_id:
        return ()
    seconds = now.at - before.at
    found = (*_filesystems(before, now, seconds), *_paths(before, now, seconds))
    return tuple(sorted(found, key=lambda each: -each.rate))


def _filesystems(before: Facts, now: Facts, seconds: float) -> list[Growth]:
    old = _by_place(before)
    found: list[Growth] = []
    for place, filesystem in _by_place(now).items():
        was = old.get(place)
        if was is not None and was.device == filesystem.device and filesystem.used > was.used:
            rate = (filesystem.used - was.used) / seconds
            found.append(Growth(place, rate, filesystem.free / rate))
    return found


def _by_place(facts: Facts) -> Mapping[str, Filesystem]:
    if isinstance(facts.filesystems, Unknown):
        return {}
    return {filesystem.place: filesystem for filesystem in facts.filesystems}


def _paths(before: Facts, now: Facts, seconds: float) -> list[Growth]:
    found: list[Growth] = []
    for path, size in now.paths.items():
        was = before.paths.get(path)
        if isinstance(size, int) and isinstance(was, int) and size > was:
            found.append(Growth(path, (size - was) / seconds, None))
    return found
