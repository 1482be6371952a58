"""Numbers that belong to fields: kept over a life, left for a while, moved with a name."""

from __future__ import annotations

from pathlib import Path

import pytest

from setpoint.model.handed import VALUE, Grant, Space
from setpoint.model.key import Key
from setpoint.store.grants import GRACE
from setpoint.store.store import Store

PIER, QUAY = Key("default", "Roll", "pier"), Key("default", "Roll", "quay")
A, B = Key("default", "Box", "a"), Key("default", "Box", "b")
HUGE = 1 << 100


def space(low: int = 1, high: int = 3) -> Space:
    return Space("berth", "berths", ((low, high),), int, str, lambda number: {VALUE: str(number)})


def ask(store: Store, key: Key, at: float = 1.0, **wish: object) -> Grant | None:
    field, where = str(wish.get("field", "/berth")), wish.get("where", PIER)
    assert isinstance(where, Key)
    avoid, seen = wish.get("avoid", ()), wish.get("seen")
    assert isinstance(avoid, tuple)
    assert seen is None or isinstance(seen, int)
    offered = wish.get("space", space())
    assert isinstance(offered, Space)
    return store.grant(Grant(where, 0, key, field, at), offered, avoid, seen=seen)


def number(grant: Grant | None) -> int | None:
    return None if grant is None else grant.number


def test_each_field_gets_the_lowest_and_keeps_it(store: Store) -> None:
    assert [number(ask(store, key)) for key in (A, B, A)] == [1, 2, 1]
    assert number(ask(store, A, field="/other")) == 3
    assert ask(store, B, field="/other") is None


def test_spaces_do_not_share_numbers(store: Store) -> None:
    assert [number(ask(store, A, where=where)) for where in (PIER, QUAY)] == [1, 1]


def test_what_is_to_be_avoided_is_not_handed_out(store: Store) -> None:
    assert number(ask(store, A, avoid=(1, 2))) == 3


def test_what_is_seen_is_taken_over_also_outside_of_the_ranges(store: Store) -> None:
    assert number(ask(store, A, seen=9)) == 9
    other = ask(store, B, seen=9)
    assert other is not None
    assert other.key == A


def test_what_was_left_is_kept_for_its_field_and_after_a_day_for_nobody(store: Store) -> None:
    ask(store, A)
    store.leave(A, 10.0)
    assert store.grants_of(A) == []
    assert store.holder(PIER, 1) is None
    assert number(ask(store, B, at=11.0)) == 2
    assert number(ask(store, A, at=12.0)) == 1
    store.leave(A, 20.0)
    assert number(ask(store, B, at=21.0 + GRACE, field="/other")) == 1


def test_what_was_left_first_serves_first_when_there_is_no_other(store: Store) -> None:
    for at, key in enumerate((A, B), start=1):
        ask(store, key)
        store.leave(key, float(at))
    assert number(ask(store, Key("default", "Box", "c"), at=3.0, space=space(1, 2))) == 1


def test_a_field_that_goes_is_left_alone_and_the_others_stay(store: Store) -> None:
    ask(store, A)
    ask(store, A, field="/other")
    store.leave(A, 2.0, {(PIER, "/other")})
    assert [one.field for one in store.grants_of(A)] == ["/other"]


def test_what_is_buried_or_forgotten_is_left(store: Store) -> None:
    ask(store, A)
    ask(store, B)
    store.bury(A, 5.0)
    store.let_go_of(B, "somebody", 6.0)
    assert [one.left_at for one in store.grants(PIER)] == [5.0, 6.0]


def test_a_new_name_has_what_the_former_one_had(store: Store) -> None:
    ask(store, A)
    store.put_in_force({}, (), (), {A: B})
    assert (store.grants_of(A), [one.number for one in store.grants_of(B)]) == ([], [1])
    assert number(ask(store, B)) == 1


def test_a_space_keeps_its_book_under_a_new_name(store: Store) -> None:
    ask(store, A)
    store.put_in_force({}, (), (), {PIER: QUAY})
    assert (store.grants(PIER), number(ask(store, A, where=QUAY))) == ([], 1)


def test_what_no_integer_of_the_database_holds_survives(tmp_path: Path) -> None:
    path = tmp_path / "setpoint.db"
    first = Store.open(path)
    made = ask(first, A, space=space(HUGE, HUGE + 5))
    first.close()
    again = Store.open(path)
    assert again.grants_of(A) == [made]
    assert number(ask(again, A, at=9.0, space=space(HUGE, HUGE + 5))) == HUGE
    again.close()


@pytest.mark.parametrize("taken", [{1}, {1, 2}, {2}, set()])
def test_the_lowest_free_number_is_found(taken: set[int]) -> None:
    assert space().lowest_free(taken) == min({1, 2, 3} - taken)
