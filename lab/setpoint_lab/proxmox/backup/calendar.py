"""Calendar events such as `mon..fri 02:00` or `*/15`: when the next one is, in UTC. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SHORT = {
    "minutely": "*:*",
    "hourly": "*:00",
    "daily": "00:00",
    "weekly": "mon 00:00",
    "monthly": "*-*-01 00:00",
    "yearly": "*-01-01 00:00",
    "annually": "*-01-01 00:00",
    "quarterly": "*-01,04,07,10-01 00:00",
    "semiannually": "*-01,07-01 00:00",
    "semi-annually": "*-01,07-01 00:00",
}
LONGEST_DAYS = 8 * 366
"""How far ahead an event is looked for: the 29th of February can be that far away."""

_PART = re.compile(r"^(?:(\*)|(\d+)(?:\.\.(\d+))?)(?:/(\d+))?$")


class CalendarError(ValueError):
    """The text is no calendar event."""


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """The moments that an event names: each set holds the allowed values of one part of a moment."""

    weekdays: frozenset[int]
    years: frozenset[int]
    months: frozenset[int]
    days: frozenset[int]
    hours: frozenset[int]
    minutes: frozenset[int]
    seconds: frozenset[int]

    def next_after(self, moment: float) -> int | None:
        """The first moment after that one, in seconds since the epoch; None when there is none for years."""
        start = datetime.fromtimestamp(int(moment) + 1, UTC)
        for ahead in range(LONGEST_DAYS):
            day = start.date() + timedelta(days=ahead)
            if not self._has_day(day.year, day.month, day.day, day.weekday()):
                continue
            earliest = (start.hour, start.minute, start.second) if ahead == 0 else (0, 0, 0)
            found = self._first_time(earliest)
            if found is not None:
                return int(datetime(day.year, day.month, day.day, *found, tzinfo=UTC).timestamp())
        return None

    def _has_day(self, year: int, month: int, day: int, weekday: int) -> bool:
        return year in self.years and month in self.months and day in self.days and weekday in self.weekdays

    def _first_time(self, earliest: tuple[int, int, int]) -> tuple[int, int, int] | None:
        return next(
            (
                (hour, minute, second)
                for hour in sorted(self.hours)
                for minute in sorted(self.minutes)
                for second in sorted(self.seconds)
                if (hour, minute, second) >= earliest
            ),
            None,
        )


def parse_event(text: str) -> CalendarEvent:
    """Read an event.

    Raises:
        CalendarError: it is none; the text says what could not be read.
    """
    words = SHORT.get(text.strip().lower(), text).lower().split()
    if not words:
        raise CalendarError(text)
    rest = list(words)
    weekdays = _weekdays(rest.pop(0)) if rest[0][:3] in WEEKDAYS else frozenset(range(7))
    date = rest.pop(0) if rest and "-" in rest[0] else "*-*-*"
    time = rest.pop(0) if rest else "00:00"
    if rest:
        raise CalendarError(text)
    years, months, days = _date(date)
    hours, minutes, seconds = _time(time)
    return CalendarEvent(weekdays, years, months, days, hours, minutes, seconds)


def _date(text: str) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    parts = text.split("-")
    parts = ["*"] * (3 - len(parts)) + parts
    if len(parts) != 3:  # noqa: PLR2004  # a year, a month and a day
        raise CalendarError(text)
    return _values(parts[0], 1970, 2199), _values(parts[1], 1, 12), _values(parts[2], 1, 31)


def _time(text: str) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
    parts = text.split(":")
    if len(parts) == 1:
        parts = ["*", *parts]
    if len(parts) == 2:  # noqa: PLR2004  # without seconds
        parts = [*parts, "0"]
    if len(parts) != 3:  # noqa: PLR2004  # hours, minutes and seconds
        raise CalendarError(text)
    return _values(parts[0], 0, 23), _values(parts[1], 0, 59), _values(parts[2], 0, 59)


def _values(text: str, first: int, last: int) -> frozenset[int]:
    found: set[int] = set()
    for item in text.split(","):
        part = _PART.match(item)
        if part is None:
            raise CalendarError(text)
        star, low, high, step = part.groups()
        start = first if star else int(low)
        end = int(high) if high else (last if star or step else start)
        if not first <= start <= end <= last or step == "0":
            raise CalendarError(text)
        found.update(range(start, end + 1, int(step or 1)))
    return frozenset(found)


def _weekdays(text: str) -> frozenset[int]:
    found: set[int] = set()
    for item in text.split(","):
        low, _, high = item.partition("..")
        start = _weekday(low)
        end = _weekday(high) if high else start
        found.update((start + number) % 7 for number in range((end - start) % 7 + 1))
    return frozenset(found)


def _weekday(text: str) -> int:
    full = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    number = next((at for at, name in enumerate(full) if text in {name, name[:3]}), None)
    if number is None:
        raise CalendarError(text)
    return number
