"""Rings a source's bell when files on this host change; polling goes on beside it, so that a lost event is only late."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, awatch  # pyright: ignore[reportUnknownVariableType] - trio, an option, is not there

from setpoint.sources.source import Bell

STEP = 20
"""Milliseconds of quiet after which changes are reported."""

DEBOUNCE = 400
"""Milliseconds after which changes are reported although there is no quiet."""

PAUSE = 0.1
"""Seconds from one ring to the next at least: a push is told by a hook, by several files, and soon after by its tags."""

RETRY = 5.0
"""Seconds until a place that is not there, or that cannot be watched, is tried again."""


_LOCK = ".lock"


@dataclass(frozen=True)
class Watched:
    """A folder; `hidden` says whether what begins with a dot below it counts."""

    path: Path
    recursive: bool = True
    hidden: bool = True

    def counts(self, _change: Change, path: str) -> bool:
        """Whether a change of `path` is of interest; a lock is only there before what it guards is another one."""
        if path.endswith(_LOCK):
            return False
        inside = Path(path).relative_to(self.path) if Path(path).is_relative_to(self.path) else Path()
        return self.hidden or not any(part.startswith(".") for part in inside.parts)


async def rings(bell: Bell, places: tuple[Watched, ...]) -> AsyncGenerator[None]:
    """Yields at a ring of `bell`, which a change in one of `places` rings too; those that come close behind become one."""
    followers = [asyncio.create_task(_follow(bell, place)) for place in places]
    try:
        while True:
            await bell.wait()
            rung = asyncio.get_running_loop().time()
            yield
            await asyncio.sleep(rung + PAUSE - asyncio.get_running_loop().time())
    finally:
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)


async def _follow(bell: Bell, place: Watched) -> None:
    while True:
        # The watcher's own errors, such as too many watches, are RuntimeErrors.
        with suppress(OSError, RuntimeError):
            await _ring_until_gone(bell, place)
        await asyncio.sleep(RETRY)


async def _ring_until_gone(bell: Bell, place: Watched) -> None:
    """A folder that is removed and made again is another one: its watch has to be made again too."""
    changes = awatch(
        place.path, watch_filter=place.counts, recursive=place.recursive, debounce=DEBOUNCE, step=STEP
    )
    async for _ in changes:
        bell.ring()
        if not place.path.is_dir():
            return
