from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest

from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.model.outcome import Done, Held
from setpoint.model.plan import Intent
from setpoint.run.declare import release
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.store.records import Item
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from tests.toy import KINDS
from tests.unit.run.conftest import BOX, Rig, resource

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
KEY, TARGET = Key("default", "Box", "a"), Key("default", "Shelf", "s")


@pytest.fixture
def estate() -> Estate:
    store = Store.in_memory()
    store.reserve(TARGET, Reserve("id", 1, 9, frozenset()), KEY, 0.0)
    return Estate("home", KINDS, store, StoreInline(), Ports())


async def test_the_number_of_what_was_never_made_is_given_back(estate: Estate) -> None:
    await release(estate, KEY, None)
    assert estate.store.reservation(KEY) is None


async def test_the_number_is_kept_while_something_may_still_come_to_bear_it(estate: Estate) -> None:
    estate.store.open_intent(KEY, TARGET, Intent("create", {"id": 1}, {}, 0.0))
    await release(estate, KEY, None)
    assert estate.store.reservation(KEY) is not None


async def test_the_number_of_what_was_made_is_kept(estate: Estate) -> None:
    estate.store.save_item(Item(KEY, TARGET, {"id": 1}, {}, 0.0))
    await release(estate, KEY, None)
    assert estate.store.reservation(KEY) is not None


def test_what_a_step_was_making_on_another_target_is_not_made_again_here(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        there = Key("default", "Shelf", "elsewhere")
        rig.store.open_intent(BOX, there, Intent("create", {"id": 1}, {}, rig.ports.now()))
        for _ in range(2):
            report = await rig.once(resource(BOX, {}))
            assert isinstance(report.outcome, Held)
            assert "Shelf/elsewhere" in report.outcome.sentence
        assert rig.world.effects == []

        assert isinstance(report.outcome, Held)
        (hold,) = report.outcome.holds
        rig.store.approve(hold.token, "a person", rig.ports.now())
        assert isinstance((await rig.settle(resource(BOX, {}))).outcome, Done)
        assert rig.world.effects == ["create"]

    rigged(body)
