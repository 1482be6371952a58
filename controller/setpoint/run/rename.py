"""How a resource keeps its object under a new name: what is remembered moves along; the mark follows by a step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.run.estate import Estate
from setpoint.store.records import Reservation


async def move_renamed(estate: Estate, resources: Iterable[Resource]) -> frozenset[Key]:
    """Hand over to each newly named resource what is remembered under its former name; gives the former names."""
    moved: set[Key] = set()
    for resource in resources:
        if resource.formerly is not None and resource.formerly not in estate.resources:
            await _move(estate, resource.formerly, resource.key)
            moved.add(resource.formerly)
    return frozenset(moved)


async def _move(estate: Estate, old: Key, new: Key) -> None:
    """Hand over inventory row, reserved id and the step under way; each may be all there is yet."""
    calls, store = estate.calls, estate.store
    if store.item(new) is not None:
        return
    item = store.item(old)
    if item is not None:
        await calls.call(store.save_item, replace(item, key=new, released=False))
        await calls.call(store.forget_item, old)
    reservation = store.reservation(old)
    if reservation is not None:
        await _hand_over(estate, reservation, new)
    intent = store.intent(old)
    target = reservation.target if reservation else item.target if item else None
    if intent is not None and target is not None:
        await calls.call(store.open_intent, new, target, intent)
        if target in estate.lanes:
            estate.lanes[target].slots.resume(new, intent)
            estate.lanes[target].slots.leave(old)
        await calls.call(store.close_intent, old)
    await calls.call(store.forget_status, old)


async def _hand_over(estate: Estate, reservation: Reservation, new: Key) -> None:
    number = reservation.number
    wish = Reserve(reservation.space, number, number, frozenset())
    await estate.calls.call(estate.store.release, reservation.key)
    await estate.calls.call(estate.store.reserve, reservation.target, wish, new, reservation.at)
