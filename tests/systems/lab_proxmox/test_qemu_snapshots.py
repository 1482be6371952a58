from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.systems.lab_proxmox.qemu_api import VM, Api

if TYPE_CHECKING:
    from collections.abc import Mapping

SNAPSHOTS = f"{VM}/snapshot"


@pytest.fixture
async def api() -> Api:
    fresh = Api()
    assert await fresh.create(scsi0="local-zfs:1", memory=256, description="mine") == "OK"
    return fresh


async def take(api: Api, name: str, **params: Any) -> str:
    return await api.done("POST", SNAPSHOTS, snapname=name, **params)


async def listed(api: Api) -> dict[str, Mapping[str, Any]]:
    return {row["name"]: row for row in (await api.ask("GET", SNAPSHOTS)).data}


async def test_a_snapshot_is_listed_and_the_present_comes_from_it(api: Api) -> None:
    assert await take(api, "first", description="d") == "OK"
    assert await take(api, "second") == "OK"
    rows = await listed(api)
    assert rows["first"] == rows["first"] | {"description": "d", "vmstate": 0}
    assert (rows["second"]["parent"], rows["current"]["parent"]) == ("first", "second")
    assert "lock" not in await api.config()


async def test_rolling_back_brings_the_options_back_and_keeps_the_description(api: Api) -> None:
    await take(api, "first", description="old")
    before = await api.config()
    await api.put(memory=512, description="newer")
    assert await api.done("PUT", f"{VM}/resize", disk="scsi0", size="+1G") == "OK"
    assert await api.done("POST", f"{SNAPSHOTS}/first/rollback") == "OK"
    after = await api.config()
    assert (after["memory"], after["scsi0"], after["description"]) == ("256", before["scsi0"], "newer")
    assert after["vmgenid"] != before["vmgenid"]
    assert [volume.size for volume in api.world.volumes] == [1 << 30]


async def test_a_disk_made_after_the_snapshot_is_kept_as_unused(api: Api) -> None:
    await take(api, "first")
    await api.put(scsi1="local-zfs:1")
    await api.done("POST", f"{SNAPSHOTS}/first/rollback")
    assert (await api.config())["unused0"] == "local-zfs:vm-100-disk-1"


async def test_only_the_latest_snapshot_of_a_dataset_can_be_rolled_back_to(api: Api) -> None:
    await take(api, "first")
    await take(api, "second")
    ended = await api.done("POST", f"{SNAPSHOTS}/first/rollback")
    assert ended == "can't rollback, 'first' is not most recent snapshot on 'local-zfs:vm-100-disk-0'"


async def test_a_removed_snapshot_leaves_its_children_to_its_parent(api: Api) -> None:
    for name in ("first", "second", "third"):
        await take(api, name)
    assert await api.done("DELETE", f"{SNAPSHOTS}/second") == "OK"
    rows = await listed(api)
    assert rows["third"]["parent"] == "first"
    for name in ("third", "first"):
        await api.done("DELETE", f"{SNAPSHOTS}/{name}")
    assert "parent" not in await api.config()


async def test_saved_memory_lies_in_a_volume_of_its_own_and_runs_again(api: Api) -> None:
    await api.done("POST", f"{VM}/status/start")
    assert await take(api, "live", vmstate=1) == "OK"
    assert "local-zfs:vm-100-state-live" in api.volumes()
    assert (await listed(api))["live"]["vmstate"] == 1
    await api.done("POST", f"{VM}/status/stop")
    await api.done("POST", f"{SNAPSHOTS}/live/rollback")
    assert api.vm.machine is not None
    await api.done("DELETE", f"{SNAPSHOTS}/live")
    assert api.volumes() == ["local-zfs:vm-100-disk-0"]


@pytest.mark.parametrize(
    ("params", "ended"),
    [
        ({"snapname": "first"}, "snapshot name 'first' already used"),
        ({"snapname": "other"}, "VM is locked (backup)"),
    ],
    ids=["used", "locked"],
)
async def test_what_hinders_a_snapshot_is_said_by_the_task(
    api: Api, params: dict[str, str], ended: str
) -> None:
    await take(api, "first")
    if "locked" in ended:
        await api.put(lock="backup")
    assert await api.done("POST", SNAPSHOTS, **params) == ended


async def test_a_raw_file_has_no_snapshots_and_a_volume_in_one_is_not_destroyed(api: Api) -> None:
    await take(api, "first")
    await api.put(delete="scsi0")
    assert (await api.put(delete="unused0")).reason == (
        "unable to delete 'local-zfs:vm-100-disk-0' - volume is still in use (snapshot?)"
    )
    await api.put(scsi1="local:1,format=raw")
    assert await take(api, "second") == "snapshot feature is not available"


async def test_an_interrupted_snapshot_leaves_no_trace(api: Api) -> None:
    upid = (await api.ask("POST", SNAPSHOTS, snapname="first")).data
    await api.world.clock.advance(0.2)
    assert (await api.config())["lock"] == "snapshot"
    await api.ask("DELETE", f"/nodes/pve1/tasks/{upid}")
    assert list(await listed(api)) == ["current"]
    assert "lock" not in await api.config()


async def test_destroying_a_vm_destroys_what_only_its_snapshots_hold(api: Api) -> None:
    await take(api, "first")
    await api.put(delete="scsi0")
    assert await api.done("DELETE", VM) == "OK"
    assert api.volumes() == []
