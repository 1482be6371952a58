"""What it costs to read all that a NetBox declares: as the daemon reads it, and as pynetbox does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pynetbox
import requests

from tests.bench.figures import Spread
from tests.systems.netbox.ground import TOKEN, NetBox, following

LISTS = (
    ("virtualization", "virtual_machines"),
    ("virtualization", "interfaces"),
    ("ipam", "ip_addresses"),
    ("virtualization", "virtual_disks"),
    ("ipam", "services"),
)
"""What one snapshot reads."""


@dataclass(frozen=True)
class Reading:
    """One reading.

    Attributes:
        seconds: from its beginning to its end.
        work: seconds of processors of the process that read.
        received: bytes of the bodies of all answers.
        found: machines.
    """

    seconds: float
    work: float
    requests: int
    received: int
    found: int


@dataclass(frozen=True)
class Readings:
    """The same several times."""

    all: tuple[Reading, ...]

    @property
    def seconds(self) -> Spread:
        return Spread(tuple(one.seconds for one in self.all))

    @property
    def work(self) -> Spread:
        return Spread(tuple(one.work for one in self.all))

    def __str__(self) -> str:
        last = self.all[-1]
        size = f"{last.requests} requests, {last.received / 1e6:.1f} MB"
        return f"{self.seconds.show('.2f')} s, {self.work.middle:.2f} s of a processor, {size}"


def ours(netbox: NetBox) -> Reading:
    """A first snapshot, by what the daemon follows NetBox with."""

    async def read() -> Reading:
        async with following(netbox.url, select={"tags": ["setpoint"]}) as follower:
            began, worked = time.perf_counter(), time.process_time()
            content = await follower.fetch()
            taken, work = time.perf_counter() - began, time.process_time() - worked
            told = follower.line.traffic
            return Reading(taken, work, told.requests, told.received, len(content.files))

    return asyncio.run(read())


def theirs(netbox: NetBox) -> Reading:
    """`.all()` of the same lists, every row a record."""
    return _pynetbox(
        netbox, lambda api: [list(getattr(getattr(api, app), name).all()) for app, name in LISTS]
    )


def machines(netbox: NetBox) -> Reading:
    """`.all()` of the machines alone, of which those with the tag are taken: what a script does at every poll."""
    return _pynetbox(netbox, lambda api: [_tagged(api)])


def _tagged(api: Any) -> list[Any]:
    found = api.virtualization.virtual_machines.all()
    return [one for one in found if any(tag.slug == "setpoint" for tag in one.tags)]


def _pynetbox(netbox: NetBox, read: Callable[[Any], list[list[Any]]]) -> Reading:
    api: Any = pynetbox.api(netbox.url, token=TOKEN)
    sizes: list[int] = []

    def note(answer: requests.Response, **_: Any) -> None:
        sizes.append(len(answer.content))

    api.http_session.hooks["response"].append(note)
    began, worked = time.perf_counter(), time.process_time()
    lists = read(api)
    taken, work = time.perf_counter() - began, time.process_time() - worked
    api.http_session.close()
    return Reading(taken, work, len(sizes), sum(sizes), len(lists[0]))
