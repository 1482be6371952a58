from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from setpoint.model.key import Key
from setpoint.run.queue import SHARE, Class, Queue
from setpoint.testing.clock import virtual_run


def key(name: str) -> Key:
    return Key("default", "Box", name)


A, B = key("a"), key("b")


async def drain(queue: Queue) -> list[str]:
    taken = []
    while sum(queue.depth()):
        found = await queue.take()
        assert found is not None
        taken.append(found.name)
        queue.done(found)
    return taken


def test_a_key_added_twice_is_taken_once() -> None:
    async def main() -> None:
        queue = Queue()
        queue.add(A)
        queue.add(A, Class.RESYNC)
        assert await drain(queue) == ["a"]

    virtual_run(main())


def test_adds_during_a_run_cause_exactly_one_rerun() -> None:
    async def main() -> None:
        queue = Queue()
        queue.add(A)
        assert await queue.take() == A
        for _ in range(5):
            queue.add(A)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.take(), 1)
        queue.done(A)
        assert await drain(queue) == ["a"]

    virtual_run(main())


def test_an_earlier_time_pulls_a_key_forward_and_a_later_one_does_not_push_it_back() -> None:
    async def main() -> None:
        queue, loop = Queue(), asyncio.get_running_loop()
        queue.add(A, delay=100)
        queue.add(A, delay=10)
        queue.add(A, delay=50)
        assert await queue.take() == A
        assert loop.time() == pytest.approx(10)
        queue.done(A)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(queue.take(), 1000)

    virtual_run(main())


def test_neither_class_starves() -> None:
    async def main() -> None:
        queue = Queue()
        for number in range(20):
            queue.add(key(f"c{number}"), Class.CHANGED)
            queue.add(key(f"r{number}"), Class.RESYNC)
        first = (await drain(queue))[:20]
        assert sum(name.startswith("c") for name in first) == 20 * SHARE // (SHARE + 1)

    virtual_run(main())


def test_a_changed_key_that_waited_as_resync_counts_as_changed() -> None:
    async def main() -> None:
        queue = Queue()
        queue.add(A, Class.RESYNC)
        queue.add(A, Class.CHANGED)
        assert queue.depth() == (1, 0)

    virtual_run(main())


def test_a_discarded_key_is_not_taken() -> None:
    async def main() -> None:
        queue = Queue()
        queue.add(A)
        queue.add(B, delay=5)
        queue.discard(A)
        assert await queue.take() == B

    virtual_run(main())


def test_closing_ends_every_waiter() -> None:
    async def main() -> None:
        queue = Queue()
        waiters = [asyncio.create_task(queue.take()) for _ in range(3)]
        await asyncio.sleep(0)
        queue.close()
        assert await asyncio.gather(*waiters) == [None, None, None]

    virtual_run(main())


EVENTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(list(Class)), st.integers(0, 20), st.integers(0, 5)),
    max_size=40,
)


def test_a_waiter_that_is_cancelled_as_it_is_woken_ends() -> None:
    """Else a daemon that is stopped just then goes on for ever."""

    async def main() -> None:
        queue = Queue()
        queue.add(A, delay=60)
        waiter = asyncio.create_task(queue.take())
        await asyncio.sleep(1)
        queue._wake.set()  # what add and done do; nothing is due
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(waiter, 3600)

    virtual_run(main())


@settings(max_examples=60, deadline=None)
@given(EVENTS, st.integers(1, 3))
def test_every_add_is_followed_by_a_run_and_no_key_runs_twice_at_once(
    events: list[Any], workers: int
) -> None:
    async def main() -> None:
        queue = Queue()
        running: set[Key] = set()
        started: dict[Key, float] = {}
        clock = asyncio.get_running_loop().time

        async def work() -> None:
            while (found := await queue.take()) is not None:
                assert found not in running
                running.add(found)
                started[found] = clock()
                await asyncio.sleep(0.7)
                running.discard(found)
                queue.done(found)

        tasks = [asyncio.create_task(work()) for _ in range(workers)]
        last: dict[Key, float] = {}
        for name, cls, delay, pause in events:
            queue.add(key(name), cls, delay)
            last[key(name)] = clock()
            await asyncio.sleep(pause / 3)
        await asyncio.sleep(120)
        queue.close()
        await asyncio.gather(*tasks)
        for name, added in last.items():
            assert started[name] >= added

    virtual_run(main())
