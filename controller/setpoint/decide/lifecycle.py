"""When something is wiped and made anew by schedule. Never at once: what was missed waits for the next of its moments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from setpoint.model.lifecycle import Age, Lifecycle

LATE: Final = 3600.0
"""Seconds after its moment within which a wipe may begin."""
GOES_ON: Final = 86_400.0
"""Seconds after its moment within which one that has begun is brought to its end, as long as nobody takes the object up."""
_WEEK: Final = 8
"""Days in which every day of the week comes, whatever the hour at which they begin."""


def next_rebuild(lifecycle: Lifecycle, age: Age, now: float) -> float | None:
    """The first of its moments at which it is old enough and that is not over; None while its age is not known."""
    if not age.since:
        return None
    # By the calendar: a day is one in which the clocks change, too, or the same hour two weeks later might come too early.
    grown = lifecycle.at.wall(min(age.since, now)) + lifecycle.rebuild_every
    return next(moment for moment in _moments(lifecycle, grown, now) if moment + LATE > now)


def due(lifecycle: Lifecycle, age: Age, now: float, *, stopped: bool) -> float | None:
    """The moment for which it is to be wiped now; None for not now.

    Args:
        lifecycle: as it is declared.
        age: what is remembered of it.
        now: seconds since the epoch.
        stopped: nothing but its destruction is left to be done.
    """
    moment = next_rebuild(lifecycle, age, now)
    if moment is not None and moment <= now:
        return moment
    # What was stopped for it is of no use to anybody any more, unless somebody started it again.
    return age.begun if age.since and stopped and age.begun <= now < age.begun + GOES_ON else None


def begin(age: Age, moment: float, *, last: bool) -> Age:
    """As it is remembered from before a step of the wipe on; the `last` one destroys."""
    return replace(age, begun=moment, wiped=moment if last else age.wiped)


def take_back(age: Age) -> Age:
    """As it is remembered once a step was certainly not executed."""
    return age if is_made(age) else replace(age, wiped=0.0)


def make(age: Age) -> Age:
    """As it is remembered from before its making on: what is made by schedule is as old as that, any other not seen yet."""
    return Age(since=age.wiped, wiped=age.wiped)


def is_made(age: Age) -> bool:
    """Whether the next one was begun to be made after a wipe."""
    return age.wiped > 0 and age.since == age.wiped


def see(age: Age, now: float) -> Age:
    """As it is remembered once it was seen and is not wiped now."""
    return Age(since=min(age.since, now) or now)


def _moments(lifecycle: Lifecycle, grown: datetime, now: float) -> Iterator[float]:
    at = lifecycle.at
    first = max(grown.date(), at.wall(now - LATE).date() - timedelta(days=1))
    for ahead in range(2 * _WEEK):
        day = first + timedelta(days=ahead)
        if day.weekday() in at.days and datetime.combine(day, at.at) >= grown:
            yield at.on(day)
