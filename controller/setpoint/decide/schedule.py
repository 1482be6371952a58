"""When to look at a key again although nothing happened: spread over time, so that nothing runs in step."""

from __future__ import annotations

import hashlib
from datetime import timedelta

from setpoint.model.key import Key

JITTER = 0.1


def next_look(interval: timedelta, chance: float) -> timedelta:
    """The interval, 10 % more or less as `chance` (0..1) says."""
    return interval * (1 + JITTER * (2 * chance - 1))


def first_look(key: Key, interval: timedelta) -> timedelta:
    """Where in the interval a key's polls begin: by its hash, so that a restart keeps the spread."""
    digest = hashlib.sha256(str(key).encode()).digest()
    return interval * (int.from_bytes(digest[:8], "big") / 2**64)
