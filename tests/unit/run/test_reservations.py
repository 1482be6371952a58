from __future__ import annotations

import pytest

from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.model.plan import Intent
from setpoint.run.declare import release
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.store.records import Item
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from tests.toy import KINDS

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
