"""How long things take in the realistic pace, and what they wait for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.systems.lab_proxmox.core_api import Client

if TYPE_CHECKING:
    from collections.abc import Generator

GIB = 1 << 30
VM = "/nodes/pve1/qemu/100"
NODES = [
    {"name": "pve1", "ip": "10.99.0.1", "local": True},
    {"name": "pve2", "ip": "10.99.0.2", "local": False},
]
STORAGES: dict[str, Any] = {
    "local": {"type": "dir", "path": "/var/lib/vz", "content": "images"},
    "local-zfs": {"type": "zfspool", "pool": "rpool/data", "content": "images"},
    "ceph": {"type": "rbd", "content": "images", "shared": 1},
}
CFS = "cfs-lock 'storage-ceph' error: got lock request timeout"
FLOCK = "can't lock file '/var/lock/pve-manager/pve-storage-local-zfs' - got timeout"


def template(storage: str, *, size: int = 4 * GIB, **config: Any) -> dict[str, Any]:
    return {
        "vmid": 100,
        "type": "qemu",
        "node": "pve1",
        "config": {"scsi0": f"{storage}:base-100-disk-0,size={size >> 30}G", "template": 1, **config},
    }


def begin(client: Client, guest: dict[str, Any] | None = None, pace: str = "realistic") -> None:
    client.reset(
        nodes=NODES, cluster={"name": "c"}, storages=STORAGES, guests=[guest] if guest else [], pace=pace
    )


def clone(client: Client, number: int, **options: Any) -> str:
    got = client.ask("POST", f"{VM}/clone", newid=number, **options)
    assert got.status == 200, got
    return str(got.data)


def ended(client: Client, upids: list[str]) -> dict[str, int]:
    """How many of the tasks ended how, after letting time pass."""
    client.lab("POST", "clock", {"advance": 300})
    return dict(Counter(client.task(upid)["exitstatus"] for upid in upids))


def seconds(client: Client, upid: str) -> float:
    """How long a task took, in whole seconds."""
    client.lab("POST", "clock", {"advance": 300})
    rows = client.ask("GET", f"/nodes/{upid.split(':')[1]}/tasks", limit=500).data
    row = next(row for row in rows if row["upid"] == upid)
    assert row["status"] == "OK", row
    return float(row["endtime"] - row["starttime"])


@pytest.mark.parametrize(("storage", "text"), [("ceph", CFS), ("local-zfs", FLOCK)])
def test_twenty_clones_at_once_onto_one_storage_time_out_at_its_lock(
    client: Client, storage: str, text: str
) -> None:
    begin(client, template(storage))
    told = ended(client, [clone(client, 200 + number, full=1) for number in range(20)])
    assert told.keys() == {"OK", text}
    assert 5 <= told["OK"] <= 8
    guests = client.ask("GET", "/cluster/resources", type="vm").data
    assert len(guests) == 1 + told["OK"]


def test_six_clones_at_once_all_come_about(client: Client) -> None:
    begin(client, template("ceph"))
    assert ended(client, [clone(client, 200 + number, full=1) for number in range(6)]) == {"OK": 6}


def test_the_lock_of_a_local_storage_is_of_its_node_alone(client: Client) -> None:
    begin(client)
    upids = [
        str(client.ask("POST", f"/nodes/{node}/qemu", vmid=base + number, scsi0="local-zfs:1").data)
        for node, base in (("pve1", 200), ("pve2", 300))
        for number in range(5)
    ]
    assert ended(client, upids) == {"OK": 10}


def test_a_copy_has_the_speed_of_its_storage_to_itself_or_shares_it(client: Client) -> None:
    begin(client, template("ceph", size=16 * GIB))
    alone = seconds(client, clone(client, 200, full=1))
    assert alone == pytest.approx(1.5 + 16 * 1024 / 400, abs=3)
    together = [clone(client, 300 + number, full=1) for number in range(4)]
    for upid in together:
        assert seconds(client, upid) == pytest.approx(4 * 16 * 1024 / 400, rel=0.1)


def test_a_linked_clone_and_the_calls_of_a_life_take_their_time(client: Client) -> None:
    begin(client, template("ceph"))
    assert seconds(client, clone(client, 200)) == pytest.approx(2, abs=1)
    vm = "/nodes/pve1/qemu/200"
    resize = client.ask("PUT", f"{vm}/resize", disk="scsi0", size="+1G").data
    assert seconds(client, resize) == pytest.approx(1, abs=1)
    starts = set[float]()
    for _ in range(6):
        starts.add(seconds(client, client.ask("POST", f"{vm}/status/start").data))
        assert seconds(client, client.ask("POST", f"{vm}/status/shutdown").data) == pytest.approx(8, abs=1)
    assert starts <= {1.0, 2.0, 3.0, 4.0, 5.0}
    assert len(starts) > 1


def test_the_quick_pace_knows_no_locks_of_storages(client: Client) -> None:
    begin(client, template("ceph"), pace="quick")
    assert ended(client, [clone(client, 200 + number, full=1) for number in range(20)]) == {"OK": 20}
    assert client.lab("GET", "state")["pace"] == "quick"


@pytest.fixture(scope="module")
def realistic() -> Generator[Client]:
    with start_proxmox(clock="virtual", pace="realistic") as running:
        yield Client(running.url)


def test_the_pace_can_be_given_at_the_start(realistic: Client) -> None:
    assert realistic.lab("GET", "state")["pace"] == "realistic"


def test_a_pace_that_does_not_exist_is_refused(client: Client) -> None:
    assert client.raw("POST", "/lab/state", {}, b'{"pace": "slow"}').status == 400


def test_time_passes_up_to_a_moment_and_never_back(client: Client) -> None:
    now = client.now()
    assert client.lab("POST", "clock", {"to": now + 5})["now"] == pytest.approx(now + 5)
    assert client.lab("POST", "clock", {"to": now})["now"] == pytest.approx(now + 5)


def test_the_clock_tells_when_something_is_due(client: Client) -> None:
    sample = client.lab("GET", "clock")["next_due"]
    assert sample == pytest.approx(client.now() + 10)
    client.ask("POST", "/nodes/pve1/qemu", vmid=100)
    due = client.lab("GET", "clock")["next_due"]
    assert client.now() <= due < sample
    client.lab("POST", "clock", {"to": due})
    assert client.lab("GET", "clock")["next_due"] > due
