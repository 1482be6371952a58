"""Replication jobs: to which node and from which guests, their life, and how they hold their guest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

PATH = "/cluster/replication"
NODE = "/nodes/pve1/replication"


@pytest.fixture
def pair(client: Client) -> Client:
    """Two nodes; of the VMs on the first one, 100 can be replicated."""
    client.reset(
        nodes=[{"name": "pve1"}, {"name": "pve2", "local": False}],
        cluster={"name": "c"},
        guests=[
            {"vmid": 100, "type": "qemu", "node": "pve1", "config": {"scsi0": "local-zfs:vm-100-disk-0,size=1G"}},
            {"vmid": 101, "type": "qemu", "node": "pve1", "config": {"scsi0": "local:101/vm-101-disk-0.raw,size=1G"}},
            {"vmid": 102, "type": "qemu", "node": "pve1", "config": {}},
            {"vmid": 103, "type": "qemu", "node": "pve2", "config": {"scsi0": "local-zfs:vm-103-disk-0,size=1G"}},
            {
                "vmid": 104,
                "type": "lxc",
                "node": "pve1",
                "config": {"rootfs": "local-zfs:subvol-104-disk-0,size=4G", "mp0": "/srv,mp=/srv"},
            },
        ],
    )  # fmt: skip
    return client


def add(client: Client, **sent: Any) -> Any:
    return client.ask("POST", PATH, **({"id": "100-0", "type": "local", "target": "pve2"} | sent))


def test_a_job_is_made_changed_and_removed_by_force(pair: Client) -> None:
    assert add(pair, rate=10, schedule="*/15", comment="c").data is None
    first = pair.ask("GET", f"{PATH}/100-0").data
    assert first.pop("digest")
    assert first == {
        "id": "100-0",
        "guest": 100,
        "jobnum": 0,
        "type": "local",
        "source": "pve1",
        "target": "pve2",
        "rate": 10,
        "schedule": "*/15",
        "comment": "c",
    }
    pair.ask("PUT", f"{PATH}/100-0", disable=1, delete="rate")
    (row,) = pair.ask("GET", PATH).data
    assert (row["disable"], row.get("rate")) == (1, None)
    assert pair.ask("DELETE", f"{PATH}/100-0", force=1).data is None
    assert pair.ask("GET", PATH).data == []


def test_without_force_a_job_is_only_marked(pair: Client) -> None:
    add(pair)
    pair.ask("DELETE", f"{PATH}/100-0")
    assert pair.ask("GET", PATH).data[0]["remove_job"] == "full"
    pair.ask("DELETE", f"{PATH}/100-0", keep=1)
    assert pair.ask("GET", f"{NODE}/100-0/status").data["remove_job"] == "local"


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"target": "nope"}, "Target 'nope' does not exist."),
        ({"target": "pve1"}, "Source and target must not be identical"),
        ({"id": "103-0"}, "Source and target must not be identical"),
        ({"id": "999-0"}, "Guest '999' does not exist."),
        ({"id": "101-0"}, "missing replicate feature on volume 'local:101/vm-101-disk-0.raw'"),
        ({"id": "102-0"}, "No replicatable volumes found"),
        ({"id": "104-0"}, "replication job '104-0' already exists"),
        ({"id": "104-1"}, "replication job for guest '104' to target 'local/pve2' already exists"),
    ],
)
def test_a_job_that_cannot_be_is_refused(pair: Client, sent: dict[str, str], reason: str) -> None:
    add(pair, id="104-0")
    got = add(pair, **sent)
    assert (got.status, got.reason) == (500, reason)


def test_a_node_alone_has_no_targets(client: Client) -> None:
    client.reset(guests=[{"vmid": 100, "type": "qemu", "node": "pve1", "config": {}}])
    assert add(client, target="pve1").reason == "Target 'pve1' does not exist."


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("GET", f"{PATH}/100-0", "no such replication job '100-0'"),
        ("PUT", f"{PATH}/100-0", "no such job '100-0'"),
        ("DELETE", f"{PATH}/100-0", "no such job '100-0'"),
        ("GET", f"{NODE}/100-0/status", "no such replication job '100-0'"),
        ("GET", f"{NODE}/100-0/log", "no such replication job '100-0'"),
        ("POST", f"{NODE}/100-0/schedule_now", "no such replication job '100-0'"),
    ],
)
def test_a_job_that_is_not_there_is_told(pair: Client, method: str, path: str, reason: str) -> None:
    assert pair.ask(method, path).reason == reason


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"digest": "0" * 40}, "detected modified configuration - file changed by other user? Try again."),
        ({"delete": "target"}, "unable to delete required option 'target'"),
        ({"delete": "nosuch"}, "no such option 'nosuch'"),
    ],
)
def test_a_change_that_cannot_be_is_refused(pair: Client, sent: dict[str, str], reason: str) -> None:
    add(pair)
    assert pair.ask("PUT", f"{PATH}/100-0", **sent).reason == reason


def test_the_node_of_the_guest_says_when_the_job_is_due(pair: Client) -> None:
    add(pair, schedule="*/30")
    (row,) = pair.ask("GET", NODE).data
    assert (row["next_sync"], row["last_sync"], row["fail_count"], row["vmtype"]) == (1800, 0, 0, "qemu")
    assert pair.ask("GET", "/nodes/pve2/replication").data == []
    assert pair.ask("POST", f"{NODE}/100-0/schedule_now").data == ""
    assert pair.ask("GET", f"{NODE}/100-0/log").document["total"] == 1


def test_a_guest_that_went_to_the_target_is_replicated_by_no_node(pair: Client) -> None:
    add(pair)
    pair.ask("POST", "/nodes/pve1/qemu/100/migrate", target="pve2", with_local_disks=1)
    pair.finish()
    assert pair.ask("GET", "/nodes/pve2/qemu/100/config").status == 200
    assert [pair.ask("GET", f"/nodes/{node}/replication").data for node in ("pve1", "pve2")] == [[], []]


def test_a_replicated_guest_is_destroyed_only_with_its_jobs(pair: Client) -> None:
    add(pair)
    refused = pair.ask("DELETE", "/nodes/pve1/qemu/100")
    assert refused.reason == "There is a replication job '100-0' for guest '100' - Please remove that first."
    pair.ask("DELETE", "/nodes/pve1/qemu/100", purge=1)
    pair.finish()
    assert pair.ask("GET", PATH).data == []


def test_jobs_survive_the_way_through_a_state(pair: Client) -> None:
    add(pair, schedule="*/30")
    before = pair.ask("GET", f"{PATH}/100-0").data
    pair.reset(**pair.lab("GET", "state"))
    assert pair.ask("GET", f"{PATH}/100-0").data == before
