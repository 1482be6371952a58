"""What is remembered goes to the new name with the version that says it, or not at all."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.model.plan import Intent
from setpoint.model.resource import Resource
from setpoint.run.rename import renamed
from setpoint.store.records import Item, Restarts
from setpoint.store.store import Store
from tests.unit.run.conftest import SHELF, resource

OLD, NEW = Key("default", "Box", "old"), Key("default", "Box", "new")
ITEM = Item(OLD, SHELF, {"id": 7}, {"colour": "red"}, 5.0, released=True)
RENAMED = replace(resource(NEW, {}), formerly=OLD)
IN_FORCE = {NEW: RENAMED}


@pytest.fixture
def store() -> Store:
    store = Store.in_memory()
    store.save_item(ITEM)
    return store


def rename(store: Store, resources: dict[Key, Resource] | None = None) -> None:
    in_force = resources or IN_FORCE
    store.put_in_force(in_force, (), (), renamed(in_force, (NEW,)))


def test_a_step_under_way_goes_on_under_the_new_name(store: Store) -> None:
    intent = Intent("set", {"id": 7}, {"colour": "blue"}, 4.0)
    store.open_intent(OLD, SHELF, intent)
    rename(store)
    assert (store.intent(NEW), store.intent_target(NEW), store.intent(OLD)) == (intent, SHELF, None)
    assert store.item(NEW) == replace(ITEM, key=NEW, released=False)
    assert store.item(OLD) is None


def test_a_restart_under_way_is_not_counted_again(store: Store) -> None:
    store.open_intent(OLD, SHELF, Intent("restart", {"id": 7}, {}, 4.0, waiting={"/cores": "2"}))
    rename(store)
    item = store.item(NEW)
    assert item is not None
    assert item.restarts == Restarts(begun=1, at=4.0)


def test_a_name_that_has_an_object_already_keeps_it(store: Store) -> None:
    own = replace(ITEM, key=NEW, identity={"id": 8}, released=False)
    store.save_item(own)
    rename(store)
    assert (store.item(NEW), store.item(OLD)) == (own, ITEM)


def test_a_former_name_that_is_declared_again_keeps_what_is_its_own(store: Store) -> None:
    rename(store, {**IN_FORCE, OLD: resource(OLD, {})})
    assert (store.item(NEW), store.item(OLD)) == (None, ITEM)


def test_of_two_that_name_the_same_former_name_the_first_gets_what_it_had() -> None:
    other = Key("default", "Box", "other")
    both = {**IN_FORCE, other: replace(resource(other, {}), formerly=OLD)}
    assert renamed(both, (NEW, other)) == {OLD: NEW}


def test_a_former_name_without_an_object_is_only_forgotten(store: Store) -> None:
    store.forget_item(OLD)
    rename(store)
    assert store.item(NEW) is None


def test_a_creation_under_way_keeps_its_reserved_id_and_its_step(store: Store) -> None:
    store.forget_item(OLD)
    number = store.reserve(SHELF, Reserve("id", 1, 9, frozenset()), OLD, 3.0)
    intent = Intent("create", {"id": number}, {}, 4.0, doubted=5.0)
    store.open_intent(OLD, SHELF, intent)
    rename(store)
    moved = store.reservation(NEW)
    assert moved is not None
    assert (moved.key, moved.number, store.reservation(OLD)) == (NEW, number, None)
    assert (store.intent(NEW), store.intent(OLD)) == (intent, None)


def test_a_version_that_cannot_be_remembered_renames_nothing(store: Store) -> None:
    store.open_intent(OLD, SHELF, Intent("set", {"id": 7}, {}, 4.0))
    trigger = "CREATE TRIGGER full BEFORE UPDATE ON intent BEGIN SELECT RAISE(FAIL, 'disk full'); END"
    store._db.run(trigger)  # the last write of a rename fails
    with pytest.raises(sqlite3.IntegrityError):
        rename(store)
    assert (store.item(NEW), store.item(OLD), store.intent(NEW)) == (None, ITEM, None)
    assert store.desired() == {}
