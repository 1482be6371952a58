from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from setpoint_lab.proxmox.volumes import Storage
from setpoint_lab.proxmox.world import Node
from tests.systems.lab_proxmox.qemu_api import VM, Api

MIGRATE = f"{VM}/migrate"


@pytest.fixture
async def api() -> Api:
    fresh = Api()
    fresh.world.nodes["pve2"] = Node("pve2", "10.99.0.2")
    fresh.world.storages["rbd"] = Storage("rbd", "rbd", frozenset({"images"}), shared=True, pool="rbd")
    assert await fresh.create(scsi0="local-zfs:1", scsi1="rbd:1") == "OK"
    return fresh


async def test_a_stopped_vm_moves_with_its_local_disks(api: Api) -> None:
    assert await api.done("POST", MIGRATE, target="pve2") == "OK"
    assert (await api.ask("GET", f"{VM}/config")).status == 500
    moved = (await api.ask("GET", "/nodes/pve2/qemu/100/config")).data
    assert "lock" not in moved
    assert moved["scsi0"] == "local-zfs:vm-100-disk-0,size=1G"
    assert {volume.volid: volume.node for volume in api.world.volumes}["local-zfs:vm-100-disk-0"] == "pve2"
    kinds = [happened.kind for happened in api.world.effects.all][-3:]
    assert kinds == ["volume_gone", "volume_made", "guest_moved"]


async def test_a_running_vm_keeps_running_and_needs_to_be_told(api: Api) -> None:
    await api.done("POST", f"{VM}/status/start")
    assert (await api.ask("POST", MIGRATE, target="pve2")).reason == (
        "can't migrate running VM without --online"
    )
    assert await api.done("POST", MIGRATE, target="pve2", online=1) == "migration aborted"
    assert "lock" not in await api.config()
    assert await api.done("POST", MIGRATE, target="pve2", online=1, with__local__disks=1) == "OK"
    assert api.vm.status == "running"
    assert "stopped" not in {happened.kind for happened in api.world.effects.all}


async def test_the_config_is_locked_meanwhile(api: Api) -> None:
    await api.ask("POST", MIGRATE, target="pve2")
    await api.world.clock.advance(0.3)
    assert (await api.config())["lock"] == "migrate"
    waited = await api.put(memory=1024)
    assert waited.reason == "Configuration file 'nodes/pve1/qemu-server/100.conf' does not exist"


async def test_a_node_that_is_off_ends_the_task(api: Api) -> None:
    api.world.nodes["pve2"].online = False
    assert await api.done("POST", MIGRATE, target="pve2") == "migration aborted"
    assert api.vm.node == "pve1"


async def test_the_preconditions_tell_disks_and_nodes(api: Api) -> None:
    found = (await api.ask("GET", MIGRATE)).data
    assert (found["allowed_nodes"], found["running"]) == (["pve2"], 0)
    assert [disk["drivename"] for disk in found["local_disks"]] == ["scsi0"]
    api.world.storages["local-zfs"] = replace(api.world.storages["local-zfs"], nodes=frozenset({"pve1"}))
    found = (await api.ask("GET", MIGRATE)).data
    assert found["allowed_nodes"] == []
    assert found["not_allowed_nodes"] == {"pve2": {"unavailable_storages": ["local-zfs"]}}
    assert (await api.ask("POST", MIGRATE, target="pve2")).reason == (
        "storage 'local-zfs' is not available on node 'pve2'"
    )
    assert await api.done("POST", MIGRATE, target="pve2", targetstorage="local") == "OK"


async def test_the_load_of_the_last_hour_has_figures_only_since_the_vm_was_made(api: Api) -> None:
    await api.world.clock.advance(600)
    rows = (await api.ask("GET", f"{VM}/rrddata", timeframe="hour")).data
    assert len(rows) == 59
    assert {b["time"] - a["time"] for a, b in pairwise(rows)} == {60}
    assert sorted("cpu" in row for row in rows) == ["cpu" in row for row in rows]
    assert 8 <= sum("cpu" in row for row in rows) <= 10
