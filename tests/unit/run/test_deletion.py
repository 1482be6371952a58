"""What leaves the declarations is deleted as its policy said while it was in force, and never otherwise."""

from __future__ import annotations

import asyncio
from contextlib import closing
from datetime import UTC, datetime

from setpoint.model.errors import SourceError
from setpoint.model.hold import Rule
from setpoint.model.tombstone import Phase
from setpoint.run.undelete import forget, undelete
from setpoint.store.records import EventKind
from setpoint.testing.clock import VirtualLoop
from tests.unit.run.departing import (
    AT_ONCE,
    DAY,
    DELETE,
    HOUR,
    Departing,
    box,
    boxes,
    key,
    on,
    one_life,
    shelf,
)


def test_by_default_what_holds_data_is_left_alone() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(shelf(), box("b"))
        await asyncio.sleep(2 * DAY)
        assert (daemon.names(), daemon.effects, daemon.phases()) == ({"a", "b"}, [], {})
        item = daemon.store.item(key("a"))
        assert item is not None
        assert item.released

    one_life({**shelf(), **box("a"), **box("b")}, body)


def test_it_is_stopped_at_once_and_destroyed_after_its_grace_and_then_forgotten() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(shelf(), box("b"))
        await asyncio.sleep(60)
        assert (daemon.effects, daemon.phase("a")) == (["shut"], Phase.WAITING)
        assert daemon.rules("a") == {Rule.GRACE}
        await asyncio.sleep(DAY - HOUR)
        assert daemon.names() == {"a", "b"}
        await asyncio.sleep(2 * HOUR)
        assert (daemon.effects, daemon.names(), daemon.phase("a")) == (["shut", "scrap"], {"b"}, Phase.GONE)
        store = daemon.store
        assert (store.item(key("a")), store.status(key("a")), store.reservation(key("a"))) == (None,) * 3

    one_life({**shelf(), **box("a", **DELETE), **box("b")}, body)


def test_a_policy_that_comes_with_the_removal_counts_for_nothing() -> None:
    async def body(daemon: Departing) -> None:
        defaults = {"defaults.yaml": 'kind: "*"\npolicy: {deletion: delete, grace: 0s}\n'}
        await daemon.declare(shelf(), box("b"), defaults)
        await asyncio.sleep(HOUR)
        assert (daemon.effects, daemon.phases()) == ([], {})

    one_life({**shelf(), **box("a"), **box("b")}, body)


def test_declared_again_in_its_grace_it_goes_on_as_if_nothing_had_happened() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(shelf(), box("b"))
        await asyncio.sleep(HOUR)
        await daemon.declare(shelf(), box("a", **DELETE), box("b"))
        await daemon.settle()
        await asyncio.sleep(2 * DAY)
        assert (daemon.effects, daemon.names(), daemon.phases()) == (["shut"], {"a", "b"}, {})
        assert daemon.status("a").outcome == "Done"

    one_life({**shelf(), **box("a", **DELETE), **box("b")}, body)


def test_what_is_taken_back_stays_and_declared_again_it_is_ours_as_before() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(shelf(), box("b"))
        await asyncio.sleep(HOUR)
        await undelete(daemon.estate, key("a"), "anna")
        await asyncio.sleep(2 * DAY)
        assert (daemon.effects, daemon.names(), daemon.phase("a")) == (["shut"], {"a", "b"}, Phase.KEPT)
        assert daemon.status("a").outcome == "Released"
        await daemon.declare(shelf(), box("a", **DELETE), box("b"))
        await daemon.settle()
        assert (daemon.status("a").outcome, daemon.phases()) == ("Done", {})

    one_life({**shelf(), **box("a", **DELETE), **box("b")}, body)


def test_what_is_forgotten_stays_and_is_not_found_again_by_its_mark_until_it_is_declared() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(shelf(), box("b"))
        await asyncio.sleep(HOUR)
        await forget(daemon.estate, key("a"), "anna")
        await asyncio.sleep(2 * DAY)
        assert (daemon.effects, daemon.names(), daemon.phases()) == (["shut"], {"a", "b"}, {})
        assert daemon.store.item(key("a")) is None
        await daemon.declare(shelf(), box("a"), box("b"))
        await daemon.settle()
        assert (daemon.status("a").outcome, len(daemon.worlds["w"].things)) == ("Done", 2)
        await daemon.declare(shelf(), box("b"))
        await asyncio.sleep(HOUR)
        item = daemon.store.item(key("a"))
        assert item is not None
        assert item.released

    one_life({**shelf(), **box("a", **DELETE), **box("b")}, body)


def test_a_target_stays_in_force_until_what_it_holds_is_deleted() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(shelf(), box("b"))
        await asyncio.sleep(HOUR)
        assert {str(one) for one in daemon.estate.lingering} == {"Shelf/t"}
        assert daemon.rules("a") == {Rule.GRACE}
        await asyncio.sleep(DAY)
        assert daemon.names("v") == set()
        assert (daemon.estate.lingering, len(daemon.estate.lanes)) == (frozenset(), 1)

    files = {**shelf(), **shelf("t", "v"), **on("t", box("a", **DELETE)), **on("s", box("b"))}
    one_life(files, body, "w", "v")


def test_more_than_three_wait_for_a_person_who_names_just_that_set() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.declare(shelf(), box("b9"))
        await asyncio.sleep(2 * DAY)
        assert (daemon.effects, set(daemon.phases().values())) == ([], {"held"})
        assert daemon.rules("b0") == {Rule.DELETION_LIMIT}
        (token,) = daemon.tokens()
        assert daemon.holds("b0")[0].token == token
        await daemon.supervisor.approve("another", "anna")
        await asyncio.sleep(HOUR)
        assert daemon.effects == []
        await daemon.supervisor.approve(token, "anna")
        await asyncio.sleep(HOUR)
        assert daemon.names() == {"b9"}

    one_life({**shelf(), **boxes(10, **AT_ONCE)}, body)


def test_three_at_a_time_are_held_with_the_second_three_and_the_first_with_them() -> None:
    async def body(daemon: Departing) -> None:
        for left in (7, 4, 1):
            await daemon.declare(shelf(), boxes(left, **DELETE))
            await asyncio.sleep(HOUR)
        assert set(daemon.phases().values()) == {"held"}
        await asyncio.sleep(3 * DAY)
        assert "scrap" not in daemon.effects
        assert len(daemon.phases()) == 9
        assert all(Rule.DELETION_LIMIT in daemon.rules(f"b{number}") for number in range(1, 10))

    one_life({**shelf(), **boxes(10, **DELETE)}, body)


def after(days: float) -> str:
    """A moment so many days after the virtual clock begins, as people write it."""
    with closing(VirtualLoop()) as loop:
        return f"{datetime.fromtimestamp(loop.wall() + days * DAY, UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_what_has_expired_is_taken_away_as_if_its_declaration_were_removed() -> None:
    async def body(daemon: Departing) -> None:
        await daemon.settle()
        await asyncio.sleep(DAY - HOUR)
        assert (daemon.effects, daemon.phases()) == ([], {})
        await asyncio.sleep(2 * HOUR)
        assert (daemon.effects, daemon.phase("a")) == (["shut"], Phase.WAITING)
        assert any(line.startswith("expired at ") for line in daemon.told(EventKind.RELEASED))
        await asyncio.sleep(DAY)
        assert (daemon.names(), daemon.phase("a")) == ({"b"}, Phase.GONE)

    one_life({**shelf(), **box("a", **DELETE, expires=after(1)), **box("b")}, body)


def test_a_later_date_in_its_grace_brings_it_back() -> None:
    async def body(daemon: Departing) -> None:
        await asyncio.sleep(DAY + HOUR)
        assert daemon.phase("a") is Phase.WAITING
        await daemon.declare(shelf(), box("a", **DELETE, expires=after(9)))
        await asyncio.sleep(3 * DAY)
        assert (daemon.names(), daemon.phase("a")) == ({"a"}, None)

    one_life({**shelf(), **box("a", **DELETE, expires=after(1))}, body)


def test_more_than_a_few_that_expire_together_wait_for_a_person() -> None:
    async def body(daemon: Departing) -> None:
        await asyncio.sleep(DAY + HOUR)
        assert (daemon.effects, len(daemon.tokens())) == ([], 1)

    one_life({**shelf(), **boxes(5, **DELETE, expires=after(1)), **box("b")}, body)


def test_nothing_expires_while_the_source_is_in_trouble() -> None:
    async def body(daemon: Departing) -> None:
        daemon.source.fault = SourceError("unreachable")
        await asyncio.sleep(2 * DAY)
        assert (daemon.effects, daemon.phases()) == ([], {})
        daemon.source.fault = None
        await asyncio.sleep(HOUR)
        assert daemon.phase("a") is Phase.WAITING

    one_life({**shelf(), **box("a", **DELETE, expires=after(1)), **box("b")}, body)
