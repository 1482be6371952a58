"""Days, times of the day and a time zone, as people write them of a week. Read by `window` and `lifecycle`."""

from __future__ import annotations

import re
from datetime import time
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TEXT = re.compile(r"(?:(?P<days>[A-Za-z,.]+)\s+)?(?P<times>\d\d:\d\d(?:-\d\d:\d\d)*)(?:\s+(?P<zone>\S+))?")


def read_week(text: str, times: int, *, what: str, form: str) -> tuple[frozenset[int], tuple[time, ...], str]:
    """Read `[days] HH:MM[-HH:MM] [zone]`: days with 0 for Monday, as many times, and the zone; every day and UTC when left out.

    Args:
        text: what a person wrote.
        times: how many there have to be.
        what: what the text should be, for people.
        form: how it is written, for people.

    Raises:
        ValueError: it is not that.
    """
    match = _TEXT.fullmatch(text.strip())
    written = match["times"].split("-") if match is not None else []
    if match is None or len(written) != times:
        raise ValueError(f"'{text}' is no {what}; write e.g. '{form}'")
    try:
        read = tuple(map(time.fromisoformat, written))
    except ValueError:
        raise ValueError(f"'{text}' names no time of the day; write e.g. '{form}'") from None
    return _days(match["days"] or "mon..sun"), read, _zone(match["zone"] or "UTC")


def _days(text: str) -> frozenset[int]:
    """The days of `sat,sun` or `mon..fri`, 0 for Monday.

    Raises:
        ValueError: the text names no days.
    """
    found: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.partition("..")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"'{part}' is no day; write {', '.join(DAYS)}, or a row such as mon..fri")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {(begin + ahead) % 7 for ahead in range((end - begin) % 7 + 1)}
    return frozenset(found)


def _zone(name: str) -> str:
    """The name of a time zone that is known.

    Raises:
        ValueError: it is not.
    """
    try:
        return ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError(f"'{name}' is no time zone; write one such as Europe/Berlin or UTC") from None
