"""From the rules that are there to those that are wanted, one call at a time. Pure.

New rules come in switched off and are brought to their places; then they are switched on, and only then old ones go. So
in between nothing is let through that neither the old nor the new rules let through, and nothing stopped that both let through,
as far as rules of one kind are concerned.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from setpoint.model.tree import Json

Rule: TypeAlias = Mapping[str, Json]


@dataclass(frozen=True)
class Insert:
    """Put a rule first, switched off."""

    rule: Rule


@dataclass(frozen=True)
class Move:
    """Put the rule at `position` right before the one at `before`."""

    position: int
    before: int


@dataclass(frozen=True)
class Switch:
    """Switch a rule on or off."""

    position: int
    on: bool


@dataclass(frozen=True)
class Delete:
    """Take a rule away."""

    position: int


Edit: TypeAlias = Insert | Move | Switch | Delete


def next_edit(there: Sequence[Rule], wanted: Sequence[Rule]) -> Edit | None:
    """What is to be done next; None when the rules are as wanted."""
    places = _places(there, wanted)
    missing = next((number for number in range(len(wanted) - 1, -1, -1) if places[number] is None), None)
    if missing is not None:
        return Insert(wanted[missing])
    found = [place for place in places if place is not None]
    for before, after in pairwise(found):
        if after < before:
            return Move(after, before + 1)
    return _switch(there, wanted, found) or _delete(there, found) or _switch_off(there, wanted, found)


def _places(there: Sequence[Rule], wanted: Sequence[Rule]) -> list[int | None]:
    """Where each wanted rule stands, on or off; each place is taken once, one that is as it should be first."""
    free: dict[str, list[int]] = {}
    for place, rule in enumerate(there):
        free.setdefault(_body(rule), []).append(place)
    found: list[int | None] = []
    for rule in wanted:
        left = free.get(_body(rule), [])
        best = next(
            (place for place in left if there[place]["enabled"] == rule["enabled"]), next(iter(left), None)
        )
        if best is not None:
            left.remove(best)
        found.append(best)
    return found


def _switch(there: Sequence[Rule], wanted: Sequence[Rule], found: Sequence[int]) -> Edit | None:
    pairs = zip(wanted, found, strict=True)
    on = (place for rule, place in pairs if rule["enabled"] and not there[place]["enabled"])
    return next((Switch(place, on=True) for place in on), None)


def _delete(there: Sequence[Rule], found: Sequence[int]) -> Edit | None:
    old = [place for place in range(len(there)) if place not in {*found}]
    return Delete(old[-1]) if old else None


def _switch_off(there: Sequence[Rule], wanted: Sequence[Rule], found: Sequence[int]) -> Edit | None:
    pairs = zip(wanted, found, strict=True)
    off = (place for rule, place in pairs if not rule["enabled"] and there[place]["enabled"])
    return next((Switch(place, on=False) for place in off), None)


def _body(rule: Rule) -> str:
    return json.dumps({key: value for key, value in rule.items() if key != "enabled"}, sort_keys=True)
