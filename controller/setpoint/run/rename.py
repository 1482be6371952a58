"""How a resource keeps its object under a new name: what is remembered moves along; the mark follows by a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.run.estate import Estate


def renamed(resources: Mapping[Key, Resource], news: Iterable[Key]) -> Mapping[Key, Key]:
    """Former name -> new name, of those among `news` whose former name nothing else bears; the first one gets it."""
    found: dict[Key, Key] = {}
    for key in news:
        former = resources[key].formerly
        if former is not None and former not in resources:
            found.setdefault(former, key)
    return found


def follow(estate: Estate, names: Mapping[Key, Key]) -> None:
    """Let the places of steps under way go to the new names, once what is remembered has."""
    for old, new in names.items():
        intent, target = estate.store.intent(new), estate.store.intent_target(new)
        lane = estate.lanes.get(target) if target is not None else None
        if intent is not None and lane is not None:
            lane.slots.resume(new, intent)
            lane.slots.leave(old)
