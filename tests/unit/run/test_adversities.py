from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeAlias

import pytest

from setpoint.model.errors import RefusalError, StateError
from setpoint.model.hold import Rule
from setpoint.model.identity import Mark
from setpoint.model.key import Key
from setpoint.model.outcome import Done, Held
from setpoint.model.plan import Started
from setpoint.store.store import Store
from tests.toy import BOX as BOX_KIND
from tests.toy import KINDS, WORLDS, Thing, World, lose_reply, observe_box
from tests.unit.run.conftest import BOX, Rig, resource
from tests.unit.run.test_supervisor import SHELF, A, B, Daemon, box, running
from tests.unit.run.test_supervisor import daemon as daemon  # noqa: PLC0414  # a fixture

Rigged: TypeAlias = Callable[[Callable[[Rig], Awaitable[None]]], None]
RED: dict[str, Any] = {"colour": "red"}
OTHER_SHELF = Key("default", "Shelf", "t")


def on(target: str, colour: str = "red") -> str:
    return f"kind: Box\nmetadata: {{name: a}}\ntarget: {target}\nspec: {{colour: {colour}}}\n"


def clock_of(rig: Rig) -> Callable[[], None]:
    """Sets the wall clock back by an hour when called; to be made before the target is first asked."""
    wall, behind = rig.ports.now, list[float]()
    rig.ports = rig.lane.ports = replace(rig.ports, now=lambda: wall() - sum(behind))
    return lambda: behind.append(3600.0)


def gated(daemon: Daemon) -> tuple[asyncio.Event, asyncio.Event]:
    """Every look at a box from now on sets the first event and waits for the second."""
    inside, gate = asyncio.Event(), asyncio.Event()

    async def observe(world: World, looking: Any) -> Any:
        inside.set()
        await gate.wait()
        return await observe_box(world, looking)

    daemon.supervisor.estate.kinds = {**KINDS, "Box": replace(BOX_KIND, observe=observe)}
    return inside, gate


def fail_once(monkeypatch: pytest.MonkeyPatch, name: str) -> list[str]:
    """The store method fails at its next call, as with a locked database; gives the calls so far."""
    real, calls = getattr(Store, name), list[str]()

    def method(self: Store, *args: Any) -> Any:
        calls.append(name)
        if len(calls) == 1:
            raise StateError("the database is locked", remedy="close what has it open")
        return real(self, *args)

    monkeypatch.setattr(Store, name, method)
    return calls


def test_a_renamed_object_is_found_by_its_former_mark_without_memory(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, RED))
        rig.store = Store.in_memory()
        renamed = replace(resource(Key("default", "Box", "new"), RED), formerly=BOX)
        assert isinstance((await rig.settle(renamed)).outcome, Done)
        assert rig.world.effects == ["create", "mark"]

    rigged(body)


@pytest.mark.parametrize("remembered", [True, False], ids=["remembered", "database lost"])
def test_another_id_than_that_of_the_object_makes_no_second_one(rigged: Rigged, *, remembered: bool) -> None:
    async def body(rig: Rig) -> None:
        await rig.settle(resource(BOX, RED))
        if not remembered:
            rig.store = Store.in_memory()
        outcome = (await rig.settle(resource(BOX, {**RED, "number": 30}))).outcome
        assert isinstance(outcome, Held)
        assert outcome.holds[0].rule is Rule.IDENTITY
        assert "is 1, and 30 is declared" in outcome.sentence
        assert rig.world.effects == ["create"]

    rigged(body)


def test_a_survey_from_before_the_clock_was_set_back_is_not_believed(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        set_clock_back = clock_of(rig)
        await rig.settle(resource(BOX, RED))
        set_clock_back()
        rig.world.things[2] = Thing({}, None)
        assert isinstance((await rig.settle(resource(Key("default", "Box", "c"), RED))).outcome, Done)

    rigged(body)


def test_a_failure_from_before_the_clock_was_set_back_is_not_believed(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        set_clock_back = clock_of(rig)
        rig.world.down = True
        await rig.once(resource(BOX, RED))
        set_clock_back()
        rig.world.down = False
        assert isinstance((await rig.settle(resource(BOX, RED))).outcome, Done)

    rigged(body)


def test_a_lost_reply_settles_although_the_clock_is_set_back(rigged: Rigged) -> None:
    async def body(rig: Rig) -> None:
        set_clock_back = clock_of(rig)
        rig.world.fault = lambda moment, verb: lose_reply("after", verb) if moment == "before" else None
        await rig.once(resource(BOX, RED))
        rig.world.fault = lambda moment, verb: None
        set_clock_back()
        assert "not known yet" in (await rig.once(resource(BOX, RED))).outcome.sentence
        assert isinstance((await rig.settle(resource(BOX, RED))).outcome, Done)
        assert rig.world.effects == ["create"]

    rigged(body)


@pytest.mark.parametrize("question", ["poll", "find"])
def test_an_operation_that_the_target_knows_no_more_does_not_wedge_its_key(
    rigged: Rigged, question: str
) -> None:
    async def body(rig: Rig) -> None:
        async def refuse(world: World, asked: object) -> None:
            raise RefusalError("no such operation")

        assert rig.lane.kind.port is not None
        change: Any = {question: refuse}
        port: Any = replace(rig.lane.kind.port, **change)
        rig.lane.kind = replace(rig.lane.kind, port=port)
        rig.world.slow = question == "poll"
        rig.world.fault = lose_reply if question == "find" else rig.world.fault
        await rig.once(resource(BOX, RED))
        rig.world.fault = lambda moment, verb: None
        assert rig.store.intent(BOX) is not None
        await asyncio.sleep(60)
        assert isinstance((await rig.settle(resource(BOX, RED))).outcome, Done)
        assert rig.world.effects == ["create"]

    rigged(body)


@pytest.mark.parametrize("question", ["poll", "find"])
def test_another_target_is_not_asked_what_became_of_a_step(rigged: Rigged, question: str) -> None:
    async def body(rig: Rig) -> None:
        asked: list[object] = []

        async def ask(world: World, about: object) -> None:
            asked.append(about)

        rig.world.slow = question == "poll"
        rig.world.fault = lose_reply if question == "find" else rig.world.fault
        await rig.once(resource(BOX, RED))
        rig.world.fault = lambda moment, verb: None
        before = rig.store.intent(BOX)
        assert rig.lane.kind.port is not None
        change: Any = {question: ask}
        rig.lane.kind = replace(rig.lane.kind, port=replace(rig.lane.kind.port, **change))
        await rig.lane.declare(replace(resource(OTHER_SHELF, {}), spec_hash="with another endpoint"))
        rig.world.name = "shelf-2"
        outcome = (await rig.once(resource(BOX, RED))).outcome
        assert isinstance(outcome, Held)
        assert outcome.holds[0].rule is Rule.IDENTITY
        assert not asked
        assert rig.store.intent(BOX) == before

    rigged(body)


async def test_a_mark_that_names_a_target_does_not_stop_the_lane(daemon: Daemon) -> None:
    for number, name in ((8, "s"), (9, "unknown")):
        daemon.world.things[number] = Thing({}, Mark("home", Key("default", "Shelf", name), str(number)))
    daemon.write(shelf=SHELF, a=box("a"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        await daemon.until(lambda: daemon.outcome(Key("default", "Shelf", "s")) == "Done")

    await running(daemon, body)


@pytest.mark.parametrize("method", ["accepted", "put_in_force", "accept", "items", "conclude", "open_intent"])
async def test_a_database_that_is_locked_for_a_moment_loses_no_declaration(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        calls = fail_once(monkeypatch, method)
        daemon.write(b=box("b"), a=box("a", "colour: blue"))
        await daemon.until(lambda: bool(calls))
        daemon.supervisor.source.poke()
        await daemon.until(lambda: daemon.outcome(B) == "Done")
        await daemon.until(lambda: daemon.world.things[1].fields["colour"] == "blue")

    await running(daemon, body)


async def test_a_source_in_trouble_of_which_the_history_could_not_be_told_is_followed_again(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.write(shelf=SHELF, a=box("a"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        calls = fail_once(monkeypatch, "record")
        away = daemon.folder.rename(daemon.folder.with_name("away"))
        daemon.supervisor.source.poke()
        await daemon.until(lambda: bool(calls))
        assert not daemon.supervisor.estate.source.good
        away.rename(daemon.folder)
        daemon.write(b=box("b"))
        daemon.supervisor.source.poke()
        await daemon.until(lambda: daemon.outcome(B) == "Done")
        assert daemon.supervisor.estate.source.good

    await running(daemon, body)


async def test_a_target_that_comes_back_while_its_keys_run_is_served(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, t=SHELF.replace("name: s", "name: t"), a=on("s"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        inside, gate = gated(daemon)
        await daemon.supervisor.resync([A], "anna")
        await inside.wait()
        for name in ("shelf.yaml", "a.yaml"):
            (daemon.folder / name).unlink()
        await daemon.until(lambda: daemon.outcome(A) == "Released")
        daemon.write(shelf=SHELF, a=on("s", "green"))
        await daemon.until(lambda: A in daemon.supervisor.estate.resources)
        gate.set()
        await daemon.until(lambda: daemon.world.things[1].fields["colour"] == "green")

    await running(daemon, body)


async def test_what_leaves_while_it_is_worked_on_is_released_all_the_same(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        inside, gate = gated(daemon)
        await daemon.supervisor.resync([A], "anna")
        await inside.wait()
        (daemon.folder / "a.yaml").unlink()
        await daemon.until(lambda: daemon.outcome(A) == "Released")
        gate.set()
        (lane,) = daemon.supervisor.estate.lanes.values()
        await daemon.until(lambda: A not in lane.queue.running())
        item = daemon.store.item(A)
        assert daemon.outcome(A) == "Released"
        assert item is not None
        assert item.released

    await running(daemon, body)


async def test_a_change_of_target_makes_no_second_object_unless_approved(daemon: Daemon) -> None:
    other = WORLDS["w2"] = World(name="shelf-2")
    second = SHELF.replace("name: s", "name: t").replace("world: w", "world: w2")
    daemon.write(shelf=SHELF, t=second, a=on("s"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        daemon.write(a=on("t"))
        await daemon.until(lambda: daemon.outcome(A) == "Held")
        status = daemon.status(A)
        assert status is not None
        assert "is 1 of Shelf/s" in status.sentence
        assert other.things == {}
        await daemon.supervisor.approve(status.holds[0].token, "anna")
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        item = daemon.store.item(A)
        assert item is not None
        assert item.target == OTHER_SHELF
        assert len(other.things) == len(daemon.world.things) == 1

    await running(daemon, body)


async def test_a_target_under_a_new_name_keeps_its_objects(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        daemon.write(shelf=SHELF.replace("name: s", "name: t, formerly: s"))
        await daemon.until(lambda: (item := daemon.store.item(A)) is not None and item.target == OTHER_SHELF)
        assert daemon.outcome(A) == "Done"
        assert daemon.world.effects == ["create"]

    await running(daemon, body)


async def test_long_steps_that_have_no_effect_end_in_a_failure(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))
    monkeypatch.setattr("setpoint.run.act._SOON", timedelta(milliseconds=10))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")

        async def begin(world: World, acting: Any) -> Started:
            world.running["op"] = False
            return Started("op")

        acts = {**BOX_KIND.acts, "set": begin}
        daemon.supervisor.estate.kinds = {**KINDS, "Box": replace(BOX_KIND, acts=acts)}
        daemon.write(a=box("a", "colour: blue"))
        await daemon.until(lambda: daemon.outcome(A) == "Failed")
        status = daemon.status(A)
        assert status is not None
        assert "still differs" in status.sentence

    await running(daemon, body)
