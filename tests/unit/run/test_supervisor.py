from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from setpoint.model.key import Key
from setpoint.run import supervisor
from setpoint.run.estate import Estate
from setpoint.run.ports import Ports
from setpoint.run.supervisor import Supervisor
from setpoint.run.wake import wake
from setpoint.sources.directory import DirectorySource
from setpoint.sources.snapshot import Snapshot
from setpoint.store.records import Status
from setpoint.store.store import Store
from setpoint.store.thread import StoreThread
from tests.toy import KINDS, WORLDS, Thing, World

A, B = Key("default", "Box", "a"), Key("default", "Box", "b")
TARGET = Key("default", "Shelf", "s")
SHELF = "kind: Shelf\nmetadata: {name: s}\nspec: {world: w}\n"


def box(name: str, more: str = "", policy: str = "") -> str:
    return f"kind: Box\nmetadata: {{name: {name}}}\npolicy: {{{policy}}}\nspec: {{{more}}}\n"


@dataclass
class Daemon:
    """A supervisor over a folder of declarations; `restart` forgets everything but the store."""

    folder: Path
    world: World
    store: Store
    supervisor: Supervisor

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.yaml").write_text(text)

    async def until(self, holds: Callable[[], bool]) -> None:
        # What could not be written down is tried again after half a minute.
        async with asyncio.timeout(60):
            while not holds():
                await asyncio.sleep(0.02)

    def status(self, key: Key) -> Status | None:
        return self.store.status(key)

    def outcome(self, key: Key) -> str:
        status = self.store.status(key)
        return status.outcome if status else ""


async def running(daemon: Daemon, body: Callable[[Daemon], Awaitable[None]]) -> None:
    stop = asyncio.Event()
    task = asyncio.create_task(daemon.supervisor.run(stop))
    try:
        await body(daemon)
    finally:
        stop.set()
        await task


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    world = WORLDS["w"] = World()
    folder = tmp_path / "estate"
    folder.mkdir()
    return fresh(folder, world, Store.open(tmp_path / "state.db"))


def fresh(folder: Path, world: World, store: Store) -> Daemon:
    calls = StoreThread()
    estate = Estate("home", KINDS, store, calls, Ports())
    return Daemon(folder, world, store, Supervisor(estate, DirectorySource(folder)))


async def test_what_is_declared_comes_true_and_a_new_version_changes_it(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        daemon.write(a=box("a", "colour: blue"))
        await daemon.until(lambda: daemon.world.things[1].fields["colour"] == "blue")

    await running(daemon, body)


async def test_a_broken_manifest_keeps_its_resource_and_its_neighbours_converge(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"), b=box("b", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == daemon.outcome(B) == "Done")
        daemon.write(a="kind: Box\nmetadata: {name: a}\nspec: {colour: [", b=box("b", "colour: blue"))
        await daemon.until(lambda: bool(daemon.supervisor.estate.problems))
        await daemon.until(lambda: any(t.fields["colour"] == "blue" for t in daemon.world.things.values()))
        assert A in daemon.supervisor.estate.resources
        assert A in daemon.supervisor.estate.retained
        item = daemon.store.item(A)
        assert item is not None
        assert not item.released

    await running(daemon, body)


async def test_an_empty_set_changes_nothing(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        for path in daemon.folder.iterdir():
            path.unlink()
        await daemon.until(lambda: not daemon.supervisor.estate.source.good)
        assert "declares nothing" in daemon.supervisor.estate.source.sentence
        assert A in daemon.supervisor.estate.resources

    await running(daemon, body)


async def test_what_leaves_the_declarations_is_released_and_kept(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a"), b=box("b"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == daemon.outcome(B) == "Done")
        (daemon.folder / "a.yaml").unlink()
        await daemon.until(lambda: daemon.outcome(A) == "Released")
        item = daemon.store.item(A)
        assert item is not None
        assert item.released
        assert len(daemon.world.things) == 2
        daemon.write(a=box("a"))
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        assert len(daemon.world.things) == 2

    await running(daemon, body)


async def test_a_rename_moves_what_is_remembered(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        daemon.write(a=box("b, formerly: a", "colour: red"))
        await daemon.until(lambda: daemon.outcome(B) == "Done")
        assert daemon.store.item(A) is None
        assert daemon.status(A) is None
        assert len(daemon.world.things) == 1
        assert daemon.world.effects == ["create", "mark"]

    await running(daemon, body)


async def test_a_restart_without_its_database_plans_nothing(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def first(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")

    await running(daemon, first)
    daemon.world.things[9] = Thing({}, None)
    again = fresh(daemon.folder, daemon.world, Store.in_memory())

    async def second(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")

    await running(again, second)
    assert daemon.world.effects == ["create"]


async def test_marked_objects_that_nobody_declares_are_listed_as_released(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a"), b=box("b"))

    async def first(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == daemon.outcome(B) == "Done")

    await running(daemon, first)
    (daemon.folder / "a.yaml").unlink()
    again = fresh(daemon.folder, daemon.world, Store.in_memory())

    async def second(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Released")

    await running(again, second)
    assert len(daemon.world.things) == 2


async def test_a_resync_is_answered_by_a_look_that_began_after_it(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        daemon.world.things[1].fields["colour"] = "blue"
        number = (await daemon.supervisor.resync([A], "anna"))[A]
        await daemon.until(lambda: (daemon.status(A) or Status).handled >= number)
        assert daemon.world.things[1].fields["colour"] == "red"

    await running(daemon, body)


async def test_a_bug_in_a_kind_fails_one_key_only(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"), b=box("b", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == daemon.outcome(B) == "Done")
        item = daemon.store.item(A)
        assert item is not None
        daemon.world.things[int(str(item.identity["id"]))].fields["cursed"] = True
        await daemon.supervisor.resync([A], "anna")
        await daemon.until(lambda: daemon.outcome(A) == "Failed")
        assert "a bug in Setpoint: ZeroDivisionError" in (daemon.status(A) or Status).sentence
        daemon.write(b=box("b", "colour: blue"))
        await daemon.until(lambda: any(t.fields["colour"] == "blue" for t in daemon.world.things.values()))

    with capture_logs():  # To draw its traceback takes seconds, again and again.
        await running(daemon, body)


async def test_steps_that_have_no_effect_end_in_a_failure(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")

        def undo(moment: str, verb: str) -> None:
            if moment == "after":
                daemon.world.things[1].fields["colour"] = "blue"

        daemon.world.fault = undo
        daemon.world.things[1].fields["colour"] = "blue"
        await daemon.supervisor.resync([A], "anna")
        await daemon.until(lambda: daemon.outcome(A) == "Failed")
        assert "still differs" in (daemon.status(A) or Status).sentence

    await running(daemon, body)


async def test_a_dead_target_is_not_asked_once_per_key(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, **{f"b{n}": box(f"b{n}") for n in range(30)})
    asked: list[int] = []
    daemon.world.down = True
    call = daemon.world.call
    daemon.world.call = lambda: (asked.append(1), call())[1]  # type: ignore[method-assign]

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: sum(s.outcome == "Blocked" for s in daemon.store.statuses()) == 30)
        await daemon.until(lambda: daemon.outcome(TARGET) == "Failed")

    await running(daemon, body)
    assert len(asked) <= 3


async def test_what_left_while_nobody_could_tell_is_released_at_the_next_start(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a"), b=box("b"))

    async def first(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == daemon.outcome(B) == "Done")

    await running(daemon, first)
    (daemon.folder / "a.yaml").unlink()
    kept = daemon.store.desired()
    daemon.store.put_in_force({key: resource for key, resource in kept.items() if key != A}, (), ())
    again = fresh(daemon.folder, daemon.world, daemon.store)

    async def second(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Released")
        item = daemon.store.item(A)
        assert item is not None
        assert item.released

    await running(again, second)


async def test_a_stop_does_not_wait_for_a_slow_source(daemon: Daemon) -> None:
    class Slow(DirectorySource):
        async def fetch(self, previous: str | None, approved: Callable[[str], bool]) -> Snapshot:
            await asyncio.sleep(60)
            return await super().fetch(previous, approved)

    daemon.supervisor.source = Slow(daemon.folder)
    async with asyncio.timeout(5):
        await running(daemon, lambda daemon: asyncio.sleep(0))
    assert daemon.supervisor.phase == "stopping"


async def test_a_single_run_settles_although_its_target_is_dead(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a"))
    daemon.world.down = True
    daemon.supervisor.estate.ports = Ports(chance=lambda: 0.0)

    async def body(daemon: Daemon) -> None:
        async with asyncio.timeout(20):
            await daemon.supervisor.settle(since=0.0)
        status = daemon.status(A)
        assert status is not None
        assert (status.outcome, status.attempts) == ("Blocked", 0)
        assert daemon.outcome(TARGET) == "Failed"

    await running(daemon, body)


async def look_again(daemon: Daemon, key: Key) -> None:
    """A look that finds nothing new, and by nobody's wish."""
    before = daemon.status(key)
    wake(daemon.supervisor.estate, key)
    await daemon.until(lambda: daemon.status(key) is not before)


async def test_when_it_was_looked_at_is_written_in_the_end(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        await look_again(daemon, A)
        assert Store(daemon.store._db).status(A) != daemon.status(A)

    await running(daemon, body)
    assert Store(daemon.store._db).statuses() == daemon.store.statuses()
    assert Store(daemon.store._db).items() == daemon.store.items()


async def test_when_it_was_looked_at_is_written_now_and_then(
    daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "FLUSH", 0.05)
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        await look_again(daemon, A)
        await daemon.until(lambda: Store(daemon.store._db).status(A) == daemon.status(A))

    await running(daemon, body)


async def test_times_that_cannot_be_written_stop_nothing(daemon: Daemon) -> None:
    daemon.write(shelf=SHELF, a=box("a", "colour: red"))

    async def body(daemon: Daemon) -> None:
        await daemon.until(lambda: daemon.outcome(A) == "Done")
        await look_again(daemon, A)
        await daemon.supervisor.estate.calls.call(daemon.store._db.run, "PRAGMA query_only = ON")

    with capture_logs() as logs:
        await running(daemon, body)
    told = [log["problem"].partition(";")[0] for log in logs if log["event"] == "times_not_written"]
    assert told == [f"the database {daemon.folder.parent / 'state.db'} cannot be written"]
