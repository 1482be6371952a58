"""What the store keeps of what left, and in which order it decides who comes first: who deletes, or who takes it back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from setpoint.model.errors import RefusalError, SetpointError
from setpoint.model.identity import Identity, Owner, Reserve
from setpoint.model.key import Key
from setpoint.model.kind import Acting
from setpoint.model.plan import Applied, Intent
from setpoint.model.tombstone import Phase, Tombstone
from setpoint.run.deletion import Deletion
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.undelete import forget, undelete
from setpoint.store.records import Item
from setpoint.store.store import Store
from setpoint.store.thread import StoreInline
from tests.toy import KINDS
from tests.unit.decide.test_deletion_rules import DAY, resource
from tests.unit.run.conftest import SHELF

A, B = resource("a"), resource("b")
LEFT = Tombstone(A, 5.0, "v2", Phase.WAITING, (B.key,), 6.0, "token", 7.0, 8.0)
HERE: Identity = {"id": 7}


@pytest.fixture
def store() -> Store:
    return Store.in_memory()


def keep_all(store: Store, *left: Tombstone) -> None:
    store.put_in_force({B.key: B}, left, ())
    for one in left:
        store.save_item(Item(one.key, SHELF, HERE, {}, 1.0))
        store.reserve(SHELF, Reserve("id", 7, 7, frozenset()), one.key, 1.0)


def test_a_tombstone_outlives_the_process_with_all_that_it_says(tmp_path: Path) -> None:
    first = Store.open(tmp_path / "setpoint.db")
    first.put_in_force({B.key: B}, [LEFT], ())
    first.close()
    second = Store.open(tmp_path / "setpoint.db")
    assert second.tombstone(A.key) == LEFT
    assert second.desired() == {B.key: B}
    second.close()


def test_what_left_and_what_is_in_force_are_written_together_or_not_at_all(store: Store) -> None:
    store.put_in_force({A.key: A, B.key: B}, (), ())
    with pytest.raises(TypeError):
        store.put_in_force({B.key: B}, [replace(LEFT, version=object())], ())  # type: ignore[arg-type]  # not JSON
    assert set(store.desired()) == {A.key, B.key}
    assert store.tombstone(A.key) is None


def test_what_is_declared_again_has_no_tombstone_and_is_forgotten_no_more(store: Store) -> None:
    keep_all(store, LEFT)
    store.let_go_of(Key("default", "Box", "c"), "anna", 1.0)
    store.put_in_force({A.key: A, B.key: B}, (), (A.key, Key("default", "Box", "c")))
    assert store.tombstone(A.key) is None
    assert not store.forgotten(Key("default", "Box", "c"))


def test_what_is_gone_is_forgotten_but_counts_for_a_day(store: Store) -> None:
    keep_all(store, LEFT)
    store.open_intent(A.key, SHELF, Intent("scrap", HERE, {}, 1.0))
    store.bury(A.key, 9.0)
    assert (store.item(A.key), store.reservation(A.key), store.intent(A.key)) == (None, None, None)
    assert store.tombstone(A.key) == replace(LEFT, phase=Phase.GONE)
    keep_all(store, replace(LEFT, resource=resource("c")))
    store.bury(Key("default", "Box", "c"), 6.0 + DAY + 1)
    assert [key.name for key in store.tombstones()] == ["c"]
    store.bury(Key("default", "Box", "nobody"), 0.0)


def test_who_takes_it_back_before_the_end_begins_comes_first(store: Store) -> None:
    keep_all(store, LEFT)
    assert store.keep(A.key)
    assert store.begin_removal(A.key, Phase.DESTROYING) is None
    kept, item = store.tombstone(A.key), store.item(A.key)
    assert kept is not None
    assert item is not None
    assert (kept.phase, item.released) == (Phase.KEPT, True)
    assert not store.keep(A.key)


def test_who_takes_it_back_after_the_end_has_begun_is_told(store: Store) -> None:
    keep_all(store, LEFT)
    begun = store.begin_removal(A.key, Phase.DESTROYING)
    assert begun is not None
    assert begun.phase is Phase.DESTROYING
    assert not store.keep(A.key)
    assert not store.keep(B.key)


def test_news_about_what_was_taken_back_meanwhile_are_lost_on_it(store: Store) -> None:
    keep_all(store, LEFT)
    store.keep(A.key)
    store.amend_tombstones((A.key, B.key), lambda one: replace(one, stopped_at=99.0))
    kept = store.tombstone(A.key)
    assert kept is not None
    assert kept.stopped_at == LEFT.stopped_at


def estate_over(store: Store) -> Estate:
    return Estate("home", KINDS, store, StoreInline(), Ports())


async def test_an_effect_that_was_planned_before_it_was_taken_back_does_not_come(store: Store) -> None:
    keep_all(store, LEFT)
    estate = estate_over(store)
    done: list[str] = []

    async def scrap(_client: object, acting: Acting) -> Applied:
        done.append(str(acting.owner.key))
        return Applied()

    effect = Deletion(estate)._guarded(scrap, last=True)
    await undelete(estate, A.key, "anna")
    with pytest.raises(RefusalError, match="not to be deleted any more"):
        await effect(None, Acting(Owner("home", A.key), HERE, {}))
    assert done == []


async def test_an_effect_that_something_came_to_speak_against_does_not_come(store: Store) -> None:
    keep_all(store, replace(LEFT, alike=()))
    estate = estate_over(store)

    async def scrap(_client: object, _acting: Acting) -> Applied:
        raise AssertionError

    # The source was never looked at, so nothing is known of what is declared.
    with pytest.raises(RefusalError, match="declarations cannot be followed"):
        await Deletion(estate)._guarded(scrap, last=True)(None, Acting(Owner("home", A.key), HERE, {}))


async def test_what_is_being_destroyed_can_neither_be_kept_nor_forgotten(store: Store) -> None:
    keep_all(store, LEFT)
    store.begin_removal(A.key, Phase.DESTROYING)
    store.open_intent(A.key, SHELF, Intent("scrap", HERE, {}, 1.0))
    with pytest.raises(SetpointError, match="is being destroyed"):
        await undelete(estate_over(store), A.key, "anna")
    with pytest.raises(SetpointError, match="is under way"):
        await forget(estate_over(store), A.key, "anna")
    assert store.item(A.key) is not None
