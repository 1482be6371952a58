"""Waiting in real time for what another process or thread does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
PATIENCE = 60.0
"""Seconds for which anything is waited for; what is waited for mostly takes a fraction of one."""
_RAREST = 0.1


def until(find: Callable[[], T | None], what: str | Callable[[], str], patience: float = PATIENCE) -> T:
    """The first true thing that is found; fails with what was waited for when there is none in time.

    To look costs time that whoever is waited for may need, so looks become rarer.
    """
    deadline, pause = time.monotonic() + patience, 0.005
    while not (found := find()):
        assert time.monotonic() < deadline, f"not in time: {what if isinstance(what, str) else what()}"
        time.sleep(pause)
        pause = min(2 * pause, _RAREST)
    return found
