"""A kopf operator whose handler does nothing, in a process that has every object changed once for every line `round`.

It runs in an environment of its own and imports nothing of Setpoint: a peer, never a dependency.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import aiohttp
import kopf

GROUP, VERSION, PLURAL = "bench.example.org", "v1", "things"


@dataclass
class Count:
    """How many times the handler was called since `expect`."""

    wanted: int = 0
    calls: int = 0
    all_there: asyncio.Event = field(default_factory=asyncio.Event)

    def expect(self, wanted: int) -> None:
        self.wanted, self.calls = wanted, 0
        self.all_there.clear()

    def one(self) -> None:
        self.calls += 1
        if self.calls == self.wanted:
            self.all_there.set()


def say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def log_to(stream: TextIO) -> None:
    """Log as in production, at level info, but elsewhere."""
    kopf.configure(verbose=False)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(stream)


def register(url: str, mode: str, count: Count) -> kopf.OperatorRegistry:
    """The handlers: of events, or of updates with a status. All settings as shipped, but for events about each success."""
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    def login(**_: Any) -> kopf.ConnectionInfo:
        return kopf.ConnectionInfo(server=url)

    @kopf.on.startup(registry=registry)
    def configure(settings: kopf.OperatorSettings, **_: Any) -> None:
        settings.posting.enabled = False

    if mode == "event":

        @kopf.on.event(GROUP, VERSION, PLURAL, registry=registry)
        async def seen(**_: Any) -> None:
            count.one()
    else:

        @kopf.on.update(GROUP, VERSION, PLURAL, registry=registry)
        async def changed(meta: kopf.Meta, **_: Any) -> dict[str, Any]:
            count.one()
            return {"generation": meta["generation"]}

    return registry


async def a_round(session: aiohttp.ClientSession, mode: str, size: int, count: Count) -> dict[str, Any]:
    """Every object changes once; until each was handled, and in mode `update` its status written."""
    await session.post("/bench/prepare")
    count.expect(size)
    wall, cpu = time.perf_counter(), time.process_time()
    query = {"patches": "1"} if mode == "update" else {}
    async with session.post("/bench/go", params=query):
        await count.all_there.wait()
    return {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "count": size}


async def quiet(session: aiohttp.ClientSession, count: Count) -> None:
    """Wait until the watch stands and what the first listing caused is over."""
    before: tuple[int, int] = (-1, -1)
    while True:
        await asyncio.sleep(0.3)
        async with session.get("/bench/state") as answer:
            told = await answer.json()
        now = (int(told["patched"]), count.calls)
        if told["watchers"] and now == before:
            return
        before = now


async def main(url: str, mode: str, size: int) -> None:
    count = Count()
    stop = asyncio.Event()
    registry = register(url, mode, count)
    operating = asyncio.create_task(
        kopf.operator(registry=registry, clusterwide=True, standalone=True, stop_flag=stop)
    )
    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(url, timeout=timeout) as session:
        await quiet(session, count)
        say(ready=True)
        while (await asyncio.to_thread(sys.stdin.readline)).strip():
            say(**await a_round(session, mode, size, count))
    stop.set()
    await operating


if __name__ == "__main__":
    with Path(os.devnull).open("w") as nowhere:
        log_to(nowhere)
        asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
