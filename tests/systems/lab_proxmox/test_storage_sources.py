"""What nodes show of their disks and pools, and the templates that they can fetch."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

TEMPLATE = "debian-13-standard_13.1-2_amd64.tar.zst"


def fetch(client: Client, template: str) -> str:
    """Let the node fetch a template; how the task ended."""
    upid = client.ask("POST", "/nodes/pve1/aplinfo", storage="local", template=template).data
    client.finish()
    return str(client.task(upid)["exitstatus"])


def test_a_template_of_the_catalogue_is_fetched_once_and_held_against_its_sum(client: Client) -> None:
    rows = {row["template"]: row for row in client.ask("GET", "/nodes/pve1/aplinfo").data}
    assert fetch(client, TEMPLATE) == "OK"
    assert fetch(client, TEMPLATE) == "OK"
    (row,) = client.ask("GET", "/nodes/pve1/storage/local/content", content="vztmpl").data
    assert (row["volid"], row["format"]) == (f"local:vztmpl/{TEMPLATE}", "tzst")
    found = client.ask("GET", "/nodes/pve1/query-url-metadata", url=rows[TEMPLATE]["location"]).data
    assert (found["filename"], found["size"]) == (TEMPLATE, row["size"])


def test_a_template_that_changed_at_its_place_is_refused(client: Client) -> None:
    location = f"http://download.proxmox.com/images/system/{TEMPLATE}"
    client.reset(web=[{"url": location, "text": "something else"}])
    assert fetch(client, TEMPLATE).startswith("checksum mismatch: got '")


def test_no_other_template_can_be_fetched(client: Client) -> None:
    got = client.ask("POST", "/nodes/pve1/aplinfo", storage="local", template="nope")
    assert got.errors == {"template": "no such template"}


def test_pools_and_disks_follow_from_the_storages(client: Client) -> None:
    storage = client.ask("GET", "/nodes/pve1/storage/local-zfs/status").data
    (pool,) = client.ask("GET", "/nodes/pve1/disks/zfs").data
    assert (pool["name"], pool["size"], pool["alloc"]) == ("rpool", storage["total"], storage["used"])
    assert {row["pool"] for row in client.ask("GET", "/nodes/pve1/scan/zfs").data} == {"rpool", "rpool/data"}
    assert client.ask("GET", "/nodes/pve1/disks/zfs/rpool").data["state"] == "ONLINE"
    assert client.ask("GET", "/nodes/pve1/disks/zfs/tank").reason == "cannot open 'tank': no such pool"
    assert [row["size"] for row in client.ask("GET", "/nodes/pve1/disks/list").data] == [storage["total"]]


def test_what_a_state_tells_of_disks_is_shown(client: Client) -> None:
    told = {"disks": [{"devpath": "/dev/vda"}], "zfs pools": [{"name": "tank"}]}
    client.reset(environment={"take_from_entries": told})
    assert client.ask("GET", "/nodes/pve1/disks/list").data == told["disks"]
    assert client.ask("GET", "/nodes/pve1/disks/zfs").data == told["zfs pools"]


def test_the_use_of_a_storage_is_told_over_time(client: Client) -> None:
    rows = client.ask("GET", "/nodes/pve1/storage/local/rrddata", timeframe="hour").data
    status = client.ask("GET", "/nodes/pve1/storage/local/status").data
    assert {(row["total"], row["used"]) for row in rows} == {(status["total"], status["used"])}
    assert {later["time"] - row["time"] for row, later in pairwise(rows)} == {60}
