"""A change goes out over a group through the real lanes: in turn, canaries first, over lives of the daemon."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from typing import Any

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.model.resource import Resource
from setpoint.run.declare import arrange_lanes
from setpoint.run.preview import Preview
from setpoint.run.supervisor import Supervisor
from setpoint.run.wake import wake
from setpoint.store.store import Store
from tests.rig.estate import MemorySource
from tests.toy import World
from tests.unit.run.shelves import Shelves, box, declared, in_virtual_time, serving, shelf, worlds
from tests.unit.run.test_blast_radius import Hopping

SIZE = 6
WORLD: dict[str, World] = {}


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    WORLD.clear()
    WORLD.update(worlds(*(f"s{number}" for number in range(SIZE))))
    yield
    WORLD.clear()


def member(number: int, colour: str, **rollout: Any) -> Resource:
    """A box that stands on a shelf of its own, as a host is reached by itself."""
    policy = {"group": "web", **rollout}
    return declared(box(f"b{number}"), shelf(f"s{number}"), {"colour": colour}, rollout=policy)


def web(colour: str, canaries: frozenset[int] = frozenset(), **rollout: Any) -> list[Resource]:
    shelves = [declared(shelf(f"s{number}"), None, {"world": f"s{number}"}) for number in range(SIZE)]
    return [*shelves, *(member(n, colour, canary=n in canaries, **rollout) for n in range(SIZE))]


def colours() -> list[str]:
    return [str(thing.fields["colour"]) for world in WORLD.values() for thing in world.things.values()]


def fields(number: int) -> dict[str, Any]:
    (thing,) = WORLD[f"s{number}"].things.values()
    return thing.fields


def declare(shelves: Shelves, resources: list[Resource]) -> None:
    shelves.estate.resources = {resource.key: resource for resource in resources}
    for resource in resources:
        wake(shelves.estate, resource.key)


def changing(shelves: Shelves) -> list[Key]:
    return [item.key for item in shelves.estate.store.items() if item.changing]


def all_are(colour: str, shelves: Shelves) -> bool:
    return colours() == [colour] * SIZE and not changing(shelves)


async def made(shelves: Shelves) -> None:
    await shelves.until(lambda: all(shelves.estate.ready(box(f"b{n}")) for n in range(SIZE)))


def rules(shelves: Shelves, number: int) -> list[Rule]:
    return [hold.rule for hold in shelves.status(box(f"b{number}")).holds]


def test_new_members_are_made_all_at_once() -> None:
    async def body() -> None:
        async with serving(Store.in_memory(), web("red")) as shelves:
            took = await shelves.until(lambda: len(colours()) == SIZE)
            assert took < 5
            assert not changing(shelves)

    in_virtual_time(body)


@pytest.mark.parametrize("limit", [1, 2, "50%"])
@pytest.mark.parametrize("seed", range(3))
def test_never_more_members_are_under_change_than_may_be(limit: int | str, seed: int) -> None:
    async def body() -> None:
        most = limit if isinstance(limit, int) else SIZE // 2
        busy: set[str] = set()
        peak = crowd = 0

        def around(name: str) -> Any:
            def fault(moment: str, verb: str) -> None:
                nonlocal crowd
                if verb == "set":
                    busy.add(name)
                    crowd = max(crowd, len(busy))

            return fault

        chance = random.Random(seed)  # noqa: S311  # the same in every run
        async with serving(
            Store.in_memory(), web("red", maxUnavailable=limit), seed, calls=Hopping()
        ) as shelves:
            await made(shelves)
            for name, world in WORLD.items():
                world.fault, world.delay = around(name), chance.uniform(0.0, 20.0)
            declare(shelves, web("blue", maxUnavailable=limit))

            def seen() -> bool:
                # A member is not under change any more once it was seen to be well, which is the engine's to say last.
                nonlocal peak
                busy.intersection_update(key.name.replace("b", "s") for key in changing(shelves))
                peak = max(peak, len(changing(shelves)))
                return all_are("blue", shelves)

            await shelves.until(seen, step=0.5)
        assert peak == most
        assert crowd <= most

    in_virtual_time(body)


def test_canaries_go_first_and_one_that_is_ill_stops_the_others_until_it_is_mended() -> None:
    async def body() -> None:
        canaries = frozenset({2})
        async with serving(Store.in_memory(), web("red", canaries)) as shelves:
            await made(shelves)
            fields(2)["dented"] = True
            declare(shelves, web("blue", canaries))
            await shelves.until(lambda: fields(2)["colour"] == "blue")
            await asyncio.sleep(600)
            assert sorted(colours()) == ["blue", *["red"] * (SIZE - 1)]
            assert rules(shelves, 0) == [Rule.ROLLOUT]
            assert "the canary Box/b2 of the group web is not in sync" in shelves.status(box("b0")).sentence
            fields(2)["dented"] = False
            wake(shelves.estate, box("b2"))
            took = await shelves.until(lambda: all_are("blue", shelves))
            assert took < 60

    in_virtual_time(body)


def test_canaries_that_wait_for_the_same_member_do_not_wake_each_other() -> None:
    async def body() -> None:
        canaries, first = frozenset({2, 3}), box("b1")

        def dent(moment: str, verb: str) -> None:
            if moment == "after":
                fields(1)["dented"] = True

        async with serving(Store.in_memory(), web("red", canaries)) as shelves:
            await made(shelves)
            WORLD["s1"].fault = dent
            declare(shelves, [member(1, "blue") if one.key == first else one for one in web("red", canaries)])
            await shelves.until(lambda: fields(1)["colour"] == "blue")
            declare(shelves, web("blue", canaries))
            await shelves.until(lambda: rules(shelves, 2) == rules(shelves, 3) == [Rule.ROLLOUT])
            before = len(shelves.ended)
            await asyncio.sleep(600)
            assert len(shelves.ended) - before < 600

    in_virtual_time(body)


def test_a_member_with_a_declaration_of_its_own_waits_until_the_canary_was_looked_at_and_no_longer() -> None:
    async def body() -> None:
        canaries = frozenset({2})
        before = web("red", canaries)
        async with serving(Store.in_memory(), before) as shelves:
            await made(shelves)
            await asyncio.sleep(100)
            looked = shelves.status(box("b2")).reconciled_at
            after = [member(0, "blue") if one.key == box("b0") else one for one in before]
            declare(shelves, after[:1])
            shelves.estate.resources = {one.key: one for one in after}
            wake(shelves.estate, box("b0"))
            took = await shelves.until(lambda: fields(0)["colour"] == "blue")
            assert took < 10
            assert shelves.status(box("b2")).reconciled_at > looked

    in_virtual_time(body)


def test_a_member_that_is_away_blocks_nobody() -> None:
    async def body() -> None:
        async with serving(Store.in_memory(), web("red")) as shelves:
            await made(shelves)
            WORLD["s3"].down = True
            declare(shelves, web("blue"))
            await shelves.until(lambda: sorted(colours()) == [*["blue"] * (SIZE - 1), "red"])
            WORLD["s3"].down = False
            await shelves.until(lambda: all_are("blue", shelves))

    in_virtual_time(body)


def test_a_change_that_was_refused_never_happened_and_blocks_nobody() -> None:
    async def body() -> None:
        def refuse(moment: str, verb: str) -> None:
            if moment == "before" and verb == "set":
                raise RefusalError("not today")

        async with serving(Store.in_memory(), web("red")) as shelves:
            await made(shelves)
            WORLD["s0"].fault = refuse
            declare(shelves, web("blue"))
            await shelves.until(lambda: sorted(colours()) == [*["blue"] * (SIZE - 1), "red"])
            assert not changing(shelves)

    in_virtual_time(body)


def test_a_failed_change_keeps_its_place_over_a_restart_until_a_person_goes_on_without_it() -> None:
    async def body() -> None:
        store = Store.in_memory()

        def dent(moment: str, verb: str) -> None:
            if moment == "after" and verb == "set":
                fields(0)["dented"] = True

        async with serving(store, web("red")) as shelves:
            await made(shelves)
            WORLD["s0"].fault = dent
            declare(
                shelves, [*web("red")[:SIZE], member(0, "blue"), *(member(n, "red") for n in range(1, SIZE))]
            )
            await shelves.until(lambda: "dented" in fields(0) and fields(0)["colour"] == "blue")
            await asyncio.sleep(5)
        async with serving(store, web("blue")) as shelves:
            WORLD["s0"].down = True
            await asyncio.sleep(900)
            assert colours().count("blue") == 1
            assert changing(shelves) == [box("b0")]
            (hold,) = shelves.status(box("b1")).holds
            assert "it is Box/b0" in hold.why
            await shelves.estate.calls.call(store.approve, hold.token, "anna", 0.0)
            await shelves.until(lambda: colours().count("blue") == SIZE)
            assert changing(shelves) == [box("b0")]
            WORLD["s0"].down = False
            fields(0)["dented"] = False
            await shelves.until(lambda: not changing(shelves))

    in_virtual_time(body)


def test_what_is_in_no_group_or_in_another_namespace_never_waits() -> None:
    async def body() -> None:
        alone = declared(box("b1"), shelf("s1"), {"colour": "red"})
        other = declared(Key("site", "Box", "b2"), shelf("s2"), {"colour": "red"}, rollout={"group": "web"})
        resources = [*web("red")[:SIZE], member(0, "red"), alone, other]
        async with serving(Store.in_memory(), resources) as shelves:
            await shelves.until(lambda: len(colours()) == 3)
            item = shelves.estate.store.item(box("b0"))
            assert item is not None
            fields(0)["dented"] = True
            later = [
                member(0, "blue"),
                declared(box("b1"), shelf("s1"), {"colour": "blue"}),
                declared(other.key, shelf("s2"), {"colour": "blue"}, rollout={"group": "web"}),
            ]
            declare(shelves, [*resources[:SIZE], *later])
            assert await shelves.until(lambda: colours().count("blue") == 3) < 10

    in_virtual_time(body)


def test_a_preview_shows_who_goes_now_and_who_waits() -> None:
    async def body() -> None:
        store = Store.in_memory()
        async with serving(store, web("red", maxUnavailable=2)) as shelves:
            await made(shelves)
        async with serving(store, []) as shelves:
            shelves.estate.resources = {one.key: one for one in web("blue", maxUnavailable=2)}
            await arrange_lanes(shelves.estate)
            reports = await Preview(shelves.estate).of([box(f"b{n}") for n in range(SIZE)])
            ends = [type(report.outcome).__name__ for report in reports]
            assert (ends.count("Changed"), ends.count("Held")) == (2, SIZE - 2)
        assert set(colours()) == {"red"}

    in_virtual_time(body)


def test_whoever_waits_for_all_to_settle_waits_for_the_whole_wave() -> None:
    async def body() -> None:
        async with serving(Store.in_memory(), web("red", frozenset({1}))) as shelves:
            await made(shelves)
            for world in WORLD.values():
                world.delay = 7.0
            began = shelves.estate.ports.now()
            declare(shelves, web("blue", frozenset({1})))
            supervisor = Supervisor(shelves.estate, MemorySource({}))

            def over() -> bool:
                keys = shelves.estate.everything()
                rest = all(supervisor._rests(key, began) for key in keys)  # by which `settle` ends
                assert not rest or all_are("blue", shelves)
                return all_are("blue", shelves)

            await shelves.until(over, step=0.5)

    in_virtual_time(body)
