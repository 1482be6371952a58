"""A resource that is on another target is found there, also by a database that knows nothing, and no second one is made."""

from __future__ import annotations

import asyncio

from setpoint.model.hold import Rule
from setpoint.model.identity import Mark
from setpoint.model.resource import Resource
from setpoint.store.store import Store
from tests.toy import Thing, World
from tests.unit.run.shelves import Shelves, box, declared, in_virtual_time, serving, shelf, worlds

BOX, HERE, THERE = box("x"), shelf("here"), shelf("there")
TOKEN = f"{BOX}@{HERE}"


def resources(number: int | None = None) -> list[Resource]:
    """Two shelves, and a box that is declared to be on the first."""
    spec = {"colour": "red"} if number is None else {"colour": "red", "number": number}
    return [
        declared(HERE, None, {"world": "here"}, interval="1m"),
        declared(THERE, None, {"world": "there"}, interval="1m"),
        declared(BOX, HERE, spec, interval="1m"),
    ]


def put(world: World, number: int = 7) -> None:
    """The box is on this shelf."""
    world.things[number] = Thing({"colour": "red"}, Mark("home", BOX, str(number)))


def outcome(shelves: Shelves) -> str:
    status = shelves.estate.store.status(BOX)
    return status.outcome if status is not None else ""


def assert_held(shelves: Shelves) -> None:
    (hold,) = shelves.status(BOX).holds
    assert (hold.rule, hold.token) == (Rule.IDENTITY, TOKEN)
    assert "is 7 of Shelf/there" in hold.why


def test_without_memory_what_another_target_holds_is_not_made_a_second_time() -> None:
    async def life() -> None:
        world = worlds("here", "there")
        put(world["there"])
        store = Store.in_memory()
        async with serving(store, resources()) as shelves:
            await shelves.until(lambda: outcome(shelves) == "Held")
            assert_held(shelves)
            assert world["here"].effects == []
            store.approve(TOKEN, "anna", 1.0)
            await shelves.until(lambda: outcome(shelves) == "Done")
            assert world["here"].effects == ["create"]
            assert list(world["there"].things) == [7]

    in_virtual_time(life)


def test_nothing_is_made_before_every_target_that_may_hold_it_was_seen_once() -> None:
    async def life() -> None:
        world = worlds("here", "there")
        put(world["there"])
        world["there"].down = True
        async with serving(Store.in_memory(), resources()) as shelves:
            await shelves.until(lambda: outcome(shelves) == "Blocked")
            await asyncio.sleep(1200)
            assert shelves.status(BOX).sentence.startswith("Shelf/there may hold Box/x and was not seen yet")
            assert world["here"].effects == []
            world["there"].down = False
            await shelves.until(lambda: outcome(shelves) == "Held")
            assert_held(shelves)

    in_virtual_time(life)


def test_whoever_does_not_want_to_wait_for_the_other_target_says_so() -> None:
    async def life() -> None:
        world = worlds("here", "there")
        world["there"].down = True
        store = Store.in_memory()
        store.approve(TOKEN, "anna", 1.0)
        async with serving(store, resources()) as shelves:
            await shelves.until(lambda: outcome(shelves) == "Done")
            assert world["here"].effects == ["create"]

    in_virtual_time(life)


def test_a_target_that_was_seen_before_need_not_be_seen_again() -> None:
    async def life() -> None:
        world = worlds("here", "there")
        store = Store.in_memory()
        async with serving(store, resources()[:2]) as shelves:
            await shelves.until(lambda: store.pinned(THERE) is not None)
        world["there"].down = True
        async with serving(store, resources()) as shelves:
            await shelves.until(lambda: outcome(shelves) == "Done")
            assert world["here"].effects == ["create"]

    in_virtual_time(life)


def test_a_declared_id_does_not_move_it_either() -> None:
    async def life() -> None:
        world = worlds("here", "there")
        put(world["there"])
        async with serving(Store.in_memory(), resources(7)) as shelves:
            await shelves.until(lambda: outcome(shelves) == "Held")
            assert_held(shelves)
            assert world["here"].effects == []

    in_virtual_time(life)


def test_what_was_brought_to_the_declared_target_by_hand_is_found_there() -> None:
    async def life() -> None:
        world = worlds("here", "there")
        put(world["there"])
        store = Store.in_memory()
        async with serving(store, resources()) as shelves:
            await shelves.until(lambda: outcome(shelves) == "Held")
            world["here"].things[7] = world["there"].things.pop(7)
            await shelves.until(lambda: outcome(shelves) == "Done")
            item = store.item(BOX)
            assert item is not None
            assert item.target == HERE
            assert world["here"].effects == []

    in_virtual_time(life)
