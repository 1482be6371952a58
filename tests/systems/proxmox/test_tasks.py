"""Long operations: polled to their real end, and found again after a crash."""

from __future__ import annotations

from typing import Any

import pytest

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Acting
from setpoint.model.plan import Finished, Intent, Running, Started
from setpoint.model.tree import Tree
from setpoint_proxmox.answer import operation
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.tasks import TYPES, find, is_making, poll
from tests.systems.proxmox.drive import Driver
from tests.systems.proxmox.made import OWNER, spec


async def begin(driver: Driver, declared: Any) -> str:
    """Take the next step without waiting for its task."""
    (step, *_) = (await driver.look(declared)).steps
    if step.reserve is not None:
        driver.identity = {"vmid": step.reserve.low}
    assert driver.identity is not None
    driver.intents.append(Intent(step.verb, driver.identity, step.arguments, driver.lab.get("clock")["now"]))
    answer = await KIND.acts[step.verb](driver.cluster, Acting(OWNER, driver.identity, step.arguments))
    assert isinstance(answer, Started)
    return answer.operation


async def copy(driver: Driver) -> str:
    """Let 1000 be cloned to 1001."""
    return operation(await driver.cluster.api.post("nodes", "pve1", "qemu", 1000, "clone", newid=1001))


async def test_a_task_runs_and_ends(driver: Driver) -> None:
    upid = await begin(driver, spec())

    assert await poll(driver.cluster, upid) == Running()
    driver.lab.finish()
    assert await poll(driver.cluster, upid) == Finished()


@pytest.mark.parametrize(
    ("status", "error"),
    [("WARNINGS: 1", ""), ("VM is locked (backup)", "VM is locked (backup)"), ("job errors", "job errors")],
)
async def test_only_a_real_failure_is_one(driver: Driver, status: str, error: str) -> None:
    await driver.converge(spec())
    driver.lab.happen("task_fails", exitstatus=status)
    upid = await begin(driver, spec(power="running"))
    driver.lab.finish()

    assert await poll(driver.cluster, upid) == Finished(error)


async def test_a_killed_worker_is_a_failure(driver: Driver) -> None:
    upid = await begin(driver, spec())
    driver.lab.happen("kill_worker", upid=upid)

    assert await poll(driver.cluster, upid) == Finished("its worker was killed")


async def test_a_task_that_was_left_behind_is_found_while_it_runs_and_after(driver: Driver) -> None:
    upid = await begin(driver, spec())

    assert await find(driver.cluster, driver.intents[-1]) == upid
    driver.lab.finish()
    assert await find(driver.cluster, driver.intents[-1]) == upid


async def test_nothing_is_found_when_the_call_never_arrived(driver: Driver) -> None:
    intent = Intent("create", {"vmid": 1000}, {"node": "pve1"}, driver.lab.get("clock")["now"])

    assert await find(driver.cluster, intent) is None


async def test_another_operation_or_guest_is_not_taken_for_ours(driver: Driver) -> None:
    await begin(driver, spec())
    now = driver.lab.get("clock")["now"]

    assert await find(driver.cluster, Intent("start", {"vmid": 1000}, {"node": "pve1"}, now)) is None
    assert await find(driver.cluster, Intent("create", {"vmid": 100}, {"node": "pve1"}, now)) is None


async def test_an_operation_of_long_ago_is_not_taken_for_ours(driver: Driver) -> None:
    await begin(driver, spec())
    driver.lab.finish()
    later = driver.lab.get("clock")["now"] + 3600

    assert await find(driver.cluster, Intent("create", {"vmid": 1000}, {"node": "pve1"}, later)) is None


async def test_an_intent_without_a_node_started_no_task(driver: Driver) -> None:
    assert await find(driver.cluster, Intent("create", {"vmid": 1000}, {}, 0.0)) is None


def test_every_act_that_starts_a_task_can_be_found() -> None:
    """A clone's task cannot be told from another's; the others in the difference start no task."""
    assert set(KIND.acts) - set(TYPES) == {"clone", "enroll", "regenerate"}


async def test_a_clone_is_never_guessed_at(driver: Driver) -> None:
    await driver.converge(spec())
    upid = await copy(driver)
    now = driver.lab.get("clock")["now"]

    arguments: Tree = {"node": "pve1", "source": 1000}
    assert await find(driver.cluster, Intent("clone", {"vmid": 1001}, arguments, now)) is None
    assert await poll(driver.cluster, upid) == Running()


@pytest.mark.parametrize(
    ("vmid", "lock", "making"),
    [
        pytest.param(1001, "clone", True, id="the copy, known by its lock"),
        pytest.param(1001, "create", False, id="a creation is not explained by a clone"),
        pytest.param(1000, "create", True, id="the id of the task"),
    ],
)
async def test_only_a_running_task_makes_a_guest(
    driver: Driver, vmid: int, lock: str, *, making: bool
) -> None:
    await driver.converge(spec())
    assert not await is_making(driver.cluster, "pve1", 1000, "create")
    await copy(driver)

    assert await is_making(driver.cluster, "pve1", vmid, lock) is making
    driver.lab.finish()
    assert not await is_making(driver.cluster, "pve1", vmid, lock)


async def test_what_is_no_task_is_refused(driver: Driver) -> None:
    with pytest.raises(RefusalError, match="is no task"):
        await poll(driver.cluster, "qmcreate")
