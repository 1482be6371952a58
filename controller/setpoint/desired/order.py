"""An order in which everything comes after what it needs, the same whenever the needs are the same."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Collection, Iterable, Mapping

from setpoint.model.key import Key, in_order


def leveled(needs: Mapping[Key, Collection[Key]]) -> list[Key]:
    """All keys level by level, by name within a level; what is in a circle, or needs one, is left out.

    Needs that are no keys of `needs` themselves do not count.
    """
    dependants: dict[Key, list[Key]] = {key: [] for key in needs}
    open_needs: dict[Key, int] = {}
    level: list[Key] = []
    for key, needed in needs.items():
        known = [need for need in needed if need in dependants]
        if known:
            open_needs[key] = len(known)
            for need in known:
                dependants[need].append(key)
        else:
            level.append(key)
    found: list[Key] = []
    while level:
        level.sort(key=in_order)
        found += level
        level = _freed(level, dependants, open_needs)
    return found


def _freed(done: list[Key], dependants: Mapping[Key, list[Key]], open_needs: dict[Key, int]) -> list[Key]:
    """Those that wait for nothing more once `done` are there."""
    freed: list[Key] = []
    for key in done:
        for dependant in dependants[key]:
            open_needs[dependant] -= 1
            if not open_needs[dependant]:
                freed.append(dependant)
    return freed


def inserted(order: Iterable[Key], new: Iterable[Key], needs: Callable[[Key], Collection[Key]]) -> list[Key]:
    """An order made by `leveled` with keys put in that need only what is in it, and that nothing in it needs."""

    def rank(key: Key) -> tuple[int, str, str, str]:
        return _level(key, needs), key.namespace, key.kind, key.name

    found = [*order]
    for key in new:
        insort(found, key, key=rank)
    return found


def _level(key: Key, needs: Callable[[Key], Collection[Key]]) -> int:
    """The length of the longest way down."""
    level = 0
    below = {*needs(key)}
    while below:
        level += 1
        below = {need for one in below for need in needs(one)}
    return level
