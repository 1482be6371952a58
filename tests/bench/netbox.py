"""(i) A NetBox that declares many VMs: from a change there to the first write at Proxmox, an idle minute, a snapshot."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from setpoint_lab.process import start_netbox
from tests.bench import snapshots
from tests.bench.desk import POLLS, REST, Desk, at_rest
from tests.bench.entered import entered
from tests.bench.figures import Figure, Spread
from tests.bench.plan import Plan
from tests.bench.snapshots import Reading, Readings
from tests.systems.netbox.ground import NetBox

WRITTEN = 5
"""VMs of the emulated cluster, which are changed in turn. The others run in a cluster that answers from memory."""
SETTLED = 2_000
"""VMs at most that are on a cluster; the others are planned in NetBox, read and followed like all, and looked at nowhere."""
QUICKER = 5.0
"""How many times sooner a change is to be written, when NetBox calls, than all machines are listed.

Of more than SETTLED machines; fewer the emulator lists within half a second, for which a NetBox takes four.
"""
LIGHTER = 3.0
"""How many times less of a processor a snapshot is to take than the same lists by pynetbox."""
CHANGES = "GET /api/core/object-changes/"
EMPTY = 100
"""Bytes that an answer without changes has at most."""


def measure(plan: Plan) -> Iterator[Figure]:
    """First who reads, one after the other and with nobody else; then a daemon that runs."""
    for size in (plan.small, *((2 * plan.large,) if plan.large > plan.small else ())):
        with start_netbox() as server:
            netbox, near = NetBox(server.url), min(WRITTEN, size // 2)
            far = min(size, SETTLED) - near
            netbox.lab("POST", "state", entered(size, near, far))
            read = [
                _readings(read, netbox, plan)
                for read in (snapshots.ours, snapshots.theirs, snapshots.machines)
            ]
            mine, theirs, naive = read
            yield _snapshot(size, mine, theirs)
            with at_rest(plan.folder(f"netbox-{size}"), netbox, size, near, far) as desk:
                yield _weight(desk)
                yield from _changed(desk, plan, naive)
                yield _idle(desk)


def _readings(read: Callable[[NetBox], Reading], netbox: NetBox, plan: Plan) -> Readings:
    return Readings(tuple(read(netbox) for _ in range(plan.rounds)))


def _snapshot(size: int, mine: Readings, theirs: Readings) -> Figure:
    ratio = theirs.work.middle / mine.work.middle
    walls = theirs.seconds.middle / mine.seconds.middle
    return Figure(
        part="i",
        what=f"snapshot of {size:,} VMs, CPU / pynetbox",
        figure=f"{ratio:.1f} x less",
        beside=f"by the clock {walls:.1f} x, of which most is the emulator's; {mine}; pynetbox {theirs}",
        aim=f">= {LIGHTER:g} x",
        met=ratio >= LIGHTER,
        values={"here": _told(mine), "there": _told(theirs)},
    )


def _told(readings: Readings) -> list[dict[str, Any]]:
    return [vars(one) for one in readings.all]


def _weight(desk: Desk) -> Figure:
    found = desk.running.memory()
    now, most = found["VmRSS"], found["VmHWM"]
    return Figure(
        part="i",
        what=f"RSS with {desk.size:,} VMs in NetBox",
        figure=f"{now / 1e6:,.0f} MB",
        beside=f"{most / 1e6:,.0f} MB at most so far; {desk.began:.1f} s and {desk.work:.1f} s of a processor from its start; {desk.made}",
        values={**found, "seconds": desk.began, "work": desk.work},
    )


def _changed(desk: Desk, plan: Plan, naive: Readings) -> Iterator[Figure]:
    """By polls alone, and then with NetBox calling; each VM in turn."""
    turns = itertools.cycle(desk.written)
    for how in ("poll", "call"):
        desk.calling(on=how == "call")
        desk.change(next(turns))  # the first one finds everything cold
        taken = Spread(tuple(desk.change(next(turns)) for _ in range(plan.rounds)))
        yield _told_sooner(desk, how, taken, naive)


def _told_sooner(desk: Desk, how: str, taken: Spread, naive: Readings) -> Figure:
    ratio, called = naive.seconds.middle / taken.middle, how == "call"
    label = "NetBox calls" if called else f"polls every {desk.poll:g} s"
    aim = QUICKER if desk.size > SETTLED else 1.0
    beside = (
        f"{taken.show(',.0f', 1e3)} ms; {ratio:.1f} x sooner than a list of all machines by pynetbox, {naive}"
    )
    return Figure(
        part="i",
        what=f"change in NetBox to write at Proxmox, {desk.size:,} VMs, {label}",
        figure=f"{ratio:.1f} x sooner" if called else f"{taken.middle / desk.poll:.2f} polls",
        beside=f"{beside}; {desk.made}",
        aim=f">= {aim:g} x" if called else "<= 1 poll and a call",
        met=ratio >= aim if called else taken.middle <= desk.poll + REST,
        values={"seconds": taken.runs, "poll": desk.poll, "list": _told(naive)},
    )


def _idle(desk: Desk) -> Figure:
    desk.calling(on=False)
    desk.running.in_sync()
    time.sleep(desk.poll)
    desk.wire.calls.clear()
    received, began = desk.wire.received, time.monotonic()
    time.sleep(POLLS * desk.poll)
    passed = time.monotonic() - began
    calls, size = Counter(desk.wire.calls), desk.wire.received - received
    polls, other = calls.pop(CHANGES, 0), calls.total()
    each = size / polls if polls else 0.0
    minute = 60 / passed
    right = not other and 0 < polls <= passed / desk.poll * 1.1 + 1 and each <= EMPTY
    return Figure(
        part="i",
        what=f"requests of an idle minute, {desk.size:,} VMs, polls every {desk.poll:g} s",
        figure=f"{(polls + other) * minute:.0f}, {each:.0f} bytes each",
        beside=f"{polls} polls and {other} others in {passed:.0f} s {json.dumps(calls) if other else ''}".strip(),
        aim=f"one a poll, <= {EMPTY} bytes",
        met=right,
        values={"polls": polls, "others": dict(calls), "bytes": size, "seconds": passed},
    )
