from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from setpoint.testing.clock import VirtualLoop, virtual_loop, virtual_run


def test_an_hour_of_sleep_takes_no_time_and_is_an_hour_of_the_loop() -> None:
    async def body() -> float:
        await asyncio.sleep(3600)
        return virtual_loop().time()

    begun = time.monotonic()
    assert virtual_run(body()) == pytest.approx(3600, abs=1e-3)
    assert time.monotonic() - begun < 5


def test_no_time_passes_while_a_call_is_in_flight_however_near_the_next_timer_is() -> None:
    async def body() -> float:
        timer = asyncio.create_task(asyncio.sleep(1))
        await asyncio.to_thread(time.sleep, 0.05)
        at = virtual_loop().time()
        assert not timer.done()
        await timer
        return at

    assert virtual_run(body()) == 0


def test_calls_end_in_the_order_in_which_they_began() -> None:
    async def body() -> list[int]:
        ended: list[int] = []
        gate = threading.Event()
        threads = ThreadPoolExecutor(3)

        async def call(number: int, wait: Callable[[], object]) -> None:
            await virtual_loop().run_in_executor(threads, wait)
            ended.append(number)

        async with asyncio.TaskGroup() as calls:
            calls.create_task(call(1, lambda: gate.wait(10)))
            calls.create_task(call(2, lambda: gate.wait(10)))
            calls.create_task(call(3, gate.set))
        threads.shutdown()
        return ended

    assert virtual_run(body()) == [1, 2, 3]


def test_a_call_raises_in_its_caller_and_the_world_is_asked_what_time_it_is() -> None:
    asked: list[float] = []

    def world(moment: float) -> float:
        asked.append(moment)
        return 130.0

    async def body() -> float:
        with pytest.raises(ZeroDivisionError):
            await asyncio.to_thread(lambda: 1 // 0)
        return virtual_loop().wall()

    assert virtual_run(body(), VirtualLoop(100.0, world)) == 130
    assert asked == [100]


def test_the_world_is_told_of_a_jump_and_may_be_further() -> None:
    told: list[float] = []

    def world(moment: float) -> float:
        told.append(moment)
        return moment + 5

    async def body() -> float:
        await asyncio.sleep(10)
        return virtual_loop().wall()

    assert virtual_run(body(), VirtualLoop(100.0, world)) == pytest.approx(115)
    assert told == [pytest.approx(110)]


def test_a_cancelled_call_is_waited_for_and_told_to_nobody() -> None:
    async def body() -> float:
        gate = threading.Event()
        call = asyncio.ensure_future(asyncio.to_thread(gate.wait, 10))
        await asyncio.sleep(0)
        call.cancel()
        await asyncio.sleep(0)
        gate.set()
        await asyncio.sleep(3)
        assert call.cancelled()
        return virtual_loop().time()

    assert virtual_run(body()) == pytest.approx(3, abs=1e-3)


def test_a_thread_can_ask_a_server_of_the_loop() -> None:
    async def body() -> bytes:
        async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        answer = await asyncio.to_thread(_read, server.sockets[0].getsockname()[1])
        server.close()
        return answer

    assert virtual_run(body()) == b"hello"


@pytest.mark.parametrize("patience", [0.5, 30.0])
def test_a_timeout_does_not_run_out_during_a_call(patience: float) -> None:
    async def body() -> None:
        async with asyncio.timeout(patience):
            await asyncio.to_thread(time.sleep, 0.02)

    virtual_run(_whole(body))


async def _whole(body: Callable[[], Awaitable[None]]) -> None:
    await body()


def _read(port: int) -> bytes:
    import socket

    with socket.create_connection(("127.0.0.1", port), 5) as peer:
        return peer.recv(5)
