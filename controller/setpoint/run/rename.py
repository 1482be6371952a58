"""How a resource keeps its object under a new name: what is remembered moves along; the mark follows by a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.run.estate import Estate


async def move_renamed(estate: Estate, resources: Iterable[Resource]) -> frozenset[Key]:
    """Hand over to each newly named resource what is remembered under its former name; gives the former names."""
    moved: set[Key] = set()
    for resource in resources:
        if resource.formerly is not None and resource.formerly not in estate.resources:
            await _move(estate, resource.formerly, resource.key)
            moved.add(resource.formerly)
    return frozenset(moved)


async def _move(estate: Estate, old: Key, new: Key) -> None:
    calls, store = estate.calls, estate.store
    item = await calls.call(store.item, old)
    if item is None or await calls.call(store.item, new) is not None:
        return
    intent = await calls.call(store.intent, old)
    await calls.call(store.save_item, replace(item, key=new, released=False))
    if intent is not None:
        await calls.call(store.open_intent, new, item.target, intent)
        await calls.call(store.close_intent, old)
    await calls.call(store.release, old)
    await calls.call(store.forget_item, old)
    await calls.call(store.forget_status, old)
