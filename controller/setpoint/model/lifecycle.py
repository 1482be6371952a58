"""What is wiped and made anew by schedule: how old it gets, at which moments of the week that happens, and what is remembered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema, field_validator

from setpoint.model.quantity import Duration
from setpoint.model.spec import Spec, described
from setpoint.model.week import DAYS, read_week

_FORM = "Sun 04:00 Europe/Berlin"


@dataclass(frozen=True)
class Moments:
    """`Sun 04:00 Europe/Berlin`: a time of the day on some days of the week.

    Attributes:
        days: 0 for Monday.
    """

    days: frozenset[int]
    at: time
    zone: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[days] HH:MM [zone]`; every day and UTC when left out. Days are listed or `mon..fri`.

        Raises:
            ValueError: the text names no moment.
        """
        days, (at,), zone = read_week(text, 1, what="moment of the week", form=_FORM)
        return cls(days, at, zone)

    def on(self, day: date) -> float:
        """The moment of that day, seconds since the epoch.

        An hour that the clocks skip or repeat counts as the earlier of what it may be, so that the moment two weeks after
        one in it is never before its time.
        """
        readings = (datetime.combine(day, self.at, ZoneInfo(self.zone)).replace(fold=fold) for fold in (0, 1))
        return min(reading.timestamp() for reading in readings)

    def wall(self, moment: float) -> datetime:
        """What clocks and calendars show there at `moment`, seconds since the epoch."""
        return datetime.fromtimestamp(moment, ZoneInfo(self.zone)).replace(tzinfo=None)

    def __str__(self) -> str:
        return f"{','.join(DAYS[day] for day in sorted(self.days))} {self.at:%H:%M} {self.zone}"


def _read(value: object) -> object:
    return Moments.parse(value) if isinstance(value, str) else value


MomentsText = Annotated[
    InstanceOf[Moments],
    BeforeValidator(_read),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*([A-Za-z,.]+\s+)?[0-9]{2}:[0-9]{2}(\s+\S+)?\s*$",
            "examples": [_FORM],
        }
    ),
]
"""Moments of the week as people write them."""


class Lifecycle(Spec):
    """How long something lives before it is wiped and made anew."""

    rebuild_every: Duration = described("How old it gets, counted by the calendar; 1d to 3650d.")
    at: MomentsText = described(
        "At which moments of the week it is made anew: days, time and time zone; UTC and every day when left out. One "
        "that is missed by more than an hour is left out.",
    )

    @field_validator("rebuild_every")
    @classmethod
    def _bounds(cls, value: timedelta) -> timedelta:
        if value < timedelta(days=1):
            raise ValueError(
                "it lives for at least 1d, for it is made anew once a day at most; write e.g. 14d"
            )
        if value > timedelta(days=3650):
            raise ValueError("it lives for at most 3650d; to keep it for good remove lifecycle")
        return value


@dataclass(frozen=True)
class Age:
    """What is remembered of how old an object is. Times are seconds since the epoch, 0 for none.

    Attributes:
        since: from when on its age counts: when it was first seen, or the moment for which it was made anew.
        begun: the moment for which it was begun to take it away.
        wiped: the moment for which its destruction was begun; the making of the next one is free then.
    """

    since: float = 0.0
    begun: float = 0.0
    wiped: float = 0.0
