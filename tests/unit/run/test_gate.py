from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint.decide.breaker import FIRST_WINDOW, IN_A_ROW, JITTER, LAST_WINDOW
from setpoint.model.errors import (
    ConflictError,
    DownError,
    OutcomeUnknownError,
    RefusalError,
    SetpointError,
    TransportError,
)
from setpoint.run.gate import HANG, READS, WHOLE, WIDER, WRITES, LaneGate
from setpoint.run.ports import Ports
from setpoint.testing.clock import virtual_loop, virtual_run


@dataclass
class Site:
    """A gate in virtual time, and what came of the calls through it."""

    gate: LaneGate
    news: list[tuple[str, bool]]
    inside: int = 0
    most: int = 0

    async def call(
        self,
        *scopes: str,
        error: Exception | None = None,
        lasts: float = 0.0,
        writes: bool = False,
        elsewhere: bool = False,
    ) -> str:
        """`answered`, or the name of the error that came out."""
        try:
            async with self.gate.using(*scopes, writes=writes, elsewhere=elsewhere):
                await self._work(error, lasts)
        except (SetpointError, ZeroDivisionError) as raised:
            return type(raised).__name__
        return "answered"

    async def _work(self, error: Exception | None, lasts: float) -> None:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.sleep(lasts)
        finally:
            self.inside -= 1
        if error is not None:
            raise error

    async def fail(self, *scopes: str, times: int = IN_A_ROW, at: str = WHOLE) -> None:
        for _ in range(times):
            await self.call(*scopes, error=TransportError("no route", scope=at))

    def open(self) -> list[str]:
        return [trouble.scope for trouble in self.gate.troubles()]


def at_site(body: Callable[[Site], Awaitable[None]], chance: float = 0.0) -> None:
    async def main() -> None:
        gate = LaneGate("Shelf/s", Ports(virtual_loop().wall, lambda: chance, lambda: "r"))
        site = Site(gate, [])
        gate.heard = lambda scope: site.news.append((scope, scope in site.open()))
        await body(site)

    virtual_run(main())


def test_after_failures_in_a_row_calls_fail_at_once_with_a_sentence() -> None:
    async def body(site: Site) -> None:
        await site.fail()
        with pytest.raises(DownError) as caught:
            async with site.gate.using("node/a"):
                raise AssertionError
        assert str(caught.value) == (
            "Shelf/s is down since 08:00:00 UTC: no route; tried again at 08:00:30 UTC"
        )
        assert site.news == [(WHOLE, True)]

    at_site(body)


def test_one_probe_per_window_and_its_answer_closes() -> None:
    async def body(site: Site) -> None:
        await site.fail()
        await asyncio.sleep(FIRST_WINDOW)
        assert site.gate.due() == (WHOLE,)
        probe = asyncio.create_task(site.call(lasts=5))
        await asyncio.sleep(1)
        assert site.gate.due() == ()
        assert await site.call() == "DownError"
        assert await probe == "answered"
        assert await site.call() == "answered"
        assert site.news == [(WHOLE, True), (WHOLE, False)]

    at_site(body)


def test_who_asks_for_a_look_need_not_wait_for_the_window() -> None:
    async def body(site: Site) -> None:
        await site.fail()
        site.gate.hasten()
        assert site.gate.due() == (WHOLE,)
        await site.fail(times=1)
        assert await site.call() == "DownError", "one call was let through, and it failed"
        site.gate.hasten()
        assert await site.call() == "answered"
        site.gate.hasten()
        assert await site.call() == "answered"

    at_site(body)


def test_a_cancelled_probe_costs_a_window_and_no_more() -> None:
    async def body(site: Site) -> None:
        await site.fail()
        await asyncio.sleep(FIRST_WINDOW)
        probe = asyncio.create_task(site.call(lasts=1e6))
        await asyncio.sleep(1)
        probe.cancel()
        await asyncio.gather(probe, return_exceptions=True)
        assert await site.call() == "DownError"
        await asyncio.sleep(FIRST_WINDOW)
        assert await site.call() == "answered"
        assert site.open() == []

    at_site(body)


@pytest.mark.parametrize(
    ("scopes", "at", "opens"),
    [
        pytest.param(("node/a",), "node/a", "node/a", id="the part that it names"),
        pytest.param(("node/a",), "", WHOLE, id="no part named"),
        pytest.param(("node/a",), "node/b", WHOLE, id="a part that the call does not use"),
        pytest.param(("node/a", "storage/x"), "storage/x", "storage/x", id="one of two parts"),
    ],
)
def test_a_failure_counts_against_the_part_that_it_concerns(
    scopes: tuple[str, ...], at: str, opens: str
) -> None:
    async def body(site: Site) -> None:
        await site.fail(*scopes, at=at)
        assert site.open() == [opens]
        assert await site.call() == ("DownError" if opens == WHOLE else "answered")
        assert await site.call(opens) == "DownError"

    at_site(body)


@pytest.mark.parametrize(
    ("error", "lasts", "counts"),
    [
        pytest.param(TransportError("x"), 0.0, True, id="transport"),
        pytest.param(OutcomeUnknownError("x"), HANG, True, id="unknown outcome after a long silence"),
        pytest.param(OutcomeUnknownError("x"), 0.0, False, id="unknown outcome at once"),
        pytest.param(RefusalError("x"), HANG, False, id="refusal"),
        pytest.param(ConflictError("x"), HANG, False, id="conflict"),
        pytest.param(DownError("x"), HANG, False, id="not tried"),
        pytest.param(ZeroDivisionError("x"), HANG, False, id="a bug"),
        pytest.param(None, HANG, False, id="an answer"),
    ],
)
def test_only_what_did_not_get_through_counts(error: Exception | None, lasts: float, *, counts: bool) -> None:
    async def body(site: Site) -> None:
        for _ in range(IN_A_ROW):
            await site.call(error=error, lasts=lasts)
        assert bool(site.open()) is counts

    at_site(body)


@pytest.mark.parametrize(
    ("waited", "opens"), [(HANG, ["node/a"]), (HANG / 2, [])], ids=["long", "not for long"]
)
def test_a_call_that_was_given_up_counts_when_it_hung(waited: float, opens: list[str]) -> None:
    async def body(site: Site) -> None:
        for _ in range(IN_A_ROW):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(waited):
                    await site.call("node/a", lasts=1e6)
        assert site.open() == opens

    at_site(body)


@pytest.mark.parametrize(("error", "opens"), [(None, 0), (RefusalError("no"), 0)], ids=["answer", "refusal"])
def test_an_answer_ends_a_row_of_failures(error: Exception | None, opens: int) -> None:
    async def body(site: Site) -> None:
        await site.fail(times=IN_A_ROW - 1)
        await site.call(error=error)
        await site.fail(times=IN_A_ROW - 1)
        assert len(site.open()) == opens

    at_site(body)


def test_what_answers_elsewhere_says_nothing_of_the_target() -> None:
    async def body(site: Site) -> None:
        await site.fail(times=IN_A_ROW - 1)
        assert await site.call("beside", elsewhere=True) == "answered"
        await site.fail(times=1)
        assert site.open() == [WHOLE]
        await asyncio.sleep(FIRST_WINDOW)
        assert await site.call("beside", elsewhere=True) == "answered"
        assert site.gate.due() == (WHOLE,), "it was no probe of the target"

    at_site(body)


@pytest.mark.parametrize("at", [WHOLE, "beside"])
def test_what_fails_elsewhere_counts_against_itself_alone(at: str) -> None:
    async def body(site: Site) -> None:
        for _ in range(IN_A_ROW):
            await site.call("beside", error=TransportError("no route", scope=at), elsewhere=True)
        assert site.open() == ["beside"]
        assert await site.call() == "answered"

    at_site(body)


@pytest.mark.parametrize(
    ("scopes", "writes", "most"),
    [
        pytest.param(("node/a",), False, READS, id="reads of a scope"),
        pytest.param(("node/a",), True, WRITES, id="writes of a scope"),
        pytest.param((), False, READS * WIDER, id="reads of the target"),
        pytest.param((), True, WRITES * WIDER, id="writes of the target"),
    ],
)
def test_no_more_calls_are_in_flight_than_the_budget(
    scopes: tuple[str, ...], most: int, *, writes: bool
) -> None:
    async def body(site: Site) -> None:
        answers = await asyncio.gather(*(site.call(*scopes, lasts=1, writes=writes) for _ in range(50)))
        assert set(answers) == {"answered"}
        assert site.most == most

    at_site(body)


def test_a_part_that_hangs_takes_no_place_from_the_others() -> None:
    async def body(site: Site) -> None:
        hanging = [asyncio.create_task(site.call("node/a", lasts=1e6)) for _ in range(100)]
        await asyncio.sleep(1)
        assert await asyncio.wait_for(site.call("node/b"), 1) == "answered"
        for task in hanging:
            task.cancel()
        await asyncio.gather(*hanging, return_exceptions=True)
        assert await asyncio.wait_for(site.call("node/a"), 1) == "answered"

    at_site(body)


def test_whoever_waits_at_a_breaker_that_opens_is_told_at_once() -> None:
    async def body(site: Site) -> None:
        loop = asyncio.get_running_loop()
        users = [asyncio.create_task(site.call("node/a", lasts=1e6)) for _ in range(READS)]
        await asyncio.sleep(1)
        waiting = [asyncio.create_task(site.call("node/a")) for _ in range(20)]
        await asyncio.sleep(1)
        for _ in range(IN_A_ROW):
            await site.call("node/a", error=TransportError("x", scope="node/a"), writes=True)
        began = loop.time()
        assert set(await asyncio.gather(*waiting)) == {"DownError"}
        assert loop.time() - began < 1
        for task in users:
            task.cancel()
        await asyncio.gather(*users, return_exceptions=True)

    at_site(body)


def test_a_breaker_that_nobody_needs_is_forgotten() -> None:
    async def body(site: Site) -> None:
        await site.fail("node/a", at="node/a")
        await asyncio.sleep(FIRST_WINDOW + LAST_WINDOW + 1)
        assert site.open() == []
        assert site.news == [("node/a", True), ("node/a", False)]

    at_site(body)


CALLS = st.lists(
    st.tuples(
        st.sampled_from([(), ("a",), ("b",), ("a", "b")]),
        st.sampled_from(["", "a", "b", "no", "cancel"]),
        st.floats(0, 40),
        st.floats(0, 20),
    ),
    max_size=40,
)


@given(CALLS, st.floats(0, 1))
@settings(max_examples=60, deadline=None)
def test_whatever_comes_an_open_scope_is_probed_once_per_window_and_never_stays_shut(
    calls: list[tuple[tuple[str, ...], str, float, float]], chance: float
) -> None:
    async def body(site: Site) -> None:
        loop, probes = asyncio.get_running_loop(), dict[str, float]()
        tasks: list[asyncio.Task[None]] = []

        async def one(scopes: tuple[str, ...], outcome: str, lasts: float) -> None:
            shut = {trouble.scope for trouble in site.gate.troubles()}
            async with site.gate.using(*scopes):
                for scope in shut & {WHOLE, *scopes}:
                    assert loop.time() - probes.get(scope, -1e9) >= FIRST_WINDOW * (1 - JITTER)
                    probes[scope] = loop.time()
                await asyncio.sleep(lasts)
                if outcome == "cancel":
                    raise asyncio.CancelledError
                if outcome != "no":
                    raise TransportError("x", scope=outcome)

        for scopes, outcome, lasts, gap in calls:
            tasks.append(asyncio.create_task(one(scopes, outcome, lasts)))
            await asyncio.sleep(gap)
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            assert not isinstance(ended, AssertionError)
        for _ in range(3):
            await asyncio.sleep(LAST_WINDOW)
            await site.call("a", "b")
        assert site.open() == []
        assert site.gate._reads.usage() == {}

    at_site(body, chance)


def test_a_gate_needs_nothing_to_be_made() -> None:
    async def main() -> Any:
        async with LaneGate().using("node/a"):
            return "inside"

    assert asyncio.run(main()) == "inside"
