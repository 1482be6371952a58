"""How the estate is, as one ending: the worst of all that is told. Every verb that looks ends by this."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from setpoint.cli.output import Ending

_FAILING = frozenset({"Failed", "Stalled"})
_ORDER = (Ending.ERROR, Ending.HELD, Ending.DIFFERENT, Ending.FINE)
REPORTED = frozenset({"DriftWarn", "Manage"})
"""The rules of a person who wants something only reported; nobody is asked to release that."""


def verdict(status: dict[str, Any]) -> Ending:
    """What a whole status amounts to: mistakes and failures first, then holds, then differences."""
    rows = (row_verdict(row) for row in status["resources"])
    return worst([_source(status), *rows, *map(departed_verdict, status["deletions"])])


def worst(endings: Iterable[Ending]) -> Ending:
    """The one that a person should hear of first."""
    found = set(endings)
    return next((ending for ending in _ORDER if ending in found), Ending.FINE)


def needs_a_person(hold: dict[str, Any]) -> bool:
    """Whether somebody is asked to release it: not what ends by itself, such as a closed window, or is only reported."""
    return not hold["passing"] and hold["rule"] not in REPORTED


def row_verdict(row: dict[str, Any]) -> Ending:
    """What one resource amounts to."""
    outcome = row["outcome"]
    if outcome in _FAILING:
        return Ending.ERROR
    if outcome == "Held":
        return Ending.HELD if any(needs_a_person(hold) for hold in row["holds"]) else Ending.DIFFERENT
    if outcome == "Done":
        return Ending.FINE if row["ready"] == "True" else Ending.ERROR
    return Ending.DIFFERENT


def departed_verdict(row: dict[str, Any]) -> Ending:
    """What something amounts to that is to be deleted."""
    return Ending.HELD if any(needs_a_person(hold) for hold in row["holds"]) else Ending.DIFFERENT


def _source(status: dict[str, Any]) -> Ending:
    source = status["source"]
    if status["problems"] or status["waiting"]:
        return Ending.ERROR
    if source["good"] or status["phase"] == "starting":
        return Ending.FINE
    return Ending.HELD if source["token"] else Ending.ERROR
