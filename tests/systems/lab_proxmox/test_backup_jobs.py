"""Jobs of backups: made, merged into, followed through the end of their guests, and asked what they take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

PATH = "/cluster/backup"
NESTED = "400 Parameter verification failed."
DISKS = {"scsi0": "local-zfs:vm-100-disk-0,size=1G", "scsi1": "local-zfs:vm-100-disk-1,backup=0,size=2G"}


@pytest.fixture
def estate(client: Client) -> Client:
    """Two VMs of which one has disks, and a container."""
    client.reset(
        guests=[
            {"vmid": 100, "type": "qemu", "node": "pve1", "config": {"name": "web", **DISKS}},
            {"vmid": 101, "type": "qemu", "node": "pve1", "config": {}},
            {
                "vmid": 102,
                "type": "lxc",
                "node": "pve1",
                "config": {
                    "hostname": "ct",
                    "rootfs": "local-zfs:subvol-102-disk-0,size=4G",
                    "mp0": "local-zfs:subvol-102-disk-1,mp=/data,backup=1,size=8G",
                    "mp1": "local-zfs:subvol-102-disk-2,mp=/tmp,size=8G",
                    "mp2": "/srv,mp=/srv",
                },
            },
        ]
    )
    return client


def add(client: Client, **sent: Any) -> None:
    got = client.ask("POST", PATH, **({"id": "j1", "schedule": "daily"} | sent))
    assert (got.status, got.document) == (200, {"data": None})


def job(client: Client) -> dict[str, Any]:
    return dict(client.ask("GET", f"{PATH}/j1").data)


def test_a_job_shows_what_was_sent_and_when_it_runs_next(client: Client) -> None:
    add(client, vmid="401, 402", storage="local", prune_backups="keep-last=3", schedule="sun 04:00")
    expected = {
        "id": "j1",
        "type": "vzdump",
        "enabled": 1,
        "schedule": "sun 04:00",
        "vmid": "401, 402",
        "storage": "local",
        "prune-backups": {"keep-last": "3"},
    }
    assert job(client) == expected
    (row,) = client.ask("GET", PATH).data
    assert row.pop("next-run") > client.now()
    assert row == expected


def test_a_job_without_an_id_gets_one(client: Client) -> None:
    client.ask("POST", PATH, schedule="daily", all=1)
    (row,) = client.ask("GET", PATH).data
    assert len(row["id"]) == 36


def test_days_and_a_time_of_day_become_a_schedule(client: Client) -> None:
    client.ask("POST", PATH, id="j1", starttime="02:00", dow="mon,tue", all=1)
    assert job(client)["schedule"] == "mon,tue 02:00"


@pytest.mark.parametrize(
    ("sent", "gone", "here"),
    [
        ({"vmid": "100"}, {"all", "exclude", "pool"}, {"vmid": "100"}),
        ({"delete": "exclude"}, {"exclude"}, {"all": 1}),
        ({"schedule": "sun 04:00"}, set[str](), {"schedule": "sun 04:00", "exclude": "107,108", "all": 1}),
        ({"enabled": 0}, set[str](), {"enabled": 0}),
    ],
    ids=["other guests", "delete", "schedule", "off"],
)
def test_an_update_merges(client: Client, sent: dict[str, Any], gone: set[str], here: dict[str, Any]) -> None:
    add(client, all=1, exclude="107,108")
    assert client.ask("PUT", f"{PATH}/j1", **sent).data is None
    now = job(client)
    assert now.keys().isdisjoint(gone)
    assert {key: now[key] for key in here} == here


def test_choosing_all_or_a_pool_replaces_numbers(client: Client) -> None:
    client.ask("POST", "/pools", poolid="p")
    add(client, vmid="100")
    client.ask("PUT", f"{PATH}/j1", all=1)
    assert (job(client).get("vmid"), job(client)["all"]) == (None, 1)
    client.ask("PUT", f"{PATH}/j1", pool="p", delete="all")
    assert (job(client).get("all"), job(client)["pool"]) == (None, "p")


@pytest.mark.parametrize(
    ("sent", "status", "text"),
    [
        ({"all": 1}, 400, "neither 'starttime' nor 'schedule' were set"),
        ({"all": 1, "schedule": "daily", "starttime": "1:00"}, 400, "cannot both be set"),
        ({"all": 1, "schedule": "garbage"}, 400, "invalid calendar event 'garbage'"),
        ({"schedule": "daily"}, 500, f"{NESTED}\nvmid: property is missing\n"),
        ({"schedule": "daily", "all": 1, "vmid": "100"}, 500, "all: option conflicts with option 'vmid'\n"),
        ({"schedule": "daily", "exclude": "1000", "vmid": "100"}, 500, "exclude: option conflicts"),
        ({"schedule": "daily", "pool": "no"}, 403, "(pool 'no' does not exist)"),
        ({"schedule": "daily", "id": "taken", "all": 1}, 500, "Job 'taken' already exists"),
    ],
)
def test_a_job_that_cannot_be_is_refused(
    client: Client, sent: dict[str, Any], status: int, text: str
) -> None:
    add(client, id="taken", all=1)
    got = client.ask("POST", PATH, **sent)
    assert got.status == status
    assert text in str(got.document.get("errors", "")) + got.document["message"]
    assert [row["id"] for row in client.ask("GET", PATH).data] == ["taken"]


def test_a_job_that_is_not_there_is_told_in_three_ways(client: Client) -> None:
    told = [
        client.ask("GET", f"{PATH}/no").errors,
        client.ask("PUT", f"{PATH}/no", schedule="daily").reason,
        client.ask("DELETE", f"{PATH}/no").document["message"],
    ]
    assert told == [{"id": "No such job 'no'"}, "no such vzdump job", f"{NESTED}\nid: No such job 'no'\n"]


def test_an_unknown_option_is_not_deleted(client: Client) -> None:
    add(client, all=1)
    got = client.ask("PUT", f"{PATH}/j1", delete="nosuch")
    assert got.document["message"] == f"{NESTED}\ndelete: unknown option 'nosuch'\n"


def test_jobs_need_a_quorum(client: Client) -> None:
    client.reset(quorate=False)
    got = client.ask("POST", PATH, schedule="daily", all=1)
    assert got.reason == "cfs-lock 'file-jobs_cfg' error: no quorum!"


def test_a_purged_guest_leaves_the_jobs_and_an_empty_job_goes(estate: Client) -> None:
    add(estate, vmid="100,101")
    add(estate, id="other", all=1, exclude="101")
    estate.ask("DELETE", "/nodes/pve1/qemu/100")
    estate.finish()
    assert job(estate)["vmid"] == "100,101"
    estate.ask("DELETE", "/nodes/pve1/qemu/101", purge=1)
    estate.finish()
    assert job(estate)["vmid"] == "100"
    assert "exclude" not in estate.ask("GET", f"{PATH}/other").data


def test_the_last_guest_of_a_job_takes_the_job_with_it(estate: Client) -> None:
    add(estate, vmid="101")
    estate.ask("DELETE", "/nodes/pve1/qemu/101", purge=1)
    estate.finish()
    assert estate.ask("GET", PATH).data == []


def test_a_job_shows_which_disks_it_takes(estate: Client) -> None:
    add(estate, all=1)
    branches = {row["id"]: row for row in estate.ask("GET", f"{PATH}/j1/included_volumes").data["children"]}
    taken = {
        vmid: {leaf["id"]: (leaf["included"], leaf["reason"]) for leaf in row["children"]}
        for vmid, row in branches.items()
    }
    assert taken == {
        100: {"scsi0": (1, "enabled"), "scsi1": (0, "disabled")},
        101: {},
        102: {
            "rootfs": (1, "rootfs"),
            "mp0": (1, "enabled"),
            "mp1": (0, "disabled"),
            "mp2": (0, "not a volume"),
        },
    }
    assert [branches[vmid]["name"] for vmid in (100, 101, 102)] == ["web", None, "ct"]


def test_guests_in_no_job_are_told(estate: Client) -> None:
    add(estate, vmid="100,101")
    assert [row["vmid"] for row in estate.ask("GET", "/cluster/backup-info/not-backed-up").data] == [102]


def test_jobs_survive_the_way_through_a_state(estate: Client) -> None:
    add(estate, vmid="100", prune_backups="keep-last=3")
    state = estate.lab("GET", "state")
    estate.reset(**state)
    assert job(estate)["prune-backups"] == {"keep-last": "3"}


def test_a_schedule_tells_its_next_times(client: Client) -> None:
    rows = client.ask(
        "GET", "/cluster/jobs/schedule-analyze", schedule="*/15", iterations=2, starttime=0
    ).data
    sent = client.ask("GET", "/cluster/jobs/schedule-analyze", schedule="daily", starttime=1).data
    assert [row["timestamp"] - rows[0]["timestamp"] for row in rows] == [0, 900]
    assert (sent[0], len(sent)) == ({"timestamp": 86400, "utc": "Fri Jan  2 00:00:00 1970"}, 10)
