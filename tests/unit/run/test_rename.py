from __future__ import annotations

from dataclasses import replace

import pytest

from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.model.plan import Intent
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.rename import move_renamed
from setpoint.store.records import Item
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from tests.toy import KINDS
from tests.unit.run.conftest import SHELF, resource

OLD, NEW = Key("default", "Box", "old"), Key("default", "Box", "new")
ITEM = Item(OLD, SHELF, {"id": 7}, {"colour": "red"}, 5.0, released=True)
RENAMED = replace(resource(NEW, {}), formerly=OLD)


@pytest.fixture
def estate() -> Estate:
    store = Store.in_memory()
    store.save_item(ITEM)
    return Estate("home", KINDS, store, StoreInline(), Ports(), {NEW: RENAMED})


async def test_a_step_under_way_goes_on_under_the_new_name(estate: Estate) -> None:
    intent = Intent("set", {"id": 7}, {"colour": "blue"}, 4.0)
    estate.store.open_intent(OLD, SHELF, intent)
    assert await move_renamed(estate, [RENAMED]) == {OLD}
    assert (estate.store.intent(NEW), estate.store.intent(OLD)) == (intent, None)
    assert estate.store.item(NEW) == replace(ITEM, key=NEW, released=False)
    assert estate.store.item(OLD) is None


async def test_a_name_that_has_an_object_already_keeps_it(estate: Estate) -> None:
    own = replace(ITEM, key=NEW, identity={"id": 8}, released=False)
    estate.store.save_item(own)
    await move_renamed(estate, [RENAMED])
    assert (estate.store.item(NEW), estate.store.item(OLD)) == (own, ITEM)


async def test_a_former_name_that_is_declared_again_keeps_what_is_its_own(estate: Estate) -> None:
    estate.resources[OLD] = resource(OLD, {})
    assert await move_renamed(estate, [RENAMED]) == frozenset()
    assert (estate.store.item(NEW), estate.store.item(OLD)) == (None, ITEM)


async def test_a_former_name_without_an_object_is_only_forgotten(estate: Estate) -> None:
    estate.store.forget_item(OLD)
    assert await move_renamed(estate, [RENAMED]) == {OLD}
    assert estate.store.item(NEW) is None


async def test_a_creation_under_way_keeps_its_reserved_id_and_its_step(estate: Estate) -> None:
    estate.store.forget_item(OLD)
    number = estate.store.reserve(SHELF, Reserve("id", 1, 9, frozenset()), OLD, 3.0)
    intent = Intent("create", {"id": number}, {}, 4.0, doubted=5.0)
    estate.store.open_intent(OLD, SHELF, intent)
    await move_renamed(estate, [RENAMED])
    moved = estate.store.reservation(NEW)
    assert moved is not None
    assert (moved.number, estate.store.reservation(OLD)) == (number, None)
    assert (estate.store.intent(NEW), estate.store.intent(OLD)) == (intent, None)
