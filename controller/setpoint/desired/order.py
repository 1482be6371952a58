"""An order in which everything comes after what it needs, the same whenever the needs are the same."""

from __future__ import annotations

from collections.abc import Collection, Mapping

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
