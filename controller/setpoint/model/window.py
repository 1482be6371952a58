"""A maintenance window: the hours of the week in which what runs may be disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, InstanceOf, PlainSerializer, WithJsonSchema

from setpoint.model.week import DAYS, read_week

_FORM = "sat,sun 02:00-05:00 Europe/Berlin"


@dataclass(frozen=True)
class Window:
    """`sat,sun 02:00-05:00 Europe/Berlin`; it may run past midnight, and belongs to the day on which it opens.

    Attributes:
        days: 0 for Monday.
    """

    days: frozenset[int]
    opens: time
    closes: time
    zone: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[days] HH:MM-HH:MM [zone]`; every day and UTC when left out. Days are listed or `mon..fri`.

        Raises:
            ValueError: the text is no window.
        """
        days, (opens, closes), zone = read_week(text, 2, what="window", form=_FORM)
        if opens == closes:
            raise ValueError(
                f"'{text}' opens and closes at the same time; for always write reboot: whenNeeded"
            )
        return cls(days, opens, closes, zone)

    def is_open(self, moment: float) -> bool:
        """Whether it is open at `moment`, seconds since the epoch."""
        now = datetime.fromtimestamp(moment, ZoneInfo(self.zone))
        days = (now.date(), now.date() - timedelta(days=1))
        return any(
            self._opening(day) <= moment < self._closing(day) for day in days if day.weekday() in self.days
        )

    def next_opening(self, moment: float) -> float:
        """When it opens next after `moment`, seconds since the epoch."""
        today = datetime.fromtimestamp(moment, ZoneInfo(self.zone)).date()
        days = (today + timedelta(days=ahead) for ahead in range(9))
        return next(at for day in days if day.weekday() in self.days and (at := self._opening(day)) > moment)

    def _opening(self, day: date) -> float:
        return datetime.combine(day, self.opens, ZoneInfo(self.zone)).timestamp()

    def _closing(self, day: date) -> float:
        last = day + timedelta(days=self.closes <= self.opens)
        return datetime.combine(last, self.closes, ZoneInfo(self.zone)).timestamp()

    def __str__(self) -> str:
        days = ",".join(DAYS[day] for day in sorted(self.days))
        return f"{days} {self.opens:%H:%M}-{self.closes:%H:%M} {self.zone}"


def moment_text(moment: float, zone: str) -> str:
    """A moment, seconds since the epoch, as people of that time zone write it."""
    return datetime.fromtimestamp(moment, ZoneInfo(zone)).strftime("%a %Y-%m-%d %H:%M %Z")


def _read(value: object) -> object:
    return Window.parse(value) if isinstance(value, str) else value


WindowText = Annotated[
    InstanceOf[Window],
    BeforeValidator(_read),
    PlainSerializer(str, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": r"^\s*([A-Za-z,.]+\s+)?[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}(\s+\S+)?\s*$",
            "examples": [_FORM],
        }
    ),
]
"""A window as people write it."""
