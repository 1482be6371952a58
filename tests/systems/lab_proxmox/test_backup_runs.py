"""Guests are backed up, old backups go, and VMs come back from archives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

PATH = "/nodes/pve1/vzdump"
STORAGE = "/nodes/pve1/storage/local"
MAC = "BC:24:11:00:00:01"
CONFIG = {
    "name": "web",
    "memory": "512",
    "scsi0": "local-zfs:vm-100-disk-0,size=1G",
    "scsi1": "local-zfs:vm-100-disk-1,backup=0,size=2G",
    "ide2": "none,media=cdrom",
    "net0": f"virtio={MAC},bridge=vmbr0",
    "vmgenid": "11111111-2222-4333-8444-555555555555",
    "smbios1": "uuid=11111111-2222-4333-8444-666666666666",
    "description": "first line\nsecond",
}

CONTAINER = {
    "hostname": "ct",
    "ostype": "debian",
    "rootfs": "local-zfs:subvol-102-disk-0,size=4G",
    "mp0": "local-zfs:subvol-102-disk-1,mp=/data,backup=1,size=8G",
    "mp1": "/srv,mp=/srv",
    "net0": f"name=eth0,bridge=vmbr0,hwaddr={MAC},type=veth",
    "unprivileged": "1",
}


@pytest.fixture
def estate(client: Client) -> Client:
    """A VM with two disks, and a container."""
    client.reset(
        guests=[
            {"vmid": 100, "type": "qemu", "node": "pve1", "config": CONFIG},
            {"vmid": 102, "type": "lxc", "node": "pve1", "config": CONTAINER},
        ]
    )
    return client


def run(client: Client, **sent: Any) -> str:
    """Back up; how the task ended."""
    got = client.ask("POST", PATH, **({"storage": "local"} | sent))
    assert got.status == 200, got.body
    return outcome(client, got.data)


def outcome(client: Client, upid: str) -> str:
    client.finish()
    return str(client.task(upid)["exitstatus"])


def archives(client: Client) -> list[dict[str, Any]]:
    """The backups, oldest first."""
    rows = client.ask("GET", f"{STORAGE}/content", content="backup").data
    return sorted(rows, key=lambda row: str(row["volid"]))


def lines(client: Client, upid: str) -> list[str]:
    return [line["t"] for line in client.ask("GET", f"/nodes/pve1/tasks/{upid}/log", limit=0).data]


@pytest.mark.parametrize(
    ("vmid", "compress", "form"),
    [(100, "zstd", "vma.zst"), (100, "0", "vma"), (102, "gzip", "tar.gz"), (102, "zstd", "tar.zst")],
)
def test_an_archive_bears_the_kind_of_its_guest(estate: Client, vmid: int, compress: str, form: str) -> None:
    assert run(estate, vmid=vmid, compress=compress) == "OK"
    (row,) = archives(estate)
    assert (row["vmid"], row["format"]) == (vmid, form)
    assert row["volid"].endswith(f".{form}")
    assert row["subtype"] == ("qemu" if vmid == 100 else "lxc")


def test_notes_and_protection_come_from_the_request(estate: Client) -> None:
    run(estate, vmid="100", notes_template=r"{{guestname}} {{vmid}}\non {{node}}", protected=1)
    (row,) = archives(estate)
    assert (row["notes"], row["protected"]) == ("web 100\non pve1", 1)


def test_a_guest_that_is_not_there_fails_the_task_and_stops_no_other(estate: Client) -> None:
    got = estate.ask("POST", PATH, vmid="999,100", storage="local")
    assert outcome(estate, got.data) == "job errors"
    assert "ERROR: Backup of VM 999 failed - unable to find VM '999'" in lines(estate, got.data)
    assert [row["vmid"] for row in archives(estate)] == [100]


def test_a_guest_is_locked_while_it_is_backed_up(estate: Client) -> None:
    estate.ask("POST", PATH, vmid="100", storage="local")
    estate.lab("POST", "clock", {"advance": 0.3})
    assert estate.ask("GET", "/nodes/pve1/qemu/100/config").data["lock"] == "backup"
    estate.finish()
    assert "lock" not in estate.ask("GET", "/nodes/pve1/qemu/100/config").data


@pytest.mark.parametrize(
    ("mode", "restarts"), [("snapshot", 0), ("suspend", 0), ("stop", 1)], ids=["snapshot", "suspend", "stop"]
)
@pytest.mark.parametrize("guest", ["qemu/100", "lxc/102"])
def test_only_a_backup_at_rest_restarts_a_running_guest(
    estate: Client, guest: str, mode: str, restarts: int
) -> None:
    estate.ask("POST", f"/nodes/pve1/{guest}/status/start")
    estate.finish()
    assert run(estate, vmid=guest.rpartition("/")[2], mode=mode) == "OK"
    kinds = [effect["kind"] for effect in estate.lab("GET", "effects")]
    assert (kinds.count("stopped"), kinds.count("started")) == (restarts, restarts + 1)
    assert estate.ask("GET", f"/nodes/pve1/{guest}/status/current").data["status"] == "running"


def test_a_locked_guest_is_not_backed_up(estate: Client) -> None:
    estate.ask("PUT", "/nodes/pve1/qemu/100/config", lock="migrate")
    got = estate.ask("POST", PATH, vmid="100", storage="local")
    assert outcome(estate, got.data) == "job errors"
    assert "ERROR: Backup of VM 100 failed - VM is locked (migrate)" in lines(estate, got.data)


def test_a_stopped_backup_leaves_neither_lock_nor_archive(estate: Client) -> None:
    upid = estate.ask("POST", PATH, vmid="100", storage="local").data
    estate.lab("POST", "clock", {"advance": 0.3})
    estate.ask("DELETE", f"/nodes/pve1/tasks/{upid}")
    assert outcome(estate, upid) == "received interrupt"
    assert not archives(estate)
    assert "lock" not in estate.ask("GET", "/nodes/pve1/qemu/100/config").data


def test_a_killed_backup_leaves_the_lock_behind(estate: Client) -> None:
    upid = estate.ask("POST", PATH, vmid="100", storage="local").data
    estate.lab("POST", "clock", {"advance": 0.3})
    estate.lab("POST", "events", {"kill_worker": {"upid": upid}})
    assert estate.task(upid)["exitstatus"] == "unexpected status"
    assert estate.ask("GET", "/nodes/pve1/qemu/100/config").data["lock"] == "backup"


def test_without_a_quorum_no_guest_can_be_locked_for_its_backup(estate: Client) -> None:
    estate.lab("POST", "events", {"quorum": {"value": False}})
    got = estate.ask("POST", PATH, vmid="100", storage="local")
    assert outcome(estate, got.data) == "job errors"
    assert any("Permission denied" in line for line in lines(estate, got.data))
    assert not archives(estate)


@pytest.mark.parametrize(
    ("storage", "why"),
    [
        ("local-zfs", "can't use storage 'local-zfs' for backups - wrong content type"),
        ("nope", "storage 'nope' does not exist"),
    ],
)
def test_a_storage_that_takes_no_backups_ends_the_task(estate: Client, storage: str, why: str) -> None:
    assert run(estate, vmid="100", storage=storage) == (
        f"could not get storage information for '{storage}': {why}"
    )


def test_a_run_must_name_guests_and_passes_those_elsewhere_over(client: Client) -> None:
    client.reset(
        nodes=[{"name": "pve1"}, {"name": "pve2", "local": False}],
        cluster={"name": "c"},
        guests=[{"vmid": 100, "type": "qemu", "node": "pve2", "config": {}}],
    )
    assert client.ask("POST", PATH, storage="local").errors == {"vmid": "property is missing"}
    assert client.ask("POST", PATH, storage="local", vmid="100").data == "OK"


def test_old_backups_go_when_the_request_or_the_storage_says_so(estate: Client) -> None:
    for _ in range(3):
        run(estate, vmid="100", prune_backups="keep-last=2")
        run(estate, vmid="102")
    assert [row["vmid"] for row in archives(estate)].count(100) == 2
    estate.ask("PUT", "/storage/local", prune_backups="keep-last=1")
    run(estate, vmid="102")
    assert [row["vmid"] for row in archives(estate)].count(102) == 1
    run(estate, vmid="102", remove=0)
    assert [row["vmid"] for row in archives(estate)].count(102) == 2


def test_pruning_shows_first_and_then_removes_what_is_not_protected(estate: Client) -> None:
    for _ in range(3):
        run(estate, vmid="100")
    volids = [row["volid"] for row in archives(estate)]
    estate.ask("PUT", f"{STORAGE}/content/{volids[0]}", protected=1)
    rows = estate.ask("GET", f"{STORAGE}/prunebackups", prune_backups="keep-last=1").data
    assert {row["volid"]: row["mark"] for row in rows} == {
        volids[0]: "protected",
        volids[1]: "remove",
        volids[2]: "keep",
    }
    assert estate.ask("GET", f"{STORAGE}/prunebackups", vmid=102).data == []
    upid = estate.ask("DELETE", f"{STORAGE}/prunebackups", prune_backups="keep-last=1", vmid=100).data
    assert ":prunebackups:100@local:" in upid
    assert outcome(estate, upid) == "OK"
    assert [row["volid"] for row in archives(estate)] == [volids[0], volids[2]]


def test_the_config_in_an_archive_can_be_read(estate: Client) -> None:
    run(estate, vmid="102")
    run(estate, vmid="100")
    container, machine = (
        estate.ask("GET", f"{PATH}/extractconfig", volume=row["volid"]).data
        for row in sorted(archives(estate), key=lambda row: -int(row["vmid"]))
    )
    assert container == "".join(f"{key}: {value}\n" for key, value in sorted(CONTAINER.items()))
    assert "#qmdump#map:scsi0:drive-scsi0:local-zfs:raw:\n" in machine
    missing = estate.ask("GET", f"{PATH}/extractconfig", volume="local:backup/x.tar")
    assert missing.reason == "volume 'local:backup/x.tar' does not exist"


def restore(client: Client, vmid: int, **sent: Any) -> str:
    """Back 100 up and let it come back under that number; how the task ended."""
    if not archives(client):
        assert run(client, vmid="100") == "OK"
    archive = archives(client)[0]["volid"]
    got = client.ask("POST", "/nodes/pve1/qemu", vmid=vmid, archive=archive, **sent)
    assert got.status == 200, got.body
    assert ":qmrestore:" in got.data
    return outcome(client, got.data)


def config(client: Client, vmid: int) -> dict[str, Any]:
    return dict(client.ask("GET", f"/nodes/pve1/qemu/{vmid}/config").data)


def test_a_vm_comes_back_with_disks_of_its_own(estate: Client) -> None:
    assert restore(estate, 200, name="again") == "OK"
    old, new = config(estate, 100), config(estate, 200)
    assert new["scsi0"] == "local-zfs:vm-200-disk-0,size=1G"
    assert "scsi1" not in new
    assert new["name"] == "again"
    assert new["vmgenid"] != old["vmgenid"]
    assert all(new[key] == old[key] for key in ("net0", "smbios1", "ide2", "memory", "description"))
    assert "lock" not in new


def test_a_unique_vm_gets_cards_and_an_identity_of_its_own(estate: Client) -> None:
    assert restore(estate, 200, unique=1, storage="local") == "OK"
    new = config(estate, 200)
    assert MAC not in new["net0"]
    assert new["smbios1"] != CONFIG["smbios1"]
    assert new["scsi0"].startswith("local:200/vm-200-disk-0.raw")


def test_a_taken_number_needs_force_and_then_the_old_disks_go(estate: Client) -> None:
    run(estate, vmid="100")
    archive = archives(estate)[0]["volid"]
    refused = estate.ask("POST", "/nodes/pve1/qemu", vmid=100, archive=archive)
    assert refused.reason == "unable to restore VM 100 - VM 100 already exists on node 'pve1'"
    estate.ask("PUT", "/nodes/pve1/qemu/100/config", name="changed")
    assert restore(estate, 100, force=1, start=1) == "OK"
    assert config(estate, 100)["name"] == "web"
    rows = estate.ask("GET", "/nodes/pve1/storage/local-zfs/content", vmid=100).data
    assert [row["volid"] for row in rows] == ["local-zfs:vm-100-disk-0"]
    assert estate.ask("GET", "/nodes/pve1/qemu/100/status/current").data["status"] == "running"
    running = estate.ask("POST", "/nodes/pve1/qemu", vmid=100, archive=archive, force=1)
    assert running.reason == "unable to restore VM 100 - vm is running"


def test_a_restore_that_fails_leaves_a_locked_vm_behind(estate: Client) -> None:
    run(estate, vmid="102")
    archive = archives(estate)[0]["volid"]
    upid = estate.ask("POST", "/nodes/pve1/qemu", vmid=200, archive=archive).data
    assert outcome(estate, upid).endswith("does not look like a QemuServer vzdump backup")
    assert config(estate, 200).keys() == {"lock", "digest"}


def test_what_cannot_be_restored_is_refused_at_once(estate: Client) -> None:
    missing = "local:backup/vzdump-qemu-100-2020_01_01-00_00_00.vma.zst"
    got = estate.ask("POST", "/nodes/pve1/qemu", vmid=200, archive=missing)
    assert got.reason == f"volume '{missing}' does not exist"
    run(estate, vmid="100")
    sent = {"archive": archives(estate)[0]["volid"], "scsi0": "local-zfs:1"}
    assert estate.ask("POST", "/nodes/pve1/qemu", vmid=200, **sent).errors == {
        "scsi0": "option conflicts with option 'archive'"
    }


def restore_container(client: Client, vmid: int, **sent: Any) -> str:
    """Back 102 up and let it come back under that number; how the task ended."""
    if not archives(client):
        assert run(client, vmid="102") == "OK"
    archive = archives(client)[0]["volid"]
    got = client.ask("POST", "/nodes/pve1/lxc", vmid=vmid, ostemplate=archive, restore=1, **sent)
    assert got.status == 200, got.body
    assert ":vzrestore:" in got.data
    return outcome(client, got.data)


def container(client: Client, vmid: int) -> dict[str, Any]:
    return dict(client.ask("GET", f"/nodes/pve1/lxc/{vmid}/config").data)


def test_a_container_comes_back_with_volumes_of_its_own(estate: Client) -> None:
    assert restore_container(estate, 200, hostname="again") == "OK"
    old, new = container(estate, 102), container(estate, 200)
    assert new["rootfs"] == "local-zfs:subvol-200-disk-0,size=4G"
    assert new["mp0"] == "local-zfs:subvol-200-disk-1,mp=/data,backup=1,size=8G"
    assert new["hostname"] == "again"
    assert all(new[key] == old[key] for key in ("mp1", "net0", "ostype", "unprivileged"))
    assert "lock" not in new


def test_a_unique_container_gets_cards_of_its_own(estate: Client) -> None:
    assert restore_container(estate, 200, unique=1, start=1) == "OK"
    assert MAC not in container(estate, 200)["net0"]
    assert estate.ask("GET", "/nodes/pve1/lxc/200/status/current").data["status"] == "running"


def test_the_container_that_was_there_goes_only_when_the_other_is_back(estate: Client) -> None:
    run(estate, vmid="102")
    archive = archives(estate)[0]["volid"]
    refused = estate.ask("POST", "/nodes/pve1/lxc", vmid=102, ostemplate=archive, restore=1)
    assert refused.reason == "CT 102 already exists on node 'pve1'"
    assert restore_container(estate, 102, force=1) == "OK"
    assert container(estate, 102)["rootfs"] == "local-zfs:subvol-102-disk-2,size=4G"
    rows = estate.ask("GET", "/nodes/pve1/storage/local-zfs/content", vmid=102).data
    assert {row["volid"] for row in rows} == {f"local-zfs:subvol-102-disk-{number}" for number in (2, 3)}


def test_an_archive_of_a_vm_makes_no_container_and_leaves_what_was_there(estate: Client) -> None:
    run(estate, vmid="100")
    archive = archives(estate)[0]["volid"]
    before = container(estate, 102)
    for vmid, force in ((200, 0), (102, 1)):
        sent = {"vmid": vmid, "ostemplate": archive, "restore": 1, "force": force}
        upid = estate.ask("POST", "/nodes/pve1/lxc", **sent).data
        assert outcome(estate, upid) == (
            f"unable to restore CT {vmid} - Archive contains no configuration file"
        )
    assert estate.ask("GET", "/nodes/pve1/lxc/200/config").status == 500
    assert container(estate, 102) == before


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"protection": 1}, "unable to restore CT 102 - protection mode enabled"),
        ({"lock": "backup"}, "CT is locked (backup)"),
    ],
    ids=["protected", "locked"],
)
def test_a_container_that_is_held_is_not_overwritten(
    estate: Client, change: dict[str, Any], reason: str
) -> None:
    run(estate, vmid="102")
    archive = archives(estate)[0]["volid"]
    estate.ask("PUT", "/nodes/pve1/lxc/102/config", **change)
    got = estate.ask("POST", "/nodes/pve1/lxc", vmid=102, ostemplate=archive, restore=1, force=1)
    assert got.reason == reason


def test_the_defaults_of_a_run_are_those_of_its_storage(estate: Client) -> None:
    estate.ask("PUT", "/storage/local", prune_backups="keep-last=4")
    found = estate.ask("GET", f"{PATH}/defaults").data
    assert (found["storage"], found["dumpdir"], found["prune-backups"]) == (
        "local",
        "/var/lib/vz/dump",
        "keep-last=4",
    )
