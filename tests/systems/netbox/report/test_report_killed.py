"""A process that is killed while it writes back leaves nothing half told, and nothing that is told twice."""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import Process

import pytest
from aiohttp import web

from tests.systems.netbox.ground import NetBox, between
from tests.systems.netbox.report.telling import fields, journal, make_fields, updates

pytestmark = pytest.mark.integration
WRITES = 4
"""An entry and the fields of the failure, an entry and the fields of its end."""


@pytest.mark.parametrize(
    ("number", "executed"),
    [(0, True), (1, True), (2, False), (2, True), (3, True)],
    ids=["entry", "phase", "last-entry-before-it-arrives", "last-entry", "last-phase"],
)
async def test_whichever_write_it_dies_at_the_next_one_ends_it(
    netbox: NetBox, *, number: int, executed: bool
) -> None:
    make_fields(netbox)
    machine = netbox.machine(1, "web1")
    processes: list[Process] = []
    left = [number]

    async def kill(request: web.Request) -> web.StreamResponse | None:
        if request.method == "GET":
            return None
        left[0] -= 1
        if left[0] != -1:
            return None
        if executed:
            await middle.forward(request)
        processes[-1].kill()
        await processes[-1].wait()
        return web.Response(status=502)

    async with between(netbox.url, kill) as middle:
        for _ in range(2):
            mortal = (sys.executable, "-m", "tests.systems.netbox.report.mortal", middle.url, str(machine))
            processes.append(await asyncio.create_subprocess_exec(*mortal))
            async with asyncio.timeout(120):
                await processes[-1].wait()
    assert [process.returncode for process in processes] == [-9, 0]
    held = fields(netbox, machine)
    assert (held["setpoint_phase"], held["setpoint_message"]) == ("inSync", "in sync")
    kinds = [one["kind"]["value"] for one in journal(netbox)]
    assert (kinds.count("danger"), kinds[-1]) == (1, "success")
    assert len(updates(netbox, machine)) <= WRITES
