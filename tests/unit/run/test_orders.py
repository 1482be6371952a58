"""A person orders something for this one time: it is done so, once, and then the declaration counts again."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from setpoint.model.errors import RefusalError, SetpointError
from setpoint.model.hold import Hold, Rule
from setpoint.model.key import Key
from setpoint.model.order import Order
from setpoint.model.outcome import Blocked, Changed, Done, Failed, Held, Outcome, Wait
from setpoint.model.tree import Json, Pointer
from setpoint.run.orders import KEPT, Orders, is_end, ordered
from setpoint.run.preview import Preview
from setpoint.run.wake import wake
from setpoint.store.store import Store
from tests.toy import KINDS, World, lose_reply
from tests.unit.run.shelves import Shelves, box, declared, in_virtual_time, serving, shelf, worlds

BOX, SHELF = box("x"), shelf("a")
NUMBERS = itertools.count()


def red(**policy: Any) -> list[Any]:
    return [
        declared(SHELF, None, {"world": "a"}, interval="1h"),
        declared(BOX, SHELF, {"colour": "red"}, interval="1h", **policy),
    ]


def place(
    shelves: Shelves, changes: Mapping[Pointer, Json] | None = None, *, seconds: float = 3600, **more: Any
) -> Order:
    """What the socket does with an order."""
    estate = shelves.estate
    now, resource = estate.ports.now(), estate.resources[BOX]
    order = Order(f"o{next(NUMBERS)}", "ann", now, now + seconds, changes=changes or {}, **more)
    estate.orders.place(order, [(resource, ordered(KINDS["Box"], resource, order.changes))])
    estate.asked[BOX] = now
    wake(estate, BOX)
    return order


def ending(shelves: Shelves, order: Order) -> str:
    status = shelves.estate.orders.ended.get((order.id, BOX))
    return status.outcome if status is not None else ""


def colour(world: World) -> object:
    return next(iter(world.things.values())).fields["colour"] if world.things else None


async def settled(shelves: Shelves) -> None:
    await shelves.until(lambda: shelves.estate.ready(BOX))


def test_what_is_ordered_is_done_once_and_then_the_declaration_counts_again() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        seen: list[object] = []
        world.fault = lambda moment, verb: seen.append(colour(world)) if moment == "after" else None
        async with serving(Store.in_memory(), red()) as shelves:
            await settled(shelves)
            declared_at = shelves.status(BOX).in_sync_at
            order = place(shelves, {"/colour": "blue"})
            await shelves.until(lambda: ending(shelves, order) == "Done")
            assert shelves.estate.orders.ended[order.id, BOX].in_sync_at == declared_at
            await shelves.until(lambda: colour(world) == "red")
            await settled(shelves)
            assert seen == ["red", "blue", "red"]
            assert shelves.estate.resources[BOX].spec == {"colour": "red"}

    in_virtual_time(body)


def test_an_order_that_fails_is_over_and_what_follows_is_as_declared() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        async with serving(Store.in_memory(), red()) as shelves:
            await settled(shelves)

            def fault(moment: str, verb: str) -> None:
                if moment == "before":
                    raise RefusalError("no paint")

            world.fault = fault
            order = place(shelves, {"/colour": "blue"}, at_once=True)
            await shelves.until(lambda: ending(shelves, order) == "Failed")
            world.fault = lambda moment, verb: None
            await settled(shelves)
            assert world.effects == ["create"]

    in_virtual_time(body)


def test_a_lost_reply_ends_no_order_and_nothing_is_done_twice() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        async with serving(Store.in_memory(), red()) as shelves:
            await settled(shelves)

            def lose_one(moment: str, verb: str) -> None:
                if moment == "after":
                    world.fault = lambda moment, verb: None
                    lose_reply(moment, verb)

            world.fault = lose_one
            order = place(shelves, {"/colour": "blue"})
            await shelves.until(lambda: ending(shelves, order) == "Done")
            await shelves.until(lambda: colour(world) == "red")
            await settled(shelves)
            assert world.effects == ["create", "set", "set"]

    in_virtual_time(body)


def test_after_a_restart_the_declaration_counts_again() -> None:
    async def body() -> None:
        world, store = worlds("a")["a"], Store.in_memory()
        async with serving(store, red()) as shelves:
            await settled(shelves)
            world.fault = lambda moment, verb: lose_reply(moment, verb) if verb == "set" else None
            order = place(shelves, {"/colour": "blue"})
            await shelves.until(lambda: colour(world) == "blue")
            assert not ending(shelves, order)
        world.fault = lambda moment, verb: None
        async with serving(store, red()) as shelves:
            await shelves.until(lambda: colour(world) == "red")
            await settled(shelves)
            assert world.effects == ["create", "set", "set"]

    in_virtual_time(body)


def test_another_declaration_ends_an_order() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        async with serving(Store.in_memory(), red()) as shelves:
            await settled(shelves)
            world.down = True
            place(shelves, {"/colour": "blue"})
            shelves.estate.resources[BOX] = declared(BOX, SHELF, {"colour": "green"}, interval="1h")
            world.down = False
            wake(shelves.estate, BOX)
            await shelves.until(lambda: colour(world) == "green")
            assert world.effects == ["create", "set"]

    in_virtual_time(body)


def test_an_order_is_given_up_in_time() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        async with serving(Store.in_memory(), red()) as shelves:
            await settled(shelves)
            order = place(shelves, {"/colour": "blue"}, seconds=0)
            await shelves.until(lambda: shelves.status(BOX).reconciled_at >= order.at)
            assert world.effects == ["create"]

    in_virtual_time(body)


@pytest.mark.parametrize("at_once", [False, True], ids=["as is", "at once"])
def test_what_is_ordered_at_once_waits_for_no_window(*, at_once: bool) -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        closed = {"windows": {"hot": "02:00-03:00", "restart": "02:00-03:00"}, "reboot": "window"}
        async with serving(Store.in_memory(), red(**closed)) as shelves:
            await settled(shelves)
            order = place(shelves, {"/colour": "blue", "/size": 3}, at_once=at_once)
            await shelves.until(lambda: bool(ending(shelves, order)))
            assert ending(shelves, order) == ("Done" if at_once else "Held")
            assert world.effects == (["create", "set", "restart"] if at_once else ["create"])

    in_virtual_time(body)


def test_a_plan_shows_what_an_order_would_come_to_and_does_nothing() -> None:
    async def body() -> None:
        world = worlds("a")["a"]
        async with serving(Store.in_memory(), red()) as shelves:
            await settled(shelves)
            resource, now = shelves.estate.resources[BOX], shelves.estate.ports.now()
            order = Order("o", "ann", now, now + 60, changes={"/colour": "blue"})
            shelves.estate.orders.place(order, [(resource, ordered(KINDS["Box"], resource, order.changes))])
            (report,) = await Preview(shelves.estate).of([BOX])
            assert report.outcome == Changed("set colour")
            assert world.effects == ["create"]

    in_virtual_time(body)


WAITING = Hold(Rule.ROLLOUT, "others go first", "wait", passing=True)
CLOSED = Hold(Rule.WINDOW, "it is closed", "wait", passing=True, until=1.0)
ASKED = Hold(Rule.CONSENT, "it goes far", "approve it", token="t")


@pytest.mark.parametrize(
    ("outcome", "begun", "over"),
    [
        pytest.param(Done(), False, True, id="done"),
        pytest.param(Failed("no"), True, True, id="failed"),
        pytest.param(Changed("a step"), True, False, id="a step"),
        pytest.param(Wait("it builds", timedelta(1)), True, False, id="goes on"),
        pytest.param(Held((WAITING,)), False, False, id="its turn comes"),
        pytest.param(Held((CLOSED,)), False, True, id="its window comes later"),
        pytest.param(Held((WAITING, ASKED)), False, True, id="somebody is asked"),
        pytest.param(Blocked("away", SHELF), False, True, id="its target is away"),
        pytest.param(Blocked("away", SHELF), True, False, id="its target went away on the way"),
        pytest.param(Blocked("later", box("y")), False, False, id="another comes first"),
    ],
)
def test_an_order_is_over_when_nothing_more_comes_of_it_by_itself(
    outcome: Outcome, *, begun: bool, over: bool
) -> None:
    assert is_end(outcome, SHELF, begun=begun) is over


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"/number": 7}, "number of Box/x cannot be set for one time; declare it", id="no such"),
        pytest.param({"/size": 0}, "Box/x cannot be with size: 0: size: ", id="no such value"),
    ],
)
def test_what_a_kind_does_not_let_be_ordered_is_refused(changes: dict[str, Json], said: str) -> None:
    with pytest.raises(SetpointError, match=said.replace(".", r"\.")):
        ordered(KINDS["Box"], declared(BOX, SHELF, {"colour": "red"}), changes)


def test_only_the_last_orders_are_remembered() -> None:
    orders, resource = Orders(), declared(BOX, SHELF, {"colour": "red"})
    for number in range(KEPT + 3):
        order = Order(str(number), "ann", 0.0, 9.0)
        orders.place(order, [(resource, ordered(KINDS["Box"], resource, {}))])
        assert orders.members[str(number)] == (Key("default", "Box", "x"),)
    assert next(iter(orders.members)) == "3"
    assert len(orders.members) == KEPT
