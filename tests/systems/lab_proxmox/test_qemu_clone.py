from __future__ import annotations

from typing import Any

import pytest

from setpoint_lab.proxmox.images import progress
from setpoint_lab.proxmox.volumes import Storage
from setpoint_lab.proxmox.world import Node
from tests.systems.lab_proxmox.qemu_api import VM, Api

CLONE = f"{VM}/clone"
COPY = "/nodes/pve1/qemu/101"


@pytest.fixture
async def api() -> Api:
    api = Api()
    await api.create(
        name="src", scsi0="local-zfs:1,discard=on", ide2="local-zfs:cloudinit", net0="virtio,bridge=vmbr0",
        tags="a;b", description="d", onboot=1, boot="order=scsi0",
    )  # fmt: skip
    return api


async def copied(api: Api) -> dict[str, Any]:
    return dict((await api.ask("GET", f"{COPY}/config")).data)


async def test_a_full_clone_keeps_what_is_not_its_identity(api: Api) -> None:
    old = await api.config()
    assert await api.done("POST", CLONE, newid=101, name="full") == "OK"
    new = await copied(api)
    assert {key for key in new if new[key] != old.get(key)} == {
        *("digest", "name", "net0", "smbios1", "vmgenid", "scsi0", "ide2")
    }
    assert new["scsi0"] == "local-zfs:vm-101-disk-0,discard=on,size=1G"
    assert new["ide2"] == "local-zfs:vm-101-cloudinit,media=cdrom,size=4M"
    assert new["net0"].startswith("virtio=BC:24:11:")


async def test_a_clone_can_go_to_another_storage_and_format(api: Api) -> None:
    params = {"newid": 101, "full": 1, "storage": "local", "format": "qcow2", "description": "new"}
    assert await api.done("POST", CLONE, **params) == "OK"
    new = await copied(api)
    assert (new["name"], new["description"]) == ("Copy-of-VM-src", "new")
    assert new["scsi0"] == "local:101/vm-101-disk-0.qcow2,discard=on,size=1G"
    assert new["ide2"] == "local:101/vm-101-cloudinit.qcow2,media=cdrom,size=4M"


async def test_while_it_is_made_a_clone_is_locked(api: Api) -> None:
    await api.ask("POST", CLONE, newid=101)
    await api.world.clock.advance(0.1)
    assert (await copied(api))["lock"] == "clone"
    await api.pass_until_idle()
    assert "lock" not in await copied(api)


@pytest.mark.parametrize(
    ("params", "status", "text"),
    [
        ({"full": 0}, 500, "Linked clone feature is not supported for 'local-zfs:vm-100-disk-0' (scsi0)"),
        ({"newid": 100}, 500, "unable to create VM 100: config file already exists"),
        ({"target": "nosuch"}, 500, "no such cluster node 'nosuch'"),
        ({"storage": "nosuch"}, 500, "storage 'nosuch' does not exist"),
        ({"full": 0, "format": "raw"}, 500, "parameter 'format' not allowed for linked clones"),
        ({"snapname": "s1"}, 500, "snapshot 's1' does not exist"),
        ({"pool": "p"}, 403, "Permission check failed (pool 'p' does not exist)"),
    ],
)
async def test_what_cannot_be_cloned_is_said_at_once(
    api: Api, params: dict[str, Any], status: int, text: str
) -> None:
    answered = await api.ask("POST", CLONE, **{"newid": 101, **params})
    assert (answered.status, answered.reason) == (status, text)
    assert 101 not in api.world.guests


async def test_a_locked_vm_is_not_cloned(api: Api) -> None:
    await api.put(lock="backup")
    assert (await api.ask("POST", CLONE, newid=101)).reason == "VM is locked (backup)"


async def test_a_clone_whose_source_is_gone_is_no_clone(api: Api) -> None:
    api.world.missing_devices.add("local-zfs:vm-100-disk-0")
    error = await api.done("POST", CLONE, newid=101)
    assert error == "timeout: no zvol device link for 'vm-100-disk-0' found after 300 sec."
    assert 101 not in api.world.guests
    assert not [volid for volid in api.volumes() if "101" in volid]


async def test_a_template_has_bases_and_stays_one(api: Api) -> None:
    assert await api.done("POST", f"{VM}/template") == "OK"
    config = await api.config()
    assert config["template"] == 1
    assert config["scsi0"] == "local-zfs:base-100-disk-0,discard=on,size=1G"
    assert (await api.ask("POST", f"{VM}/template")).reason == "you can't convert a template to a template"
    status = await api.ask("GET", f"{VM}/status/current")
    assert status.data["template"] == 1


async def test_a_running_vm_is_no_template(api: Api) -> None:
    await api.done("POST", f"{VM}/status/start")
    answered = await api.ask("POST", f"{VM}/template")
    assert answered.reason == "you can't convert a VM to template if VM is running"


@pytest.mark.parametrize("storage", ["local-zfs", "local"])
async def test_clones_of_a_template_rest_on_it(api: Api, storage: str) -> None:
    await api.put(scsi0=f"{storage}:2", delete="")
    await api.put(delete="unused0")
    await api.done("POST", f"{VM}/template")
    base = (await api.config())["scsi0"].partition(",")[0]
    assert await api.done("POST", CLONE, newid=101) == "OK"
    link = (await copied(api))["scsi0"].partition(",")[0]
    assert link.startswith(f"{base}/")
    assert await api.done("DELETE", VM) == f"base volume '{base}' is still in use by linked cloned"
    assert await api.done("DELETE", COPY) == "OK"
    assert await api.done("DELETE", VM) == "OK"
    assert api.volumes() == []


@pytest.mark.parametrize(
    ("feature", "template", "expected"),
    [("snapshot", False, 1), ("clone", False, 0), ("copy", False, 1), ("clone", True, 1)],
)
async def test_features_depend_on_the_disks(api: Api, feature: str, template: bool, expected: int) -> None:  # noqa: FBT001
    if template:
        await api.done("POST", f"{VM}/template")
    answered = await api.ask("GET", f"{VM}/feature", feature=feature)
    assert answered.data == {"hasFeature": expected, "nodes": ["pve1"]}


async def test_a_disk_goes_to_another_vm(api: Api) -> None:
    await api.create(vmid=101, scsi0="local-zfs:1")
    await api.put(delete="scsi0")
    params = {"disk": "unused0", "target-vmid": 101, "target-disk": "scsi5"}
    assert await api.done("POST", f"{VM}/move_disk", **params) == "OK"
    assert api.world.tasks.all[-1].upid.id == "100-unused0>101-scsi5"
    assert (await copied(api))["scsi5"] == "local-zfs:vm-101-disk-1,size=1G"
    assert "unused0" not in await api.config()
    assert "local-zfs:vm-100-disk-0" not in api.volumes()


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({"disk": "scsi9", "target-disk": "scsi1"}, "Disk 'scsi9' for VM '100' does not exist"),
        ({"disk": "scsi0", "target-disk": "scsi0"}, "Target disk key 'scsi0' is already in use for VM '101'"),
        ({"disk": "ide2", "target-disk": "scsi1"}, "You can't reassign a cdrom"),
        (
            {"disk": "scsi0", "target-vmid": 102},
            "Configuration file 'nodes/pve1/qemu-server/102.conf' does not exist",
        ),
    ],
)
async def test_a_disk_goes_only_where_there_is_room(api: Api, params: dict[str, Any], text: str) -> None:
    await api.create(vmid=101, scsi0="local-zfs:1")
    answered = await api.ask("POST", f"{VM}/move_disk", **{"target-vmid": 101, **params})
    assert answered.reason == text


@pytest.mark.parametrize(
    ("size", "first", "count"),
    [
        (1 << 30, "transferred 12.0 MiB of 1.0 GiB (1.17%)", 88),
        (2 << 30, "transferred 21.9 MiB of 2.0 GiB (1.07%)", 96),
        (0, "transferred 0.0 B of 0.0 B (100.00%)", 3),
    ],
)
def test_a_copy_tells_every_percent(size: int, first: str, count: int) -> None:
    lines = list(progress(size, sparse=False))
    assert (lines[1], len(lines)) == (first, count)
    assert lines[-1].endswith("(100.00%)")


def test_a_sparse_file_is_copied_at_once() -> None:
    assert len(list(progress(1 << 30, sparse=True))) == 3


async def test_of_two_clones_with_one_number_the_later_task_fails(api: Api) -> None:
    upids = [(await api.ask("POST", CLONE, newid=101, full=1)).data for _ in range(2)]
    await api.pass_until_idle()
    ended = [found.exitstatus for upid in upids if (found := api.world.tasks.find(upid))]
    assert ended == ["OK", "unable to create VM 101: config file already exists"]
    assert [happened.kind for happened in api.world.effects.all].count("guest_made") == 2


async def test_clones_of_a_stopped_vm_run_side_by_side_and_of_a_running_one_do_not(api: Api) -> None:
    for number in (101, 102):
        await api.ask("POST", CLONE, newid=number, full=1)
    await api.pass_until_idle()
    assert {101, 102} < api.world.guests.keys()
    await api.done("POST", f"{VM}/status/start")
    upids = [(await api.ask("POST", CLONE, newid=number, full=1)).data for number in (103, 104)]
    await api.pass_until_idle()
    ended = [found.exitstatus for upid in upids if (found := api.world.tasks.find(upid))]
    assert ended == ["OK", "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"]


async def test_the_source_cannot_be_changed_while_it_is_copied(api: Api) -> None:
    await api.ask("POST", CLONE, newid=101, full=1)
    await api.world.clock.advance(0.1)
    before = api.world.clock.now()
    assert (await api.put(memory=1024)).status == 200
    assert api.world.clock.now() - before >= 1


async def test_a_clone_for_another_node_needs_storages_that_both_reach(api: Api) -> None:
    api.world.nodes["pve2"] = Node("pve2", "10.99.0.2")
    api.world.storages["rbd"] = Storage("rbd", "rbd", frozenset({"images"}), shared=True, pool="rbd")
    answered = await api.ask("POST", CLONE, newid=101, full=1, target="pve2")
    assert answered.reason == "can't clone VM to node 'pve2' (VM uses local storage)"
    answered = await api.ask("POST", CLONE, newid=101, full=1, target="pve2", storage="local")
    assert answered.reason == "can't clone to non-shared storage 'local'"
    await api.put(delete="ide2")
    assert await api.done("POST", f"{VM}/move_disk", disk="scsi0", storage="rbd", delete=1) == "OK"
    ended = await api.done("POST", CLONE, newid=101, full=1, target="pve2", storage="rbd", description="d")
    assert ended == "OK"
    config = (await api.ask("GET", "/nodes/pve2/qemu/101/config")).data
    assert (config["scsi0"], config["description"]) == ("rbd:vm-101-disk-0,discard=on,size=1G", "d")
    assert (await api.ask("GET", "/nodes/pve1/qemu/101/config")).status == 500
