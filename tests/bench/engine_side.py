"""The engine as the daemon runs it, in a process that looks at everything once for every line `round` on its input."""

from __future__ import annotations

import asyncio
import cProfile
import io
import json
import os
import pstats
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from setpoint.cli.engine import open_engine
from setpoint.model.key import Key
from setpoint.run.estate import Estate
from setpoint.run.queue import Class
from setpoint.run.supervisor import Supervisor
from setpoint.run.wake import wake
from setpoint.settings import Settings, load_settings
from setpoint.surface.log import set_up_log
from setpoint.surface.metrics.meters import PrometheusMeters
from setpoint.surface.metrics.serve import serve_metrics

LOOK = 0.001
"""Seconds between two looks at whether the round is over."""
SHOWN = 45
"""Lines of a profile."""


async def orders() -> AsyncIterator[list[str]]:
    """The lines of the input, in words."""
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line.split()


def say(**told: Any) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


async def drained(estate: Estate) -> None:
    """Wait until nothing is due and nothing is worked on."""
    while any(lane.queue.running() or any(lane.queue.depth()) for lane in estate.lanes.values()):
        await asyncio.sleep(LOOK)


async def a_round(estate: Estate, keys: list[Key]) -> dict[str, Any]:
    """Look at every key once, to the last byte handed to SQLite.

    Raises:
        AssertionError: one was not looked at, or is not in sync.
    """
    began, wall, cpu, own = time.time(), time.perf_counter(), time.process_time(), time.thread_time()
    for key in keys:
        wake(estate, key, Class.RESYNC)
    await drained(estate)
    looked = time.perf_counter() - wall
    await estate.calls.call(estate.store.accepted, "the last call in the thread of the store")
    told = {
        "looked": looked,
        "seconds": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
        "loop": time.thread_time() - own,
        "count": len(keys),
    }
    statuses = {one.key: one for one in await estate.calls.call(estate.store.statuses)}
    late = [key for key in keys if statuses[key].reconciled_at < began or statuses[key].outcome != "Done"]
    assert not late, (len(late), statuses[late[0]].outcome, statuses[late[0]].sentence)
    return told


async def profiled(estate: Estate, keys: list[Key], place: str) -> dict[str, Any]:
    """A round under the profiler of the loop's thread; the rest of its time is the thread of the store."""
    profile = cProfile.Profile()
    profile.enable()
    told = await a_round(estate, keys)
    profile.disable()
    text = io.StringIO()
    share = f"{told['loop']:.2f} s of {told['cpu']:.2f} s CPU in the loop's thread, the rest mostly in the store's"
    text.write(f"{len(keys)} reconciles in {told['seconds']:.2f} s under the profiler; {share}\n")
    for order in ("tottime", "cumulative"):
        pstats.Stats(profile, stream=text).sort_stats(order).print_stats(SHOWN)
    await asyncio.to_thread(Path(place).write_text, text.getvalue())
    return told


async def serve(supervisor: Supervisor) -> None:
    """Do what the input says."""
    estate = supervisor.estate
    stop, began = asyncio.Event(), time.perf_counter()
    ready = asyncio.Event()
    running = asyncio.create_task(supervisor.run(stop, ready=ready.set))
    await asyncio.wait((asyncio.create_task(ready.wait()), running), return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        running.result()
    loaded = time.perf_counter() - began
    await drained(estate)
    say(loaded=loaded, settled=time.perf_counter() - began, problems=[str(p) for p in estate.problems][:3])
    keys = [key for key, resource in estate.resources.items() if resource.target is not None]
    async for words in orders():
        if words[0] == "profile":
            say(**await profiled(estate, keys, words[1]))
        else:
            say(**await a_round(estate, keys))
    stop.set()
    await running


async def run(settings: Settings) -> None:
    meters = PrometheusMeters()
    async with open_engine(settings, meters) as supervisor:
        meters.expect(supervisor.estate.kinds)
        async with serve_metrics(settings.metrics, supervisor, meters):
            await serve(supervisor)


def main() -> None:
    settings = load_settings(None, os.environ)
    with Path(os.devnull).open("w") as nowhere:
        set_up_log(settings.log, nowhere)
        asyncio.run(run(settings))


if __name__ == "__main__":
    main()
