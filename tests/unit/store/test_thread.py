"""Calls of the store from asynchronous code."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from setpoint.model.errors import StateError
from setpoint.model.identity import Reserve
from setpoint.model.key import Key
from setpoint.store.store import Store
from setpoint.store.thread import CountedCalls, StoreCalls, StoreInline, StoreThread
from tests.unit.store.values import WEB, status


@pytest.fixture(params=[StoreThread, StoreInline], ids=["thread", "inline"])
async def calls(request: pytest.FixtureRequest) -> AsyncIterator[StoreCalls]:
    calls: StoreCalls = request.param()
    yield calls
    await calls.close()


async def test_what_a_call_returns_comes_back(calls: StoreCalls) -> None:
    store = await calls.call(Store.in_memory)
    await calls.call(store.save_status, status())
    assert await calls.call(store.status, WEB) == status()
    assert await calls.call(store.history, limit=3) == []
    await calls.call(store.close)


async def test_what_a_call_raises_comes_back(calls: StoreCalls) -> None:
    store = await calls.call(Store.in_memory)
    with pytest.raises(KeyError):
        await calls.call(store.note_operation, WEB, "UPID:1")
    await calls.call(store.close)


async def test_calls_run_one_after_the_other_in_their_order(calls: StoreCalls) -> None:
    seen: list[int] = []
    await asyncio.gather(*(calls.call(seen.append, number) for number in range(50)))
    assert seen == list(range(50))


async def test_the_thread_is_one_and_not_that_of_the_loop() -> None:
    calls = StoreThread()
    threads = await asyncio.gather(*(calls.call(threading.get_ident) for _ in range(20)))
    await calls.close()
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()


async def test_the_loop_goes_on_while_a_call_runs() -> None:
    calls, gate = StoreThread(), threading.Event()
    waiting = asyncio.create_task(calls.call(gate.wait, 10))
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.set()
    assert await waiting
    await calls.close()


async def test_a_call_that_was_begun_ends_although_its_caller_is_gone() -> None:
    calls, begun, gate, ended = StoreThread(), threading.Event(), threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        gate.wait(10)
        ended.set()

    task = asyncio.create_task(calls.call(slow))
    await asyncio.to_thread(begun.wait, 10)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.set()
    await calls.close()
    assert ended.is_set()


async def test_nothing_may_be_called_after_the_end() -> None:
    calls = StoreThread()
    await calls.close()
    with pytest.raises(RuntimeError):
        await calls.call(threading.get_ident)


class TestCounted:
    """What the database refused is counted, and nothing else."""

    async def failures(self, store: Store, call: Callable[[Store], object]) -> int:
        counted: list[None] = []
        calls = CountedCalls(StoreInline(), lambda: counted.append(None))
        with suppress(StateError):
            await calls.call(call, store)
        await calls.close()
        return len(counted)

    async def test_a_database_that_takes_no_writes_is(self) -> None:
        store = Store.in_memory()
        store._db.run("PRAGMA query_only = ON")
        assert await self.failures(store, lambda store: store.accept("git", "c1", 1.0)) == 1

    async def test_what_goes_well_is_not(self) -> None:
        assert await self.failures(Store.in_memory(), lambda store: store.accept("git", "c1", 1.0)) == 0

    async def test_what_is_wrong_with_the_question_is_not(self) -> None:
        target, wish = Key("default", "Shelf", "s"), Reserve("id", 1, 1, frozenset({1}))
        assert (
            await self.failures(Store.in_memory(), lambda store: store.reserve(target, wish, target, 1.0))
            == 0
        )
