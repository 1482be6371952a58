"""(e) What a daemon that holds many resources weighs, and what a scrape of its metrics costs. (f) `setpoint status`."""

from __future__ import annotations

import gzip
import subprocess
import time
from collections.abc import Iterator

import requests

from tests.bench.child import SideError
from tests.bench.daemon import COMMAND, Daemon, daemon
from tests.bench.estate import KINDS, prepare
from tests.bench.figures import Figure, Spread
from tests.bench.plan import Plan
from tests.bench.throughput import LABELS

WEIGHT = 250.0
"""MB of memory at most."""
SCRAPE = 0.25
"""Seconds of a scrape at most."""
STATUS = 0.2
"""Seconds of `setpoint status` at most."""
FEW = 100
"""Resources of a usual estate."""


def measure(plan: Plan) -> Iterator[Figure]:
    """Both kinds, many of each."""
    for kind in KINDS:
        folder = prepare(plan.folder(f"memory-{kind}"), KINDS[kind](plan.large))
        with daemon(folder) as running:
            running.in_sync()
            yield _weight(running, kind, plan.large)
            yield _scrape(running, kind, plan)


def _weight(running: Daemon, kind: str, size: int) -> Figure:
    found = {name: value / 1e6 for name, value in running.memory().items()}
    now = found["VmRSS"]
    beside = f"{found['VmHWM']:,.0f} MB at most so far"
    what = f"RSS, {LABELS[kind]}, {size:,}, after a round"
    return Figure("e", what, f"{now:,.0f} MB", beside, f"<= {WEIGHT:g} MB", now <= WEIGHT, found)


def _scrape(running: Daemon, kind: str, plan: Plan) -> Figure:
    address = running.settings.metrics.address
    assert address is not None
    url = f"http://{address[0]}:{address[1]}/metrics"
    seconds: list[float] = []
    plain = packed = 0
    for _ in range(plan.runs):
        began = time.perf_counter()
        answer = requests.get(url, timeout=60, stream=True)
        body = answer.raw.read()
        seconds.append(time.perf_counter() - began)
        packed = len(body)
        plain = len(gzip.decompress(body)) if answer.headers.get("Content-Encoding") == "gzip" else packed
    taken = Spread(tuple(seconds))
    return Figure(
        part="e",
        what=f"a scrape, {LABELS[kind]}, {plan.large:,}",
        figure=f"{taken.middle * 1e3:,.0f} ms",
        beside=f"{taken.show('.0f', 1e3)} ms, {plain / 1e6:.2f} MB, {packed / 1e6:.2f} MB sent",
        aim=f"<= {SCRAPE * 1e3:g} ms",
        met=taken.middle <= SCRAPE,
        values={"seconds": taken.runs, "bytes": plain, "sent": packed},
    )


def status(plan: Plan) -> Iterator[Figure]:
    """A new process each time, beside a daemon at rest."""
    for size in dict.fromkeys((min(FEW, plan.small), plan.large)):
        folder = prepare(plan.folder(f"status-{size}"), KINDS["null"](size))
        with daemon(folder) as running:
            running.in_sync()
            yield _status(running, size, plan.runs)


def _status(running: Daemon, size: int, runs: int) -> Figure:
    seconds: list[float] = []
    printed = 0
    for _ in range(runs + 1):
        began = time.perf_counter()
        ended = subprocess.run(
            (*COMMAND, "status"), capture_output=True, env=running.folder.environment, check=False
        )
        seconds.append(time.perf_counter() - began)
        printed = len(ended.stdout)
        if ended.returncode:
            raise SideError(f"setpoint status gave {ended.returncode}: {ended.stderr.decode()}")
    taken = Spread(tuple(seconds[1:]))
    return Figure(
        part="f",
        what=f"setpoint status, {size:,}",
        figure=f"{taken.middle:.3f} s",
        beside=f"{taken.show('.3f')} s over {runs} fresh processes, {printed:,} bytes printed",
        aim=f"<= {STATUS:g} s",
        met=taken.middle <= STATUS,
        values={"seconds": taken.runs},
    )
