"""An inventory is told how what it declares stands: what changed, once, and for as long as it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import closing
from itertools import groupby

import pytest
from structlog.testing import capture_logs

from setpoint.model.errors import SourceError
from setpoint.model.standing import NotToldError, Stand, Standing, Weight
from setpoint.run import tell
from setpoint.run.told import AGAIN
from setpoint.store.store import Store
from tests.toy import WORLDS, World
from tests.unit.run.departing import AT_ONCE, Departing, box, live, one_life, shelf
from tests.unit.run.telling import SETTLED, Stock, sheet, telling

A = "a.yaml"
RED, BLUE = {"colour": "red"}, {"colour": "blue"}


def test_what_an_inventory_declares_is_told_once_and_what_others_declare_never() -> None:
    async def body(daemon: Departing) -> None:
        stock = Stock()
        async with telling(daemon, stock):
            await asyncio.sleep(AGAIN - SETTLED)
            (call,) = stock.calls
            (one,) = call
            await asyncio.sleep(10 * AGAIN)
            # And anew every hour, or when there are news after that, for the inventory may have lost it.
            assert 1 < len(stock.calls) <= 11
            assert set(map(str, stock.told(A))) == {str(one)}
        assert (one.key, one.path, one.phase) == (daemon.status("a").key, A, Stand.IN_SYNC)
        assert one.spec_hash == daemon.status("a").spec_hash
        assert one.outputs["number"] == one.identity["id"] == 1
        assert (one.drift, one.happened) == ((), ())

    one_life({**shelf(), **sheet("a", RED), **box("b")}, body)


def test_what_goes_on_for_a_moment_is_not_told_and_its_end_is() -> None:
    async def body(daemon: Departing) -> None:
        stock = Stock()
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
            await daemon.declare(shelf(), sheet("a", BLUE))
            await asyncio.sleep(SETTLED)
        assert stock.phases() == [Stand.IN_SYNC, Stand.IN_SYNC]
        first, second = stock.told(A)
        assert first.spec_hash != second.spec_hash

    one_life({**shelf(), **sheet("a", RED)}, body)


def test_what_goes_on_for_long_is_told_while_it_does() -> None:
    async def body(daemon: Departing) -> None:
        stock, world = Stock(), daemon.worlds["w"]
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
            world.slow = True
            await daemon.declare(shelf(), sheet("a", RED), sheet("c", BLUE))
            await asyncio.sleep(SETTLED)
            world.slow = False
            world.finish()
            await asyncio.sleep(SETTLED)
        assert stock.phases("c.yaml") == [Stand.CHANGING, Stand.IN_SYNC]

    one_life({**shelf(), **sheet("a", RED)}, body)


def test_drift_that_is_left_to_people_is_told_with_its_places() -> None:
    async def body(daemon: Departing) -> None:
        stock = Stock()
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
            daemon.worlds["w"].things[1].fields["colour"] = "blue"
            await asyncio.sleep(3600)
        assert stock.phases() == [Stand.IN_SYNC, Stand.DRIFTED]
        assert stock.told(A)[-1].drift == ("/colour",)

    one_life({**shelf(), **sheet("a", RED, drift="warn", interval="10m")}, body)


def test_a_mistake_in_a_sheet_is_told_although_nobody_knows_whose_it_is() -> None:
    async def body(daemon: Departing) -> None:
        stock = Stock()
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
            await daemon.declare(shelf(), sheet("a", RED), {"@stock/x.yaml": "kind: Box\nspec: ["})
            await asyncio.sleep(SETTLED)
            await daemon.declare(shelf(), sheet("a", {"size": "much"}), sheet("x"))
            await asyncio.sleep(SETTLED)
        assert stock.phases("x.yaml") == [Stand.INVALID, Stand.IN_SYNC]
        assert stock.told("x.yaml")[0].key is None
        assert stock.phases() == [Stand.IN_SYNC, Stand.INVALID]
        assert stock.told(A)[-1].sentence.startswith("spec.size: ")

    one_life({**shelf(), **sheet("a", RED)}, body)


def test_an_outage_is_told_of_what_it_concerns_only_when_it_lasts() -> None:
    async def body(daemon: Departing) -> None:
        stock, world = Stock(), daemon.worlds["w"]
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
            for minutes in (5, 60):
                world.down = True
                await daemon.supervisor.resync(list(daemon.estate.resources), "anna")
                await asyncio.sleep(60 * minutes)
                world.down = False
                await asyncio.sleep(3600)
        assert [phase for phase, _ in groupby(stock.phases())] == [
            Stand.IN_SYNC,
            Stand.BLOCKED,
            Stand.IN_SYNC,
        ]

    one_life({**shelf(), **sheet("a", RED, interval="10m")}, body)


def test_a_mistake_of_others_is_told_only_when_it_lasts() -> None:
    async def body(daemon: Departing) -> None:
        stock = Stock()
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
            broken = {"s.yaml": shelf()["s.yaml"].replace('"spec"', '"sepc"')}
            for minutes in (5, 15):
                await daemon.declare(broken, sheet("a", BLUE))
                await asyncio.sleep(60 * minutes)
                await daemon.declare(shelf(), sheet("a", RED))
                await asyncio.sleep(SETTLED)
        assert stock.phases()[:3] == [Stand.IN_SYNC, Stand.BLOCKED, Stand.IN_SYNC]
        assert stock.told(A)[1].sentence.startswith("what it needs is not valid")

    one_life({**shelf(), **sheet("a", RED)}, body)


def test_a_failure_that_lasts_is_told_with_a_note_and_its_end_without() -> None:
    async def body(daemon: Departing) -> None:
        stock, world = Stock(), daemon.worlds["w"]
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
            for thing in world.things.values():
                thing.fields["cursed"] = True
            await daemon.declare(shelf(), sheet("a", BLUE))
            await asyncio.sleep(3600)
            failed = stock.told(A)[-1]
            for thing in world.things.values():
                del thing.fields["cursed"]
            await asyncio.sleep(3600)
        assert failed.phase is Stand.FAILED
        (note,) = failed.happened
        assert (note.reason, note.weight, note.token) == ("Failed", Weight.BAD, "Failed")
        assert stock.phases()[-1] is Stand.IN_SYNC
        assert stock.told(A)[-1].happened == ()

    one_life({**shelf(), **sheet("a", RED)}, body)


def test_what_is_deleted_is_told_until_it_is_gone_and_that_it_was_destroyed() -> None:
    async def body(daemon: Departing) -> None:
        stock = Stock()
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
            await daemon.declare(shelf(), sheet("b"))
            await asyncio.sleep(3600)
        phases = stock.phases()
        assert (phases[0], phases[-1]) == (Stand.IN_SYNC, Stand.DELETED)
        assert set(phases[1:-1]) <= {Stand.DELETING}
        (note,) = stock.told(A)[-1].happened
        assert (note.reason, note.weight) == ("Destroyed", Weight.LOSS)

    one_life({**shelf(), **sheet("a", RED, **AT_ONCE), **sheet("b")}, body)


def test_what_is_left_alone_is_told_once() -> None:
    async def body(daemon: Departing) -> None:
        stock = Stock()
        async with telling(daemon, stock) as teller:
            await asyncio.sleep(SETTLED)
            await daemon.declare(shelf(), box("b"))
            await asyncio.sleep(3600)
            assert teller.state.left == 0
        assert stock.phases() == [Stand.IN_SYNC, Stand.RELEASED]

    one_life({**shelf(), **sheet("a", RED), **box("b")}, body)


class TestTrouble:
    """Whatever the inventory does, nothing is lost, and nothing else waits for it."""

    @pytest.mark.parametrize(
        "error",
        [SourceError("away"), ValueError("a bug"), asyncio.CancelledError()],
        ids=["away", "a-bug", "cancelled"],
    )
    def test_what_was_not_taken_in_is_told_again_ever_more_seldom(self, error: BaseException) -> None:
        async def fail(batch: Sequence[Standing]) -> None:
            raise error

        async def body(daemon: Departing) -> None:
            stock = Stock(fault=fail)
            async with telling(daemon, stock) as teller:
                await asyncio.sleep(3600)
                assert 6 < stock.tries < 30
                assert (teller.state.left, bool(teller.state.problem)) == (1, True)
                await daemon.declare(shelf(), sheet("a", BLUE))
                await daemon.settle()
                assert daemon.status("a").outcome == "Done"
                stock.fault = Stock().fault
                await asyncio.sleep(1800)
                assert (teller.state.left, teller.state.problem) == (0, "")
            assert [one.spec_hash for one in stock.told(A)] == [daemon.status("a").spec_hash]

        one_life({**shelf(), **sheet("a", RED)}, body)

    def test_a_call_without_end_is_given_up_and_made_again(self) -> None:
        async def hang(batch: Sequence[Standing]) -> None:
            await asyncio.sleep(1e9)

        async def body(daemon: Departing) -> None:
            stock = Stock(fault=hang)
            async with telling(daemon, stock) as teller:
                await asyncio.sleep(tell.PATIENCE / 2)
                stock.fault = Stock().fault
                async with asyncio.timeout(tell.PATIENCE):
                    while not teller.state.problem:
                        await asyncio.sleep(0.1)
                assert "within 600 s" in teller.state.problem
                await asyncio.sleep(SETTLED)
            assert stock.phases() == [Stand.IN_SYNC]

        one_life({**shelf(), **sheet("a", RED)}, body)

    def test_one_that_is_refused_is_told_again_and_its_neighbours_are_not(self) -> None:
        async def refuse(batch: Sequence[Standing]) -> None:
            if refused and any(one.path == A for one in batch):
                stock.calls.append(tuple(one for one in batch if one.path != A))
                raise NotToldError("it has no such field", {A}, remedy="make it")

        refused = [True]
        stock = Stock(fault=refuse)

        async def body(daemon: Departing) -> None:
            async with telling(daemon, stock) as teller:
                await asyncio.sleep(600)
                assert (teller.state.left, teller.state.problem) == (1, "it has no such field; make it")
                refused.clear()
                await asyncio.sleep(3600)
            assert stock.phases("b.yaml") == stock.phases() == [Stand.IN_SYNC]
            assert stock.tries < 15

        one_life({**shelf(), **sheet("a", RED), **sheet("b", RED)}, body)

    def test_a_process_after_a_kill_tells_what_the_former_could_not(self) -> None:
        async def fail(batch: Sequence[Standing]) -> None:
            raise SourceError("away")

        async def before(daemon: Departing) -> None:
            async with telling(daemon, Stock(fault=fail)):
                await asyncio.sleep(SETTLED)

        async def after(daemon: Departing) -> None:
            async with telling(daemon, stock):
                await asyncio.sleep(SETTLED)

        stock = Stock()
        WORLDS.clear()
        WORLDS["w"] = World("w")
        files = {**shelf(), **sheet("a", RED)}
        with closing(Store.in_memory()) as store:
            live(store, files, before)
            live(store, files, after)
        WORLDS.clear()
        assert stock.phases() == [Stand.IN_SYNC]

    def test_a_failure_is_in_the_log_once_per_call(self) -> None:
        async def fail(batch: Sequence[Standing]) -> None:
            raise SourceError("away", remedy="start it")

        async def body(daemon: Departing) -> None:
            stock = Stock(fault=fail)
            with capture_logs() as logs:
                async with telling(daemon, stock):
                    await asyncio.sleep(SETTLED)
            told = [line for line in logs if line["event"] == "standings_not_told"]
            assert len(told) == stock.tries
            assert {(line["inventory"], line["problem"], line["left"]) for line in told} == {
                ("stock", "away; start it", 1)
            }

        one_life({**shelf(), **sheet("a", RED)}, body)


def test_many_are_told_in_several_calls() -> None:
    async def body(daemon: Departing) -> None:
        stock = Stock()
        async with telling(daemon, stock):
            await asyncio.sleep(SETTLED)
        assert [len(call) for call in stock.calls] == [tell.BATCH, 5]

    boxes: dict[str, str] = {}
    for number in range(tell.BATCH + 5):
        boxes |= sheet(f"b{number}", RED)
    one_life({**shelf(), **boxes}, body)
