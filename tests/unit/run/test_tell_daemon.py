"""The daemon tells its inventories how what they declare stands, from its start to its end."""

from __future__ import annotations

import asyncio
from contextlib import closing

from setpoint.model.standing import Stand
from setpoint.store.store import Store
from tests.toy import WORLDS, World
from tests.toy_inventory import Register
from tests.unit.run.departing import box, shelf
from tests.unit.run.registers import NAME, Registered, card, life, lives


def told(book: Register, name: str) -> list[Stand]:
    """What was told of a card, in its order."""
    return [one.phase for one in book.told if one.path == f"{name}.yaml"]


def test_it_tells_of_a_card_and_of_one_below_a_manifest_and_of_no_other() -> None:
    async def body(daemon: Registered) -> None:
        await asyncio.sleep(60)
        assert {one.path: str(one.key) for one in daemon.book.told} == {"x.yaml": "Box/x", "y.yaml": "Box/y"}
        await daemon.write(x=card("x", {"colour": "blue"}))
        assert (told(daemon.book, "x"), told(daemon.book, "y")) == ([Stand.IN_SYNC] * 2, [Stand.IN_SYNC])

    book = Register(cards={"x": card("x"), "y": card("y")})
    lives({**shelf(), **box("a"), **box("y", {"size": 3})}, book, body)


def test_a_daemon_tells_everything_once_after_its_start() -> None:
    async def body(daemon: Registered) -> None:
        await asyncio.sleep(1800)

    book = Register(cards={"x": card("x")})
    lives(shelf(), book, body, body)
    assert told(book, "x") == [Stand.IN_SYNC] * 2


def test_a_card_that_is_gone_is_told_once_although_nothing_was_done() -> None:
    async def body(daemon: Registered) -> None:
        await asyncio.sleep(60)
        daemon.book.lose("x")
        await asyncio.sleep(3600)

    book = Register(cards={"x": card("x"), "y": card("y")})
    lives(shelf(), book, body)
    assert told(book, "x") == [Stand.IN_SYNC, Stand.RELEASED]


def test_a_card_that_goes_while_nobody_looks_is_told_after_the_start() -> None:
    async def before(daemon: Registered) -> None:
        await asyncio.sleep(60)

    async def after(daemon: Registered) -> None:
        await asyncio.sleep(1800)

    book = Register(cards={"x": card("x"), "y": card("y")})
    WORLDS["w"] = World()
    with closing(Store.in_memory()) as store:
        life(store, shelf(), {NAME: book}, before)
        book.lose("x")
        life(store, shelf(), {NAME: book}, after)
    assert told(book, "x") == [Stand.IN_SYNC, Stand.RELEASED]


def test_a_card_with_a_mistake_is_told_so_and_mended() -> None:
    async def body(daemon: Registered) -> None:
        await daemon.write(x=card("x", {"size": "much"}))
        await daemon.write(x=card("x", {"colour": "blue"}))

    book = Register(cards={"x": card("x"), "y": card("y")})
    lives(shelf(), book, body)
    assert told(book, "x") == [Stand.IN_SYNC, Stand.INVALID, Stand.IN_SYNC]
