"""A VM at rest costs one call a look; whatever may be new is read."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from setpoint.model.errors import TargetError
from setpoint.model.kind import Looking
from setpoint.model.observation import Present
from setpoint.model.secret import Secret
from setpoint_proxmox.cluster import Cluster
from setpoint_proxmox.guest.beside import LONGEST
from setpoint_proxmox.kinds.proxmox_cluster.connect import connect
from setpoint_proxmox.kinds.virtual_machine import KIND
from setpoint_proxmox.kinds.virtual_machine.state import VmState
from setpoint_proxmox.survey import survey
from tests.systems.proxmox.drive import SECRET, Driver, cluster_spec
from tests.systems.proxmox.gates import Register
from tests.systems.proxmox.made import OWNER, spec

LIST_IS_TOLD_ANEW = 11.0
"""Seconds after which the emulator's cluster list tells what happened, as a real one's does."""


class Looker:
    """One VM that is looked at again and again by one client."""

    def __init__(self, driver: Driver) -> None:
        self.gate = Register()
        self.lab = driver.lab
        url = cluster_spec(driver.lab.url)
        self.cluster: Cluster = connect(url, {"token": Secret(SECRET)}, self.gate)

    async def look(self, at: float = 0.0, *, routine: bool = True) -> tuple[VmState, int]:
        """What is seen, and the calls that it took beside the survey."""
        seen = replace(await survey(self.cluster, 0.0), begun=at)
        before = len(self.gate.passed)
        looking = Looking(spec(), OWNER, {"vmid": 1000}, seen, routine)
        found = await KIND.observe(self.cluster, looking)
        assert isinstance(found, Present), found
        return found.state, len(self.gate.passed) - before

    def by_hand(self, method: str, path: str, **params: Any) -> None:
        self.lab.api(method, f"nodes/pve1/qemu/1000/{path}", **params)
        self.lab.post("clock", {"advance": LIST_IS_TOLD_ANEW})


async def looker(driver: Driver, **fields: Any) -> Looker:
    await driver.converge(spec(**fields))
    driver.lab.post("clock", {"advance": LIST_IS_TOLD_ANEW})
    found = Looker(driver)
    await found.look()
    return found


CLOUD = {"disks": {"scsi0": {"storage": "local-zfs", "size": "1GiB"}}, "cloudInit": {"user": "anna"}}


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="stopped"),
        pytest.param({"power": "running"}, id="running"),
        pytest.param({"power": "running", **CLOUD}, id="with a cloud-init drive"),
    ],
)
async def test_a_vm_at_rest_is_one_call(driver: Driver, fields: dict[str, Any]) -> None:
    looker_ = await looker(driver, **fields)

    first, _ = await looker_.look(routine=False)
    second, calls = await looker_.look()

    assert calls == 1
    assert second == first


async def test_who_asks_is_told_the_power_of_now(driver: Driver) -> None:
    looker_ = await looker(driver, power="running")
    looker_.lab.api("POST", "nodes/pve1/qemu/1000/status/stop")  # the list may not tell yet

    state, calls = await looker_.look(routine=False)

    assert (state.power, calls) == ("stopped", 2)


@pytest.mark.parametrize(("verb", "power"), [("stop", "stopped"), ("suspend", "paused")])
async def test_what_the_list_tells_otherwise_is_read(driver: Driver, verb: str, power: str) -> None:
    looker_ = await looker(driver, power="running")
    looker_.by_hand("POST", f"status/{verb}")

    state, calls = await looker_.look()
    again, then = await looker_.look()

    assert (state.power, calls) == (power, 2)
    assert (again.power, then) == (power, 1)


async def test_a_list_that_says_the_same_for_long_is_not_taken_at_its_word(driver: Driver) -> None:
    looker_ = await looker(driver, power="running")

    calls = [(await looker_.look(at))[1] for at in (LONGEST - 1, LONGEST, LONGEST + 1)]

    assert calls == [1, 2, 1]


async def test_a_snapshot_changes_the_digest_and_so_is_read(driver: Driver) -> None:
    looker_ = await looker(driver)
    looker_.by_hand("POST", "snapshot", snapname="before")

    state, calls = await looker_.look()

    assert ([one.name for one in state.snapshots], calls) == (["before"], 2)


async def test_a_cloud_init_drive_that_became_old_is_seen(driver: Driver) -> None:
    looker_ = await looker(driver, power="running", **CLOUD)
    assert (await looker_.look())[0].image_current is True
    looker_.by_hand("PUT", "config", ciuser="berta")

    state, calls = await looker_.look()

    assert (state.image_current, calls) == (False, 3)


async def test_what_could_not_be_read_is_read_the_next_time(driver: Driver) -> None:
    looker_ = await looker(driver, power="running")
    looker_.by_hand("POST", "snapshot", snapname="before")
    looker_.lab.happen("reply_fails", method="GET", path="/nodes/pve1/qemu/1000/snapshot", status=500)
    with pytest.raises(TargetError):
        await looker_.look()

    state, calls = await looker_.look()

    assert ([one.name for one in state.snapshots], calls) == (["before"], 3)
