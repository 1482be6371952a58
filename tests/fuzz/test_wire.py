"""The two things that listen, given requests as nobody writes them: they refuse, go on, and serve the next one."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import logging
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import pytest
from aiohttp import web

from setpoint.model.secret import Secret
from setpoint.surface.hook import hook_app
from setpoint.surface.log import is_worth_it
from tests.fuzz.mutate import mutated
from tests.fuzz.targets import BODIES
from tests.served import Served, serve_toy

SECONDS = 1.5
PATIENCE, SHORT, WIDE = 10.0, 0.3, 25
"""Seconds for an answer that must come and for one that may not, and how many calls are made side by side."""
ALLOWED = frozenset({200, 202, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 431, 501, 505})
"""What may be answered; 500 is a bug."""
SECRET = Secret("a secret of tests")
Dial: TypeAlias = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


def request(line: str, body: bytes, *headers: str) -> bytes:
    head = [
        f"{line} HTTP/1.1",
        "Host: localhost",
        f"Content-Length: {len(body)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


ROUTES = ("/v1/resync", "/v1/order", "/v1/approve", "/v1/freeze", "/v1/unfreeze")
SOCKET = [
    *(request(f"POST {route}", body) for route in ROUTES for body in BODIES),
    *(
        request(f"GET /v1/{target}", b"")
        for target in ("status", "status?key=Box/a", "drift?key=Box/a", "history?key=Box/a&limit=5", "keys", "whoami", "resync?key=Box/a&number=1&wait=0", "order?id=none")
    ),
]  # fmt: skip
PUSH = json.dumps({"ref": "refs/heads/main", "commits": [{"id": "1" * 40}]}).encode()


def signed(body: bytes) -> bytes:
    signature = hmac.new(SECRET.reveal().encode(), body, hashlib.sha256).hexdigest()
    return request("POST /hook", body, "X-Forgejo-Event: push", f"X-Forgejo-Signature: {signature}")


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serve_toy(tmp_path) as made:
        yield made


async def status_of(dial: Dial, data: bytes, patience: float) -> int:
    """The status of the answer; 0 when the connection is ended without one, or more is waited for."""
    reader, writer = await dial()
    try:
        writer.write(data)
        async with asyncio.timeout(patience):
            line = await reader.readline()
        return int(line.split()[1]) if line else 0
    except (ConnectionError, TimeoutError):
        return 0
    finally:
        writer.transport.abort()


async def flood(dial: Dial, inputs: Callable[[random.Random], bytes]) -> int:
    """How many inputs got an answer within the time, many side by side; none of them may be that something broke."""
    end, number, answered = time.monotonic() + SECONDS, 0, 0
    while time.monotonic() < end:
        batch = [inputs(random.Random(number + one)) for one in range(WIDE)]  # noqa: S311  # to be repeated
        statuses = await asyncio.gather(*(status_of(dial, data, SHORT) for data in batch))
        for data, status in zip(batch, statuses, strict=True):
            assert status in ALLOWED | {0}, f"{status} for {data[:2000]!r}"
        number, answered = number + WIDE, answered + sum(map(bool, statuses))
    return answered


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What a log would show of it, after what is never written."""
    return [record.getMessage() for record in caplog.records if record.exc_info and is_worth_it(record)]


async def test_the_socket_outlives_any_request(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    await served.in_sync("Box/a")

    async def dial() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_unix_connection(str(served.client.path))

    with caplog.at_level(logging.WARNING):
        assert await flood(dial, lambda luck: mutated(SOCKET, luck)) > 20
        assert (
            await flood(dial, lambda luck: request(f"POST {luck.choice(ROUTES)}", mutated(BODIES, luck))) > 20
        )
    assert complaints(caplog) == []
    assert (await served.get("/v1/status"))["phase"] == "running"


async def test_the_hook_outlives_any_call(caplog: pytest.LogCaptureFixture) -> None:
    woken: list[int] = []
    runner = web.AppRunner(hook_app(lambda: SECRET, "main", lambda: woken.append(1)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]

    async def dial() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port)

    with caplog.at_level(logging.WARNING):
        assert await flood(dial, lambda luck: mutated([signed(PUSH)], luck)) > 20
        assert await flood(dial, lambda luck: signed(mutated([PUSH], luck))) > 20
        assert await status_of(dial, signed(PUSH), PATIENCE) == 202
    assert complaints(caplog) == []
    await runner.cleanup()


async def test_what_is_not_signed_never_wakes_the_source() -> None:
    woken: list[int] = []
    runner = web.AppRunner(hook_app(lambda: SECRET, "main", lambda: woken.append(1)), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]

    async def dial() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port)

    right = signed(PUSH)
    head = right[: right.index(b"\r\n\r\n") + 4]
    for number in range(100):
        luck = random.Random(number)  # noqa: S311  # to be repeated, not to be secret
        body = mutated([PUSH], luck)[: len(PUSH)].ljust(len(PUSH))
        if body != PUSH:
            assert await status_of(dial, head + body, PATIENCE) == 401
    assert woken == []
    await runner.cleanup()
