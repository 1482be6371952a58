"""Guests that are just being made, and what to do about one that was left behind."""

from __future__ import annotations

import pytest

from setpoint_proxmox.facts import Guest
from setpoint_proxmox.unfinished import look
from tests.systems.proxmox.gates import connected
from tests.systems.proxmox.served import answer, by_path, serve

TASK = '{"type":"qmcreate","id":"1000","upid":"UPID:pve1:1"}'
ENDED = TASK[:-1] + ',"endtime":5}'
LOCKED = answer("200 OK", '{"data":{"lock":"create"}}')
FREE = answer("200 OK", '{"data":{}}')
GONE = answer("500 Configuration file 'nodes/pve1/qemu-server/1000.conf' does not exist", "")


def tasks(*rows: str) -> bytes:
    return answer("200 OK", f'{{"data":[{",".join(rows)}]}}')


def guest(kind: str) -> Guest:
    return Guest(1000, kind, "pve1", frozenset(), "create", "", template=False, pool="", status="")


@pytest.mark.parametrize(
    ("answers", "passing"),
    [
        pytest.param([tasks(TASK)], True, id="a task works on it"),
        pytest.param([tasks(), FREE], True, id="it has just been finished"),
        pytest.param([tasks(), GONE], True, id="it has just been given up"),
        pytest.param([tasks(), LOCKED, tasks(TASK)], True, id="its task was not listed yet"),
        pytest.param([tasks(), LOCKED, tasks()], False, id="nobody works on it"),
        pytest.param([tasks(ENDED), LOCKED, tasks(ENDED)], False, id="its task has ended"),
    ],
)
async def test_only_what_nobody_works_on_was_left_behind(answers: list[bytes], *, passing: bool) -> None:
    async with serve(*answers) as server:
        cluster = connected(server.port)
        found = await look(cluster, guest("qemu"), "create")
        await cluster.api.close()

    assert found.passing is passing
    assert ("qm unlock 1000 && qm destroy 1000" in found.why) is not passing


async def test_a_container_is_destroyed_with_its_own_tool() -> None:
    async with serve(by_path({"/tasks": tasks()}, LOCKED)) as server:
        cluster = connected(server.port)
        found = await look(cluster, guest("lxc"), "create")
        await cluster.api.close()

    assert found.why.endswith("pct unlock 1000 && pct destroy 1000")
    assert "`pct config 1000`" in found.why
