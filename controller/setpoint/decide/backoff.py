"""How long to wait before trying a failed key again."""

from __future__ import annotations

from datetime import timedelta

BASE = timedelta(seconds=2)
CAP = timedelta(minutes=15)
AWAITED = timedelta(seconds=5)
AWAITED_CAP = timedelta(minutes=10)
BUSY_CAP = timedelta(seconds=30)
BUSY_LIMIT = timedelta(minutes=5)
"""How long a target may be busy with one key, every time it is asked, before that counts as a failure."""


def while_busy(times: int) -> timedelta:
    """How long to wait when the target was busy, and had been `times` times in a row before: 2 s doubling to 30 s."""
    return min(BASE * int(2 ** min(times, 20)), BUSY_CAP)


def while_awaited(times: int) -> timedelta:
    """How long until another is looked at again that has to publish something, after `times` looks: 5 s doubling to 10 min."""
    return min(AWAITED * int(2 ** min(times, 20)), AWAITED_CAP)


def delay(attempts: int, chance: float) -> timedelta:
    """Full jitter over a doubling ceiling: `chance` (0..1) of 2 s x 2^(attempts-1), at most 15 min.

    Args:
        attempts: failures in a row, from 1.
        chance: a random number from 0 to 1; the result is never below a tenth of the ceiling, so that
            a busy loop is impossible.
    """
    doublings = min(max(attempts, 1) - 1, 20)
    ceiling = min(BASE * int(2**doublings), CAP)
    return ceiling * max(chance, 0.1)
