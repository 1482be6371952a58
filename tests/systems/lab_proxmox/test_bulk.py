from __future__ import annotations

from typing import Any

import pytest

from tests.systems.lab_proxmox.lxc_api import CtApi, cluster

GUESTS: dict[int, dict[str, Any]] = {
    100: {"onboot": 1, "startup": "order=2"},
    101: {"onboot": 0},
    102: {"onboot": 1, "startup": "order=1"},
}


async def estate(api: CtApi | None = None) -> CtApi:
    """VMs 100 to 102 and the container 200, which starts with its node; all off."""
    made = api if api is not None else CtApi()
    for vmid, params in GUESTS.items():
        assert await made.done("POST", "/nodes/pve1/qemu", vmid=vmid, scsi0="local-zfs:1", **params) == "OK"
    assert await made.create(onboot=1) == "OK"
    return made


def running(api: CtApi) -> list[int]:
    return sorted(guest.vmid for guest in api.world.guests.values() if guest.status == "running")


def order(api: CtApi, kinds: set[str]) -> list[str]:
    return [task.upid.id for task in api.world.tasks.all if task.upid.type in kinds]


async def test_what_starts_with_its_node_starts_in_its_order() -> None:
    api = await estate()
    assert await api.done("POST", "/nodes/pve1/startall") == "OK"
    assert running(api) == [100, 102, 200]
    assert order(api, {"qmstart", "vzstart"}) == ["102", "100", "200"]


@pytest.mark.parametrize(
    ("params", "started"),
    [({"force": 1}, [100, 101, 102, 200]), ({"vms": "101,200"}, [200]), ({"vms": "101", "force": 1}, [101])],
)
async def test_who_is_started_can_be_said(params: dict[str, Any], started: list[int]) -> None:
    api = await estate()
    assert await api.done("POST", "/nodes/pve1/startall", **params) == "OK"
    assert running(api) == started


async def test_all_are_stopped_last_first_and_by_force() -> None:
    api = await estate()
    await api.done("POST", "/nodes/pve1/startall", force=1)
    api.world.other["guest_behaviour"] = [{"vmid": 101, "acpi_shutdown": "ignored"}]
    assert await api.done("POST", "/nodes/pve1/stopall", timeout=10) == "OK"
    assert running(api) == []
    assert order(api, {"qmshutdown", "vzshutdown"}) == ["200", "101", "100", "102"]


async def test_what_does_not_stop_is_told() -> None:
    api = await estate()
    await api.done("POST", "/nodes/pve1/startall", force=1)
    api.world.other["guest_behaviour"] = [{"vmid": 101, "acpi_shutdown": "ignored"}]
    outcome = await api.done("POST", "/nodes/pve1/stopall", timeout=10, force__stop=0)
    assert (outcome, running(api)) == ("unable to complete all jobs", [101])


async def test_only_vms_are_saved_to_disk() -> None:
    api = await estate()
    await api.done("POST", "/nodes/pve1/startall", force=1)
    assert await api.done("POST", "/nodes/pve1/suspendall") == "OK"
    assert running(api) == [200]
    assert {api.world.guests[vmid].lock for vmid in GUESTS} == {"suspended"}


async def test_all_move_to_another_node() -> None:
    api = await estate(cluster())
    await api.done("POST", "/nodes/pve1/startall", vms="100,200")
    words: dict[str, Any] = {"target": "pve2", "maxworkers": 1, "with__local__disks": 1}
    assert await api.done("POST", "/nodes/pve1/migrateall", **words) == "OK"
    assert {guest.node for guest in api.world.guests.values()} == {"pve2"}
    assert running(api) == [100, 200]


@pytest.mark.parametrize(
    ("params", "status"),
    [({"target": "pve1"}, 400), ({"target": "pve9", "maxworkers": 1}, 500), ({"target": "pve2"}, 400)],
)
async def test_a_move_of_all_needs_a_target_and_a_limit(params: dict[str, Any], status: int) -> None:
    api = cluster()
    assert (await api.ask("POST", "/nodes/pve1/migrateall", **params)).status == status


async def test_all_is_only_for_who_may_do_it_to_each() -> None:
    api = await estate()
    api.become(("/vms/100", "PVEVMUser"))
    assert (await api.ask("POST", "/nodes/pve1/startall")).status == 403
    assert (await api.ask("POST", "/nodes/pve1/startall", vms="100,101")).status == 403
    assert await api.done("POST", "/nodes/pve1/startall", vms="100") == "OK"
    assert running(api) == [100]


async def test_what_the_manager_looks_after_is_left_to_it() -> None:
    api = await estate(cluster())
    assert (await api.ask("POST", "/cluster/ha/resources", sid="vm:100", state="stopped")).status == 200
    assert await api.done("POST", "/nodes/pve1/startall") == "OK"
    assert running(api) == [102, 200]
