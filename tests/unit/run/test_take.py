"""Berths that a roll hands out, with the real lanes and workers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from setpoint.model.condition import ConditionType, Truth
from setpoint.model.handed import Grant
from setpoint.model.hold import Rule
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.reference import Name
from setpoint.model.resource import Resource
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.preview import Preview
from setpoint.run.spaces import Spaces
from setpoint.run.wake import wake
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from tests.handing import BERTHED
from tests.toy import Thing, World
from tests.unit.run.shelves import Shelves, box, declared, in_virtual_time, serving, shelf, worlds

ROLL, SHELF = Key("default", "Roll", "pier"), shelf("s")


def roll(**spec: Any) -> Resource:
    return declared(ROLL, None, spec)


def berthed(name: str, berth: Any = None, **spec: Any) -> Resource:
    """A box that takes a berth of the roll, unless one is said."""
    taken = {"roll": "pier"} if berth is None else berth
    one = declared(box(name), SHELF, {"colour": "red", "berth": taken, **spec})
    return replace(one, references=(ROLL, SHELF) if isinstance(taken, dict) else (SHELF,))


def shelves_with(*boxes: Resource, **spec: Any) -> list[Resource]:
    return [declared(SHELF, None, {"world": "w"}), roll(**spec), *boxes]


def lies(world: World) -> dict[str, str]:
    return {
        t.mark.key.name: t.fields["berth"] for t in world.things.values() if t.mark and "berth" in t.fields
    }


def ours(name: str, number: int, berth: str, **fields: Any) -> Thing:
    mark = Mark("home", box(name), str(number))
    return Thing({"colour": "red", "berth": berth, **fields}, mark)


async def at_rest(shelves: Shelves, *names: str, outcome: str = "Done") -> None:
    def rests() -> bool:
        found = [shelves.estate.store.status(box(name)) for name in names]
        return all(one is not None and one.outcome == outcome for one in found)

    await shelves.until(rests, patience=600)


def play(
    resources: list[Resource],
    body: Callable[[Shelves, World], Awaitable[None]],
    store: Store | None = None,
    things: dict[int, Thing] | None = None,
) -> World:
    world = worlds("w")["w"]
    world.things.update(things or {})
    memory = store or Store.in_memory()
    for status in memory.statuses():
        memory.forget_status(status.key)

    async def main() -> None:
        async with serving(memory, resources, kinds=BERTHED) as shelves:
            await body(shelves, world)

    in_virtual_time(main)
    return world


def done(*names: str) -> Callable[[Shelves, World], Awaitable[None]]:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, *names)

    return body


def test_each_box_gets_a_berth_of_its_own() -> None:
    world = play(shelves_with(*map(berthed, "xyz")), done(*"xyz"))
    assert sorted(lies(world).values()) == ["a1", "a2", "a3"]


def test_what_comes_with_a_berth_is_put_beside_it_unless_it_is_written() -> None:
    world = play(shelves_with(berthed("x"), berthed("y", buoy="mine"), buoy="north"), done("x", "y"))
    assert {thing.fields["buoy"] for thing in world.things.values()} == {"north", "mine"}


def test_a_berth_is_remembered_by_the_next_life() -> None:
    store = Store.in_memory()
    world = play(shelves_with(berthed("x"), berthed("y")), done("x", "y"), store)
    before = lies(world)
    again = play(shelves_with(berthed("y"), berthed("x")), done("x", "y"), store, world.things)
    assert (lies(again), again.effects) == (before, [])


def test_a_lost_database_takes_over_what_the_boxes_have() -> None:
    things = {7: ours("x", 7, "a3"), 8: ours("y", 8, "a1")}
    world = play(
        shelves_with(berthed("x"), berthed("y"), berthed("new")), done("x", "y", "new"), None, things
    )
    assert lies(world) == {"x": "a3", "y": "a1", "new": "a2"}
    assert world.effects == ["create"]


def test_a_berth_outside_of_the_ranges_is_kept() -> None:
    world = play(shelves_with(berthed("x")), done("x"), None, {7: ours("x", 7, "a50")})
    assert (lies(world), world.effects) == ({"x": "a50"}, [])


def test_nothing_is_handed_out_before_everybody_who_may_have_it_was_looked_at() -> None:
    both = worlds("w", "dark")
    both["dark"].down = True
    both["dark"].things[3] = ours("far", 3, "a1")
    far = replace(berthed("far"), target=shelf("dark"), references=(ROLL, shelf("dark")))
    resources = [*shelves_with(berthed("new")), declared(shelf("dark"), None, {"world": "dark"}), far]
    store = Store.in_memory()
    store.pin(shelf("dark"), "dark", 0.0)

    async def main() -> None:
        async with serving(store, resources, kinds=BERTHED) as shelves:
            await shelves.until(lambda: store.status(box("far")) is not None)
            await at_rest(shelves, "new", outcome="Blocked")
            assert "Box/far takes from Roll/pier as well" in shelves.status(box("new")).sentence
            both["dark"].down = False
            await at_rest(shelves, "far", "new")

    in_virtual_time(main)
    assert (lies(both["dark"]), lies(both["w"])) == ({"far": "a1"}, {"new": "a2"})


def test_a_berth_that_another_is_seen_with_or_declares_is_not_handed_out() -> None:
    strange = {9: Thing({"colour": "red", "berth": "a1"}, Mark("home", box("old"), "9"))}
    boxes = (declared(box("old"), SHELF, {"colour": "red"}), berthed("fixed", "a2"), berthed("x"))

    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "old", "fixed", "x")
        assert lies(world) == {"old": "a1", "fixed": "a2", "x": "a3"}

    resources = shelves_with(*boxes)
    store = Store.in_memory()
    play(resources[:3], done("old"), store, strange)
    play(resources, body, store, strange)


def test_a_berth_that_is_found_in_a_field_counts_as_seen_although_it_is_not_published() -> None:
    quiet = {9: Thing({"colour": "red", "berth": "a1", "quiet": True}, Mark("home", box("old"), "9"))}
    store = Store.in_memory()
    play(shelves_with(berthed("z"), high=9), done("z"), store, {1: ours("z", 1, "a9")})
    old = declared(box("old"), SHELF, {"colour": "red"})

    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "old", "z")
        assert "berth" not in {k for k, v in (shelves.status(box("old")).outputs or {}).items() if v}
        fresh = berthed("x")
        shelves.estate.resources = {**shelves.estate.resources, fresh.key: fresh}
        wake(shelves.estate, fresh.key)
        await at_rest(shelves, "x")
        assert lies(world)["x"] == "a2"

    play(shelves_with(old, berthed("z"), high=9), body, store, {1: ours("z", 1, "a9"), **quiet})


def test_a_berth_that_is_seen_twice_is_held_and_left_alone() -> None:
    store = Store.in_memory()
    play(shelves_with(berthed("x")), done("x"), store)
    things = {
        1: ours("x", 1, "a1"),
        9: Thing({"colour": "red", "berth": "a1"}, Mark("home", box("old"), "9")),
    }
    old = declared(box("old"), SHELF, {"colour": "red"})

    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "old")
        await at_rest(shelves, "x", outcome="Held")
        (hold,) = shelves.status(box("x")).holds
        assert hold.rule is Rule.TAKEN
        assert hold.why == "a1 of Box/x is also seen on Box/old"
        assert world.effects == []

    play(shelves_with(old, berthed("x")), body, store, things)


def test_a_berth_that_is_handed_out_is_given_to_nobody_who_declares_it() -> None:
    store = Store.in_memory()
    play(shelves_with(berthed("x")), done("x"), store)

    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "y", "new", outcome="Held")
        for name in ("y", "new"):
            (hold,) = shelves.status(box(name)).holds
            assert hold.why == f"a1, declared for Box/{name}, is handed out to Box/x by Roll/pier"
        assert world.things[2].fields == {"colour": "red", "berth": "a7"}
        assert "create" not in world.effects

    there = {1: ours("x", 1, "a1"), 2: ours("y", 2, "a7")}
    boxes = (berthed("x"), berthed("y", "a1"), berthed("new", "a1"))
    play(shelves_with(*boxes), body, store, there)


def test_an_isolated_roll_and_the_others_do_not_count_for_one_another() -> None:
    store = Store.in_memory()
    play(shelves_with(berthed("x")), done("x"), store)
    own = Key("default", "Roll", "own")
    apart = replace(berthed("y", {"roll": "own"}), references=(own, SHELF))

    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "x", "y")
        assert lies(world) == {"x": "a1", "y": "a1"}

    rolls = [declared(own, None, {"isolated": True})]
    play([*rolls, *shelves_with(berthed("x"), apart)], body, store, {1: ours("x", 1, "a1")})


def test_rolls_that_overlap_hand_out_nothing_twice() -> None:
    own = Key("default", "Roll", "own")
    other = replace(berthed("y", {"roll": "own"}), references=(own, SHELF))
    store = Store.in_memory()
    play(shelves_with(berthed("x")), done("x"), store)
    world = play(
        [declared(own, None, {}), *shelves_with(berthed("x"), other)],
        done("x", "y"),
        store,
        {1: ours("x", 1, "a1")},
    )
    assert lies(world) == {"x": "a1", "y": "a2"}


def test_a_box_that_was_never_made_takes_another_berth_than_the_one_that_is_borne_by_now() -> None:
    store = Store.in_memory()
    store.grant(
        Grant(ROLL, 0, box("x"), "/berth", 1.0), BERTHED["Roll"].space(BERTHED["Roll"].spec()), (), seen=1
    )
    world = play(shelves_with(berthed("fixed", "a1"), berthed("x")), done("fixed", "x"), store)
    assert lies(world) == {"fixed": "a1", "x": "a2"}


def test_a_full_roll_keeps_a_new_box_from_being_made_and_says_what_helps() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "x")
        await at_rest(shelves, "y", outcome="Held")
        (hold,) = shelves.status(box("y")).holds
        assert hold.why == "Roll/pier has no berth left for berth: all 1 are taken"
        assert "add a range to Roll/pier" in hold.release
        assert len(world.things) == 1

    store = Store.in_memory()
    play(shelves_with(berthed("x"), high=1), done("x"), store)
    play(shelves_with(berthed("x"), berthed("y"), high=1), body, store, {1: ours("x", 1, "a1")})


def test_a_full_roll_suspends_the_field_alone_of_a_box_that_is_there() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "y", outcome="Held")
        assert world.things[2].fields == {"colour": "blue"}

    store = Store.in_memory()
    play(shelves_with(berthed("x"), high=1), done("x"), store)
    there = {1: ours("x", 1, "a1"), 2: Thing({"colour": "red"}, Mark("home", box("y"), "2"))}
    play(shelves_with(berthed("x"), berthed("y", colour="blue"), high=1), body, store, there)


def test_what_a_box_left_serves_another_when_there_is_no_other() -> None:
    store = Store.in_memory()
    world = play(shelves_with(berthed("x"), high=1), done("x"), store)
    store.bury(box("x"), 5.0)
    assert [one.left_at for one in store.grants(ROLL)] == [5.0]
    again = play(shelves_with(berthed("y"), high=1), done("y"), store)
    assert (lies(world), lies(again)) == ({"x": "a1"}, {"y": "a1"})


def test_a_roll_that_lost_a_berth_leaves_it_to_who_has_it() -> None:
    store = Store.in_memory()
    play(shelves_with(berthed("x"), high=3), done("x"), store)
    world = play(shelves_with(berthed("x"), low=2), done("x"), store, {1: ours("x", 1, "a1")})
    assert (lies(world), world.effects) == ({"x": "a1"}, [])


def test_a_roll_that_means_other_berths_now_leaves_a_box_as_it_is_and_tells() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "x", outcome="Held")
        (hold,) = shelves.status(box("x")).holds
        assert "b1 of Box/x lies outside" in hold.why
        assert lies(world) == {"x": "a1"}

    store = Store.in_memory()
    play(shelves_with(berthed("x")), done("x"), store)
    outside = replace(BERTHED["Roll"], space=lambda spec: replace(SPACE(spec), number=lambda _: None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BERTHED, "Roll", outside)
        play(shelves_with(berthed("x"), letter="b"), body, store, {1: ours("x", 1, "a1")})


SPACE = BERTHED["Roll"].space or (lambda _: None)


def test_a_field_takes_only_what_it_is_made_for() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "x", outcome="Stalled")
        assert "berth takes an berth, and Roll/pier gives an oar" in shelves.status(box("x")).sentence

    play(shelves_with(berthed("x"), gives="oar"), body)


def test_a_box_that_names_its_berth_itself_leaves_the_one_that_it_had() -> None:
    store = Store.in_memory()
    world = play(shelves_with(berthed("x")), done("x"), store)
    play(shelves_with(berthed("x", "a9")), done("x"), store, world.things)
    assert [(one.number, bool(one.left_at)) for one in store.grants(ROLL)] == [(1, True)]


def test_what_no_target_holds_is_reconciled_and_tells_what_it_has_handed_out() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, *"xyz")
        await shelves.until(lambda: len(shelves.status(ROLL).detail or {}) == 3)
        status = shelves.status(ROLL)
        assert set((status.detail or {}).values()) == {"Box/x", "Box/y", "Box/z"}
        (healthy,) = (c for c in status.conditions if c.type is ConditionType.HEALTHY)
        assert (healthy.status, healthy.message) == (Truth.FALSE, "three are enough")

    play(shelves_with(*map(berthed, "xyz")), body)


def test_a_preview_tells_the_berth_and_the_same_ones_after_a_loss() -> None:
    things = {7: ours("x", 7, "a1"), 8: ours("y", 8, "a2")}
    boxes = (berthed("new"), berthed("x"), berthed("y"))

    async def main() -> None:
        async with serving(Store.in_memory(), shelves_with(*boxes), kinds=BERTHED) as shelves:
            for task in shelves.tasks:
                task.cancel()
            shelves.tasks.clear()
            reports = await Preview(shelves.estate).of([one.key for one in boxes])
        assert [type(one.outcome).__name__ for one in reports] == ["Changed", "Done", "Done"]
        (change,) = reports[0].learned.found.changes if reports[0].learned.found else ()
        assert isinstance(change.desired, dict)
        assert change.desired["berth"] == "a3"

    worlds("w")["w"].things.update(things)
    in_virtual_time(main)


LIGHT = box("light")
COLOUR = {"from": "Box/light", "output": "colour"}


def light(**spec: Any) -> Resource:
    return declared(LIGHT, SHELF, {"colour": "green", **spec})


def follower(name: str, **spec: Any) -> Resource:
    return replace(declared(box(name), SHELF, {"colour": "red", **spec}), references=(LIGHT, SHELF))


def fields(world: World, name: str) -> dict[str, Any]:
    (found,) = (t.fields for t in world.things.values() if t.mark and t.mark.key.name == name)
    return found


def test_a_field_takes_what_another_resource_publishes() -> None:
    both = (follower("x", buoy=COLOUR, flags=["own", COLOUR]), light())
    world = play(shelves_with(*both), done("x", "light"))
    assert (fields(world, "x")["buoy"], fields(world, "x")["flags"]) == ("green", ["own", "green"])


def test_what_changes_there_follows_at_once() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "x", "light")
        changed = light(colour="blue")
        shelves.estate.resources = {**shelves.estate.resources, LIGHT: changed}
        wake(shelves.estate, LIGHT)
        await shelves.until(lambda: fields(world, "x")["buoy"] == "blue", patience=30)

    play(shelves_with(follower("x", buoy=COLOUR), light()), body)


def test_what_is_not_published_suspends_its_own_field_alone() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "x")
        assert fields(world, "x") == {"colour": "blue", "flags": ["old"]}
        (healthy,) = (c for c in shelves.status(box("x")).conditions if c.type is ConditionType.HEALTHY)
        assert healthy.message == (
            "buoy is not compared: Box/light does not publish berth yet; "
            "flags/1 is not compared: Box/light does not publish berth yet"
        )

    there = {1: Thing({"colour": "red", "flags": ["old"]}, Mark("home", box("x"), "1"))}
    berth = {"from": "Box/light", "output": "berth"}
    both = (follower("x", colour="blue", buoy=berth, flags=["own", berth]), light())
    play(shelves_with(*both), body, None, there)


def test_what_is_new_waits_for_what_it_takes() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "light")
        await at_rest(shelves, "x", outcome="Blocked")
        assert shelves.status(box("x")).sentence == "Box/light does not publish berth yet"
        assert world.effects == ["create"]

    berth = {"from": "Box/light", "output": "berth"}
    play(shelves_with(follower("x", buoy=berth), light()), body)


def test_what_was_published_is_known_while_it_cannot_be_seen() -> None:
    store = Store.in_memory()
    both = (follower("x", flags=[COLOUR]), light())
    world = play(shelves_with(*both), done("x", "light"), store)
    seen = dict(world.things)
    (number,) = (n for n, thing in seen.items() if thing.mark and thing.mark.key == LIGHT)
    status = store.status(LIGHT)
    assert status is not None
    seen[number].fields["cursed"] = True

    async def body(shelves: Shelves, world: World) -> None:
        store.save_status(status)
        await at_rest(shelves, "x")
        assert fields(world, "x")["flags"] == ["green"]
        assert shelves.status(LIGHT).outcome == "Failed"

    play(shelves_with(*both), body, store, seen)


def test_what_is_published_and_no_value_for_a_field_is_told() -> None:
    async def body(shelves: Shelves, world: World) -> None:
        await at_rest(shelves, "x", outcome="Stalled")
        assert "flags/0 takes 'ultramarine', which is no value for it" in shelves.status(box("x")).sentence

    play(shelves_with(follower("x", flags=[COLOUR]), light(colour="ultramarine")), body)


def test_a_name_in_a_copy_means_what_was_copied_with_it() -> None:
    spaces = Spaces(Estate("home", BERTHED, Store.in_memory(), StoreInline(), Ports()))
    copied = Key("dev", "Roll", "pier")
    asker = Key("dev", "Box", "x")
    assert spaces.find(Name("prod/pier", "Roll"), asker, (copied,)) == copied
    assert spaces.find(Name("pier", "Roll"), asker, (ROLL,)) == ROLL
    assert spaces.find(Name("quay", "Roll"), asker, (ROLL,)) is None
