"""Places for each sort of work: kept to, given back whatever happens, and given in the order of asking."""

from __future__ import annotations

import asyncio
from time import time

import pytest

from setpoint_nixos.nix.workshop import Budgets, Load, Work, Workshop


@pytest.mark.parametrize("work", Work)
def test_a_sort_without_places_is_refused(work: Work) -> None:
    with pytest.raises(ValueError, match=f"{work} needs a budget of at least 1"):
        Budgets(**{work.value: 0})


async def test_places_are_given_in_the_order_of_asking_and_given_back() -> None:
    workshop, order, free = Workshop(Budgets(copying=1)), list[int](), asyncio.Event()

    async def copy(number: int) -> None:
        async with workshop.place(Work.COPYING):
            order.append(number)
            await free.wait()

    going = [asyncio.create_task(copy(number)) for number in range(4)]
    await asyncio.sleep(0)
    assert workshop.load(Work.COPYING) == Load(1, 3)
    assert workshop.load(Work.BUILDING) == Load(0, 0)
    going[1].cancel()
    free.set()
    await asyncio.gather(*going, return_exceptions=True)
    assert order == [0, 2, 3]
    assert workshop.load(Work.COPYING) == Load(0, 0)


async def test_a_place_is_given_back_after_a_failure() -> None:
    workshop = Workshop(Budgets(building=1))
    for _ in range(3):
        with pytest.raises(KeyError):
            async with workshop.place(Work.BUILDING):
                raise KeyError
    assert workshop.load(Work.BUILDING) == Load(0, 0)


async def test_a_place_that_outlasts_its_call_is_had_by_one_name_until_that_leaves() -> None:
    places, soon = Workshop(Budgets(activating=1)), time() + 60
    assert await places.enter(Work.ACTIVATING, "a", soon, 1)
    assert await places.enter(Work.ACTIVATING, "a", soon, 1)
    assert places.is_full(Work.ACTIVATING)
    assert not await places.enter(Work.ACTIVATING, "b", soon, 0.01)
    assert places.load(Work.ACTIVATING) == Load(1, 0)
    waiting = asyncio.create_task(places.enter(Work.ACTIVATING, "b", soon, 60))
    await asyncio.sleep(0)
    places.leave(Work.ACTIVATING, "unknown")
    places.leave(Work.ACTIVATING, "a")
    assert await waiting
    places.leave(Work.ACTIVATING, "b")
    assert places.load(Work.ACTIVATING) == Load(0, 0)
    assert not places.is_full(Work.ACTIVATING)


async def test_a_place_that_nobody_gives_back_is_free_once_it_has_to_be_over() -> None:
    places = Workshop(Budgets(activating=1))
    assert await places.enter(Work.ACTIVATING, "forgotten", time() - 1, 1)
    assert await places.enter(Work.ACTIVATING, "next", time() + 60, 0.01)
