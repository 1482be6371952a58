"""What is at hand in memory is what is on disk, whatever is done and whatever fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from sqlite3 import IntegrityError
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint.model.errors import StateError
from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.model.plan import Disruption, Intent
from setpoint.store.records import Event, EventKind, Item, Status
from setpoint.store.store import Store
from tests.unit.store import values
from tests.unit.store.values import HOME, MAIL, OTHER, WEB, status

KEYS = (WEB, MAIL)
TARGETS = (HOME, OTHER)
ITEM = Item(WEB, HOME, {"vmid": 1}, {"cores": 2}, 5.0)
RESTART = Intent("restart", {"vmid": 1}, {}, 7.0, prints={"/password": "p"}, waiting={"/cores": "2"})
Operation: TypeAlias = Callable[[Store], object]

keys, targets, moments = st.sampled_from(KEYS), st.sampled_from(TARGETS), st.floats(1.0, 4e9)
statuses = st.builds(lambda value, key: replace(value, key=key), values.statuses, keys)
items = st.builds(
    lambda value, key, target: replace(value, key=key, target=target), values.items, keys, targets
)
intents = st.builds(
    lambda began, waiting, prints: Intent("set", {"vmid": 1}, {}, began, prints=prints, waiting=waiting),
    moments,
    st.sampled_from([{}, {"/cores": "2"}]),
    st.sampled_from([{}, {"/password": "p"}]),
)


def looked_again(store: Store, key: Key, at: float) -> None:
    """Everything is as it was."""
    before, item = store.status(key), store.item(key)
    if before is not None:
        store.renew_status(replace(before, reconciled_at=at, in_sync_at=at if before.in_sync_at else None))
    if item is not None:
        store.renew_item(replace(item, seen_at=at if item.seen_at else 0.0))


def amend(store: Store, key: Key, at: float) -> None:
    if store.intent(key) is not None:
        store.note_doubt(key, at)
        store.note_operation(key, f"UPID:{at}")


def concluded(item: Item | None, told: Status, events: int) -> Operation:
    one = Event(told.reconciled_at, EventKind.OUTCOME, told.sentence, told.key)
    return lambda store: store.conclude(item, told, [one] * events)


operations: st.SearchStrategy[Operation] = st.one_of(
    st.builds(lambda value: lambda store: store.save_status(value), statuses),
    st.builds(lambda value: lambda store: store.renew_status(value), statuses),
    st.builds(lambda key: lambda store: store.forget_status(key), keys),
    st.builds(lambda value: lambda store: store.save_item(value), items),
    st.builds(lambda value: lambda store: store.renew_item(value), items),
    st.builds(lambda key: lambda store: store.forget_item(key), keys),
    st.builds(lambda key, at: lambda store: looked_again(store, key, at), keys, moments),
    st.builds(lambda key, at: lambda store: looked_again(store, key, at), keys, moments),
    st.builds(concluded, st.none() | items, statuses, st.integers(0, 2)),
    st.builds(
        lambda target, low, key, at: (
            lambda store: store.reserve(target, Reserve("vmid", low, low + 5, frozenset()), key, at)
        ),
        targets,
        st.integers(1, 3),
        keys,
        moments,
    ),
    st.builds(lambda key: lambda store: store.release(key), keys),
    st.builds(
        lambda key, target, intent, disruption: (
            lambda store: store.open_intent(key, target, intent, disruption)
        ),
        keys,
        targets,
        intents,
        st.sampled_from(Disruption),
    ),
    st.builds(lambda key, at: lambda store: amend(store, key, at), keys, moments),
    st.builds(lambda key: lambda store: store.close_intent(key), keys),
    st.builds(lambda key: lambda store: store.take_back_intent(key), keys),
    st.builds(lambda key: lambda store: store.complete_intent(key), keys),
    st.builds(
        lambda token, at: lambda store: store.approve(token, "anna", at), st.sampled_from("abc"), moments
    ),
    st.builds(lambda salt: lambda store: store.salt(salt), st.binary(min_size=1, max_size=4)),
    st.builds(
        lambda target, who, at: lambda store: store.pin(target, who, at), targets, st.text("xy"), moments
    ),
    st.builds(lambda key, at: lambda store: store.request([key], "anna", at, "v1"), keys, moments),
    st.builds(lambda value: lambda store: store.freeze(value), values.freezes),
    st.builds(lambda value: lambda store: store.unfreeze(value.scope, value.name), values.freezes),
    st.just(lambda store: store.flush()),
)


def known(store: Store) -> dict[str, Any]:
    """All that a reconcile may read."""
    return {
        "statuses": store.statuses(),
        "items": store.items(),
        "intents": [store.intents(target) for target in TARGETS],
        "reservations": [store.reservation(key) for key in KEYS],
        "approvals": store.approvals(),
        "pins": [store.pinned(target) for target in TARGETS],
        "requests": [store.last_request(key) for key in KEYS],
        "salt": store.known_salt(),
        "freezes": store.freezes(),
        "disruptions": store.disruptions(),
    }


def timeless(told: dict[str, Any]) -> dict[str, Any]:
    """Without what may be written later: when everything was last looked at."""
    statuses = [
        replace(one, reconciled_at=0.0, in_sync_at=one.in_sync_at and 1.0) for one in told["statuses"]
    ]
    return {
        **told,
        "statuses": statuses,
        "items": [replace(one, seen_at=bool(one.seen_at)) for one in told["items"]],
    }


def on_disk(store: Store) -> dict[str, Any]:
    """What one that has nothing in memory reads."""
    return known(Store(store._db))


@contextmanager
def refusing(store: Store) -> Iterator[None]:
    """The database takes no writes."""
    store._db.run("PRAGMA query_only = ON")
    try:
        yield
    finally:
        store._db.run("PRAGMA query_only = OFF")


@given(done=st.lists(operations, max_size=25))
@settings(max_examples=60, deadline=None)
def test_memory_is_the_disk_whatever_is_done(done: list[Operation]) -> None:
    store = Store.in_memory()
    for operation in done:
        operation(store)
        assert timeless(known(store)) == timeless(on_disk(store))
    store.flush()
    assert known(store) == on_disk(store)
    store.close()


@given(done=st.lists(operations, max_size=12), refused=operations)
@settings(max_examples=60, deadline=None)
def test_what_the_database_refuses_is_not_remembered(done: list[Operation], refused: Operation) -> None:
    store = Store.in_memory()
    for operation in done:
        operation(store)
    before = known(store)
    with refusing(store):
        try:
            refused(store)
        except StateError:
            assert known(store) == before
    assert timeless(known(store)) == timeless(on_disk(store))
    store.flush()
    assert known(store) == on_disk(store)
    store.close()


def test_of_several_rows_none_is_remembered_when_one_is_refused(store: Store) -> None:
    store.save_item(ITEM)
    store.open_intent(WEB, HOME, RESTART)
    store._db.run(
        "CREATE TEMP TRIGGER never BEFORE DELETE ON intent BEGIN SELECT RAISE(ABORT, 'refused'); END"
    )
    before = known(store)
    with pytest.raises(IntegrityError, match="refused"):
        store.complete_intent(WEB)
    assert known(store) == before == on_disk(store)

    store._db.run("DROP TRIGGER never")
    store.complete_intent(WEB)
    assert store.intent(WEB) is None
    assert known(store) == on_disk(store)


def test_times_that_could_not_be_written_are_written_the_next_time(store: Store) -> None:
    store.save_status(status())
    store.save_item(ITEM)
    assert store.renew_status(status(reconciled_at=200.0))
    assert store.renew_item(replace(ITEM, seen_at=200.0))
    with refusing(store), pytest.raises(StateError):
        store.flush()
    assert on_disk(store)["statuses"] == [status()]
    store.flush()
    assert on_disk(store)["statuses"] == [status(reconciled_at=200.0)]
    assert on_disk(store)["items"] == [replace(ITEM, seen_at=200.0)]


def test_a_restart_finds_the_times_that_were_flushed(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "setpoint.db")
    store.save_status(status(in_sync_at=100.0))
    store.renew_status(status(reconciled_at=1763736789.1234567, in_sync_at=1763736789.7654321))
    store.flush()
    told = known(store)
    store.close()
    again = Store.open(tmp_path / "setpoint.db")
    assert known(again) == told
    again.close()


@pytest.mark.parametrize(
    "news",
    [
        {"outcome": "Failed"},
        {"sentence": "other"},
        {"version": "c2"},
        {"spec_hash": "h2"},
        {"handled": 1},
        {"attempts": 1},
        {"known": False},
        {"in_sync_at": 100.0},
        {"drift_since": 100.0},
        {"detail": {"a": 1}},
    ],
    ids=lambda news: next(iter(news)),
)
def test_what_is_new_in_more_than_time_is_to_be_saved(store: Store, news: dict[str, Any]) -> None:
    store.save_status(status())
    assert not store.renew_status(status(reconciled_at=200.0, **news))
    assert store.status(WEB) == status()


def test_what_was_never_saved_is_to_be_saved(store: Store) -> None:
    assert not store.renew_status(status())
    assert not store.renew_item(ITEM)
    assert (store.status(WEB), store.item(WEB)) == (None, None)


def test_to_be_seen_for_the_first_time_is_more_than_a_time(store: Store) -> None:
    born = replace(ITEM, seen_at=0.0)
    store.save_item(born)
    assert not store.renew_item(ITEM)
    assert store.item(WEB) == born


def test_one_that_only_reads_sees_what_another_process_wrote(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "setpoint.db")
    reader = Store.open_readonly(tmp_path / "setpoint.db")
    assert reader is not None
    assert reader.item(WEB) is None
    store.save_item(ITEM)
    assert reader.item(WEB) == ITEM
    reader.close()
    store.close()


LIFE = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from setpoint.store.store import Store
from tests.unit.store.test_memory import ITEM, RESTART
from tests.unit.store.values import HOME, WEB, status

store = Store.open(Path(sys.argv[1]))
store.save_item(ITEM)
store.save_status(status())
store.renew_status(status(reconciled_at=900.0))
store.open_intent(WEB, HOME, RESTART)
store.note_operation(WEB, "UPID:1")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_kill_9_loses_when_things_were_looked_at_and_no_intent(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    path = os.pathsep.join([str(root), *filter(None, sys.path)])
    command = [sys.executable, "-c", LIFE, str(tmp_path / "setpoint.db")]
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, cwd=root, check=False)
    assert ended.returncode == -signal.SIGKILL

    store = Store.open(tmp_path / "setpoint.db")
    assert store.intents(HOME) == [(WEB, replace(RESTART, operation="UPID:1"))]
    item = store.item(WEB)
    assert item is not None
    assert (item.restarts.begun, item.restarts.at) == (1, RESTART.began)
    assert store.status(WEB) == status()
    store.close()
