"""Plays inputs at a target: each by its number, so that a failing one comes back by its name."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass

from tests.fuzz.mutate import mutated
from tests.fuzz.targets import Target

PATIENCE = 5.0
"""Seconds of CPU that one input may take; the usual ones take milliseconds."""


class SlowError(AssertionError):
    """An input took longer than it may."""


@dataclass(frozen=True)
class Played:
    """How much was tried."""

    inputs: int
    slowest: float


def chosen(target: Target, number: int) -> bytes:
    """The input of a number."""
    return mutated(target.seeds, random.Random(number))  # noqa: S311  # to be repeated, not to be secret


def play(target: Target, first: int, seconds: float, most: int) -> Played:
    """Inputs from the number `first` on, until the time is over or `most` were played.

    Raises:
        AssertionError: with the number of an input that did not end well.
    """
    end, slowest, number = time.monotonic() + seconds, 0.0, first
    while number < first + most and time.monotonic() < end:
        began = time.thread_time()
        data = chosen(target, number)
        try:
            target.read(data)
        except Exception as error:
            error.add_note(f"input {number}: {data[:3000]!r}")
            raise
        took = time.thread_time() - began
        if took > PATIENCE:
            raise SlowError(f"input {number} took {took:.1f} s: {data[:3000]!r}")
        slowest, number = max(slowest, took), number + 1
    return Played(number - first, slowest)
