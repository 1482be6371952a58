"""A package that is gone takes nothing with it: what it knew is held, and goes on when it is back."""

from __future__ import annotations

import asyncio

from setpoint.model.hold import Rule
from setpoint.model.key import Key
from setpoint.store.store import Store
from setpoint.surface.answers import Answers
from setpoint.surface.bodies import StatusQuery
from tests.toy import KINDS, WORLDS, World
from tests.unit.run.departing import AT_ONCE, DAY, HOUR, Departing, box, key, live, shelf

FILES = {**shelf(), **box("a", **AT_ONCE), **box("b", **AT_ONCE)}
WITHOUT = {name: kind for name, kind in KINDS.items() if name != "Box"}


def test_what_is_declared_stays_declared_and_what_left_stays_to_be_deleted() -> None:
    world = WORLDS["w"] = World()
    store = Store.in_memory()

    async def nothing(daemon: Departing) -> None:
        assert daemon.names() == {"a", "b"}

    async def without(daemon: Departing) -> None:
        assert set(daemon.estate.dormant) == {key("a"), key("b")}
        assert daemon.rules("a") == {Rule.KIND_MISSING}
        rows = (await Answers(daemon.supervisor).status(StatusQuery()))["resources"]
        assert {row["key"]: row["outcome"] for row in rows}["Box/a"] == "Held"
        await daemon.declare(shelf(), box("b", **AT_ONCE))
        await asyncio.sleep(2 * DAY)
        (row,) = (await Answers(daemon.supervisor).status(StatusQuery()))["deletions"]
        assert [hold["rule"] for hold in row["holds"]] == ["KindMissing", "Source"]
        assert "install the package" in row["sentence"]
        item = daemon.store.item(key("a"))
        assert item is not None
        assert not item.released

    async def back(daemon: Departing) -> None:
        await asyncio.sleep(HOUR)
        assert (daemon.names(), daemon.status("b").outcome) == ({"b"}, "Done")

    live(store, FILES, nothing)
    live(store, FILES, without, WITHOUT)
    assert world.effects == ["create", "create"]
    live(store, {**shelf(), **box("b", **AT_ONCE)}, back)
    WORLDS.clear()
    store.close()


def test_without_the_kind_of_the_target_nothing_is_reached_and_nothing_lost() -> None:
    world = WORLDS["w"] = World()
    store = Store.in_memory()

    async def nothing(daemon: Departing) -> None:
        await daemon.declare(shelf(), box("b", **AT_ONCE))
        daemon.source.fault = None

    async def without(daemon: Departing) -> None:
        await asyncio.sleep(DAY)
        assert Key("default", "Shelf", "s") in daemon.estate.dormant

    live(store, {**shelf(), **box("b", **AT_ONCE)}, nothing)
    live(store, {**shelf(), **box("b", **AT_ONCE)}, without, {})
    assert world.effects == ["create"]
    WORLDS.clear()
    store.close()
