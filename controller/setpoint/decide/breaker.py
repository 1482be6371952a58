"""Whether a part of a target may be called: shut after failures, then tried by one probe per window.

A probe pushes its own window's end away, so one whose caller vanishes costs a window and can wedge nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Final, TypeAlias, assert_never

IN_A_ROW: Final = 5
"""Failures in a row that open a breaker."""
SPAN: Final = 60.0
"""Seconds over which the share of failures is counted."""
ENOUGH: Final = 10
"""Calls within `SPAN` from which on their share of failures counts: half of them open a breaker."""
FIRST_WINDOW: Final = 30.0
"""Seconds that a breaker stays open at first; doubled by every probe that fails."""
LAST_WINDOW: Final = 300.0
"""Seconds that it stays open at most."""
JITTER: Final = 0.2
"""The part of a window that chance may take away, so that many breakers do not probe in step."""
_SLICES: Final = 12
_SLICE: Final = SPAN / _SLICES


class Verdict(Enum):
    """What becomes of a call."""

    GO = "go"
    PROBE = "probe"
    SHUT = "shut"


@dataclass(frozen=True)
class Slice:
    """The calls of five seconds."""

    number: int
    calls: int
    failures: int


@dataclass(frozen=True)
class Closed:
    """Calls pass.

    Attributes:
        in_a_row: failures since the last success.
        recent: the calls of the last `SPAN` seconds.
    """

    in_a_row: int = 0
    recent: tuple[Slice, ...] = ()


@dataclass(frozen=True)
class Open:
    """Calls do not pass, but for one probe once `until` has come.

    Attributes:
        since: when it opened; seconds of a monotonic clock, like all times here.
        until: when the next probe may go.
        window: the seconds from one probe to the next, before chance takes its part.
        why: the failure that opened it, or the last probe's.
    """

    since: float
    until: float
    window: float
    why: str


Breaker: TypeAlias = Closed | Open


def judge(breaker: Breaker, now: float) -> Verdict:
    """Whether a call may be made now."""
    match breaker:
        case Closed():
            return Verdict.GO
        case Open(until=until):
            return Verdict.PROBE if now >= until else Verdict.SHUT
    assert_never(breaker)


def stale(breaker: Breaker, now: float) -> bool:
    """Whether nobody came to probe it for so long that nobody seems to need it any more."""
    return isinstance(breaker, Open) and now - breaker.until > LAST_WINDOW


def probed(breaker: Breaker, now: float, chance: float) -> Breaker:
    """A probe goes out now; the next one may follow a window later, whatever becomes of this one."""
    if isinstance(breaker, Closed):
        return breaker
    return replace(breaker, until=now + _shortened(breaker.window, chance))


def hastened(breaker: Breaker, now: float) -> Breaker:
    """Somebody asks for a look: the next probe may go at once."""
    return replace(breaker, until=min(breaker.until, now)) if isinstance(breaker, Open) else breaker


def succeeded(breaker: Breaker, now: float, *, probe: bool) -> Breaker:
    """A call was answered; only a probe's answer closes, for others left before it opened."""
    match breaker:
        case Closed(_, recent):
            return Closed(0, _counted(recent, now, failures=0))
        case Open():
            return Closed() if probe else breaker
    assert_never(breaker)


def failed(breaker: Breaker, now: float, chance: float, why: str, *, probe: bool) -> Breaker:
    """A call did not get through; `chance` is a number from 0 to 1."""
    match breaker:
        case Closed(in_a_row, recent):
            counted = Closed(in_a_row + 1, _counted(recent, now, failures=1))
            if not _too_many(counted):
                return counted
            return Open(now, now + _shortened(FIRST_WINDOW, chance), FIRST_WINDOW, why)
        case Open():
            if not probe:
                return breaker
            window = min(breaker.window * 2, LAST_WINDOW)
            return Open(breaker.since, now + _shortened(window, chance), window, why)
    assert_never(breaker)


def _shortened(window: float, chance: float) -> float:
    return window * (1 - JITTER * chance)


def _too_many(counted: Closed) -> bool:
    calls = sum(part.calls for part in counted.recent)
    failures = sum(part.failures for part in counted.recent)
    return counted.in_a_row >= IN_A_ROW or (calls >= ENOUGH and failures * 2 >= calls)


def _counted(recent: tuple[Slice, ...], now: float, *, failures: int) -> tuple[Slice, ...]:
    number = int(now // _SLICE)
    kept = tuple(part for part in recent if number - _SLICES < part.number < number)
    present = next((part for part in recent if part.number == number), Slice(number, 0, 0))
    return (*kept, Slice(number, present.calls + 1, present.failures + failures))
