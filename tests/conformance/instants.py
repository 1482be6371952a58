"""Ties the times that a server writes to the microsecond: one to one is too strict for them, their order is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_FRACTION = re.compile(r"\.(\d+)")
_MILLISECOND = timedelta(milliseconds=1)

FAITHFUL = timedelta(milliseconds=500)
"""How far a time of the start may be from the recorded one: some were put together from a log."""

APART = timedelta(milliseconds=25)
"""Two times further apart than this in the recording, seen in two entries, were not written by one request."""


@dataclass(frozen=True, slots=True)
class Seen:
    """An emulated time, and the entry in which it was first seen, None for the start."""

    emulated: datetime
    turn: int | None


class Instants:
    """The times of one scope; `turn` is the entry that is being compared."""

    def __init__(self) -> None:
        """Know none."""
        self.turn = 0
        self._seen: dict[datetime, Seen] = {}
        self._pinned: set[datetime] = set()

    def pin(self, text: str) -> None:
        """Keep a time that the emulator was told."""
        moment = datetime.fromisoformat(text)
        self._seen[moment] = Seen(moment, None)
        self._pinned.add(moment)

    def bind(self, recorded: str, emulated: str) -> tuple[str | None, Callable[[], object] | None]:
        """Bind a pair: what is wrong with it, and how to forget it when it was new."""
        theirs, ours = datetime.fromisoformat(recorded), datetime.fromisoformat(emulated)
        if _is_rounded(recorded):
            return self._rounded(theirs, ours), None
        known = self._seen.get(theirs)
        if known is not None:
            return (
                None if known.emulated == ours else f"the time is bound to {known.emulated.isoformat()}",
                None,
            )
        problem = self._conflict(theirs, ours)
        if problem is not None:
            return problem, None
        self._seen[theirs] = Seen(ours, self.turn)
        return None, lambda: self._seen.pop(theirs)

    def translate(self, text: str) -> str:
        """The text of a recorded time as the emulator wrote it, or as it is."""
        known = self._seen.get(datetime.fromisoformat(text))
        if known is None or _is_rounded(text):
            return text
        moment = known.emulated.astimezone(UTC).isoformat()
        return moment.replace("+00:00", "Z") if text.endswith("Z") else moment

    def _rounded(self, theirs: datetime, ours: datetime) -> str | None:
        """A time that was cut to milliseconds is that of a whole one, where one is known."""
        wholes = [seen.emulated for known, seen in self._seen.items() if _cut(known) == theirs]
        if not wholes:
            return self._conflict(theirs, ours, _MILLISECOND)
        return None if ours in map(_cut, wholes) else f"the time is bound to {wholes[0].isoformat()}"

    def _conflict(self, theirs: datetime, ours: datetime, blur: timedelta = timedelta()) -> str | None:
        if ours in self._pinned and abs(ours - theirs) > FAITHFUL:
            return "the time is one of the start"
        for known, seen in self._seen.items():
            allowed = max(blur, FAITHFUL if seen.turn is None else timedelta())
            if known + allowed < theirs and seen.emulated > ours + blur:
                return f"the time is before {seen.emulated.isoformat()}"
            if known > theirs + allowed and seen.emulated < ours - blur:
                return f"the time is after {seen.emulated.isoformat()}"
            if self._is_other(theirs - known, seen) and seen.emulated == ours:
                return f"the time is that of {known.isoformat()}"
        return None

    def _is_other(self, gap: timedelta, seen: Seen) -> bool:
        return abs(gap) > APART and seen.turn is not None and seen.turn != self.turn


def _is_rounded(text: str) -> bool:
    found = _FRACTION.search(text)
    return found is not None and len(found.group(1)) == len("000")


def _cut(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
