"""When to ask NetBox, and what for: often and little while all is well, seldom when it fails. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from setpoint.model.errors import SourceError
from setpoint.model.inventory import DoubtError
from setpoint_netbox.api.failures import DeniedError, TokenError
from setpoint_netbox.watch.known import Known

JITTER: Final = 0.1
"""Polls are spread by this share."""
DEBOUNCE: Final = 10.0
"""Seconds from a change that many views show until everything is read: they come in swarms."""
APART: Final = 60.0
"""Seconds between two readings of everything for such a change, however many there are."""
FIRST: Final = 1.0
LONGEST: Final = 60.0
"""Seconds until a NetBox that fails is asked again: at first, and at the most."""
PATIENT: Final = 300.0
"""The same where only a person can mend it."""
SPAN: Final = 1 / 3
"""The share of its interval by which a reading of everything may come earlier."""


def due(known: Known, interval: timedelta, chance: float, now: float) -> bool:
    """Whether everything is to be read; `chance` from 0 to 1 is drawn anew after each time."""
    if known.far_at is not None and now >= max(known.far_at + DEBOUNCE, known.read_at + APART):
        return True
    return now >= known.read_at + interval.total_seconds() * (1 - SPAN * chance)


def probe_due(known: Known, interval: timedelta, now: float) -> bool:
    """Whether the times at which objects were saved are to be read, half-way between two readings of everything."""
    return now >= known.probed_at + interval.total_seconds() / 2


def until_next(known: Known, poll: timedelta, chance: float, now: float) -> float:
    """Seconds until the next ring while all is well."""
    usual = poll.total_seconds() * (1 + JITTER * (2 * chance - 1))
    if known.far_at is None:
        return usual
    return min(usual, max(0.0, max(known.far_at + DEBOUNCE, known.read_at + APART) - now))


def pause(error: SourceError, failures: int, chance: float) -> float:
    """Seconds for which NetBox is left alone after so many failures in a row."""
    if isinstance(error, DoubtError | TokenError | DeniedError):
        return PATIENT
    return min(LONGEST, FIRST * 2.0 ** min(failures - 1, 10)) * (0.5 + chance / 2)
