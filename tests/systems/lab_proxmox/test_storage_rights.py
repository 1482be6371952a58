"""What a user may do with storages, files, backups, jobs and replication, and the words of each refusal."""

from __future__ import annotations

import pytest

from setpoint_lab.proxmox.qemu.guest import read_vm
from setpoint_lab.proxmox.volumes import Volume
from tests.systems.lab_proxmox.qemu_api import Api

ARCHIVE = "local:backup/vzdump-qemu-100-2026_11_20-01_02_03.vma"
LOCAL = "/nodes/pve1/storage/local"
WEB = {"url": "http://10.0.0.1/a.iso", "filename": "a.iso", "content": "iso"}


def granted(**rights: str) -> Api:
    """An API that asks as a user with one role per path; `_` stands for `/`."""
    api = Api()
    world = api.world
    world.keep(read_vm(world, {"vmid": 100, "node": "pve1", "config": {"name": "web"}}))
    world.volumes.add(Volume(ARCHIVE, "pve1", "backup", "vma", 1000, 100, ctime=1, text="name: web\n"))
    api.become(*((path.replace("_", "/"), role) for path, role in rights.items()))
    return api


@pytest.mark.parametrize(
    ("rights", "method", "path", "sent", "missing"),
    [
        ({}, "POST", "/storage", {"storage": "s2", "type": "dir", "path": "/x"}, "/storage, Datastore.Allocate"),
        ({}, "PUT", "/storage/local", {"content": "iso"}, "/storage, Datastore.Allocate"),
        ({}, "DELETE", "/storage/local", {}, "/storage, Datastore.Allocate"),
        ({}, "POST", f"{LOCAL}/download-url", WEB, "/storage/local, Datastore.AllocateTemplate"),
        ({}, "POST", f"{LOCAL}/upload", {"content": "iso"}, "/storage/local, Datastore.AllocateTemplate"),
        ({}, "GET", "/cluster/backup", {}, "/, Sys.Audit"),
        ({}, "POST", "/cluster/backup", {"schedule": "daily", "all": 1}, "/, Sys.Modify"),
        ({}, "POST", "/nodes/pve1/vzdump", {"vmid": 100, "storage": "local"}, "/storage/local, Datastore.AllocateSpace"),
        (
            {"_storage_local": "PVEDatastoreUser"},
            "POST",
            "/nodes/pve1/vzdump",
            {"vmid": 100, "storage": "local", "prune__backups": "keep-last=1"},
            "/storage/local, Datastore.Allocate",
        ),
        (
            {"_storage_local": "PVEDatastoreUser"},
            "DELETE",
            f"{LOCAL}/prunebackups",
            {"prune__backups": "keep-last=1"},
            "/storage/local, Datastore.Allocate",
        ),
        (
            {"_storage_local": "PVEDatastoreUser"},
            "DELETE",
            f"{LOCAL}/prunebackups",
            {"prune__backups": "keep-last=1", "vmid": 100},
            "/vms/100, VM.Backup",
        ),
        (
            {"_storage_local": "PVEDatastoreUser"},
            "DELETE",
            f"{LOCAL}/content/{ARCHIVE}",
            {},
            "/vms/100, VM.Backup",
        ),
        ({}, "DELETE", f"{LOCAL}/content/{ARCHIVE}", {}, "/storage/local, Datastore.AllocateSpace"),
        (
            {"_storage_local": "PVEDatastoreAdmin"},
            "DELETE",
            f"{LOCAL}/content/{ARCHIVE}",
            {},
            "/vms/100, VM.Backup",
        ),
        (
            {"_storage_local": "PVEDatastoreUser"},
            "DELETE",
            f"{LOCAL}/content/iso/a.iso",
            {},
            "/storage/local, Datastore.Allocate",
        ),
        (
            {"_storage_local": "PVEDatastoreUser"},
            "PUT",
            f"{LOCAL}/content/{ARCHIVE}",
            {"notes": "x"},
            "/vms/100, VM.Backup",
        ),
        (
            {"_storage_local": "PVEDatastoreUser"},
            "GET",
            "/nodes/pve1/vzdump/extractconfig",
            {"volume": ARCHIVE},
            "/vms/100, VM.Backup",
        ),
        (
            {},
            "POST",
            "/cluster/replication",
            {"id": "100-0", "type": "local", "target": "pve2"},
            "/vms/100, VM.Replicate",
        ),
        ({}, "DELETE", "/cluster/replication/100-0", {}, "/vms/100, VM.Replicate"),
    ],
)  # fmt: skip
async def test_what_is_not_allowed_is_refused_by_name(
    rights: dict[str, str], method: str, path: str, sent: dict[str, object], missing: str
) -> None:
    got = await granted(**rights).ask(method, path, **sent)
    assert (got.status, got.reason) == (403, f"Permission check failed ({missing})")


async def test_who_may_back_a_guest_up_may_do_all_with_its_backups() -> None:
    api = granted(_storage_local="PVEDatastoreUser", _vms_100="PVEVMAdmin")
    assert await api.done("POST", "/nodes/pve1/vzdump", vmid=100, storage="local") == "OK"
    assert (await api.ask("PUT", f"{LOCAL}/content/{ARCHIVE}", notes="mine")).status == 200
    assert (await api.ask("GET", "/nodes/pve1/vzdump/extractconfig", volume=ARCHIVE)).data == "name: web\n"
    sent = {"prune__backups": "keep-last=1", "vmid": 100}
    assert await api.done("DELETE", f"{LOCAL}/prunebackups", **sent) == "OK"
    assert api.world.volumes.find(ARCHIVE) is None


async def test_another_guests_backup_fails_in_the_task() -> None:
    api = granted(_storage_local="PVEDatastoreUser")
    status = await api.done("POST", "/nodes/pve1/vzdump", vmid=100, storage="local")
    assert status == "Permission check failed (/vms/100, VM.Backup)"


@pytest.mark.parametrize("key", ["dumpdir", "tmpdir", "script"])
async def test_paths_of_the_host_are_for_root_alone(key: str) -> None:
    api = granted(_="Administrator")
    sent = {"vmid": 100, "storage": "local", key: "/srv/x"}
    assert (await api.ask("POST", "/nodes/pve1/vzdump", **sent)).errors == {
        key: "Only root may set this option."
    }
