from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from setpoint_lab.process import start_proxmox
from tests.systems.lab_proxmox.core_api import Client, as_token

if TYPE_CHECKING:
    from collections.abc import Generator

TWO_NODES: dict[str, Any] = {
    "nodes": [
        {"name": "pve1", "ip": "10.99.0.1", "local": True, "online": True},
        {"name": "pve2", "ip": "10.99.0.2", "local": False, "online": True},
    ],
    "cluster": {"name": "rig", "version": 2},
    "guests": [
        {"vmid": 200, "type": "lxc", "node": "pve2", "status": "running", "config": {"hostname": "dns"}},
    ],
}


def resources(client: Client, kind: str = "vm") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.ask("GET", "/cluster/resources", type=kind).data
    return rows


def create(client: Client, vmid: int, **params: Any) -> None:
    assert client.ask("POST", "/nodes/pve1/qemu", vmid=vmid, **params).status == 200
    client.finish()


def test_a_lone_node_is_no_cluster(client: Client) -> None:
    assert client.ask("GET", "/cluster/status").data == [
        {
            "id": "node/pve1",
            "type": "node",
            "name": "pve1",
            "nodeid": 0,
            "ip": "10.99.0.1",
            "level": "",
            "local": 1,
            "online": 1,
        }
    ]


def test_a_cluster_shows_its_nodes_and_whether_they_are_enough(client: Client) -> None:
    client.reset(**TWO_NODES)
    client.lab("POST", "events", {"node_offline": {"value": "pve2", "quorum": False}})
    head, *nodes = client.ask("GET", "/cluster/status").data
    assert head == {"id": "cluster", "type": "cluster", "name": "rig", "nodes": 2, "quorate": 0, "version": 2}
    assert [(node["name"], node["nodeid"], node["online"]) for node in nodes] == [
        ("pve1", 1, 1),
        ("pve2", 2, 0),
    ]


def test_a_fresh_guest_is_there_at_once_and_known_after_a_sample(client: Client) -> None:
    create(client, 100, name="web", tags="b;a")
    fresh = {
        "id": "qemu/100",
        "vmid": 100,
        "type": "qemu",
        "node": "pve1",
        "status": "unknown",
        "tags": "a;b",
    }
    assert resources(client) == [fresh]
    client.lab("POST", "clock", {"advance": 10})
    (row,) = resources(client)
    assert row.items() >= {**fresh, "status": "stopped", "name": "web", "template": 0}.items()


def test_a_sample_is_old_but_lock_tags_and_pool_are_live(client: Client) -> None:
    create(client, 100, name="old", tags="a")
    client.lab("POST", "clock", {"advance": 10})
    client.ask("POST", "/pools", poolid="p")
    client.ask("PUT", "/pools/p", vms="100")
    client.ask("PUT", "/nodes/pve1/qemu/100/config", name="new", tags="z", lock="backup")
    (row,) = resources(client)
    assert (row["name"], row["tags"], row["pool"], row["lock"]) == ("old", "z", "p", "backup")
    client.lab("POST", "clock", {"advance": 10})
    assert resources(client)[0]["name"] == "new"


def test_a_destroyed_guest_is_gone_at_once(client: Client) -> None:
    create(client, 100)
    client.lab("POST", "clock", {"advance": 10})
    client.ask("DELETE", "/nodes/pve1/qemu/100")
    client.finish()
    assert resources(client) == []


def test_guests_of_a_silent_node_are_forgotten_after_five_minutes_but_stay_listed(client: Client) -> None:
    client.reset(**TWO_NODES)
    client.lab("POST", "events", {"node_offline": "pve2"})
    client.lab("POST", "clock", {"advance": 290})
    (row,) = resources(client)
    assert (row["status"], row["name"]) == ("running", "dns")
    client.lab("POST", "clock", {"advance": 30})
    assert resources(client) == [
        {"id": "lxc/200", "vmid": 200, "type": "lxc", "node": "pve2", "status": "unknown"}
    ]


@pytest.fixture(scope="module")
def live() -> Generator[Client]:
    """An emulator whose samples have no age."""
    with start_proxmox(clock="virtual", lag=0) as running:
        yield Client(running.url)


def test_without_lag_a_guest_is_known_at_once(live: Client) -> None:
    create(live, 100, name="web")
    assert resources(live)[0]["name"] == "web"
    live.ask("PUT", "/nodes/pve1/qemu/100/config", name="new")
    assert resources(live)[0]["name"] == "new"


def test_resources_hold_every_kind_and_filter_by_it(client: Client) -> None:
    client.ask("POST", "/pools", poolid="p")
    create(client, 100)
    kinds = {row["type"] for row in client.ask("GET", "/cluster/resources").data}
    assert kinds == {"node", "qemu", "storage", "pool", "network"}
    assert [row["id"] for row in resources(client, "node")] == ["node/pve1"]
    assert {row["storage"] for row in resources(client, "storage")} == {"local", "local-zfs"}
    assert resources(client, "sdn") == []


def orders(seed: int) -> list[list[str]]:
    with start_proxmox(clock="virtual", seed=seed) as running:
        client = Client(running.url)
        return [[row["roleid"] for row in client.ask("GET", "/access/roles").data] for _ in range(4)]


def test_lists_come_in_a_random_order_that_the_seed_repeats() -> None:
    first, again, other = orders(1), orders(1), orders(2)
    assert first == again != other
    assert len({tuple(order) for order in first}) > 1


def test_the_next_number_is_the_lowest_free_one(client: Client) -> None:
    assert client.ask("GET", "/cluster/nextid").data == "100"
    create(client, 100)
    create(client, 102)
    assert client.ask("GET", "/cluster/nextid").data == "101"
    assert client.ask("GET", "/cluster/nextid", vmid=777).data == "777"
    assert client.ask("GET", "/cluster/nextid", vmid=102).errors == {"vmid": "VM 102 already exists"}


def test_an_unreachable_node_is_595_for_what_only_it_can_answer(client: Client) -> None:
    client.reset(**TWO_NODES)
    assert client.ask("GET", "/nodes/pve2/status").status == 200
    client.lab("POST", "events", {"node_offline": "pve2"})
    got = client.ask("GET", "/nodes/pve2/status")
    assert (got.status, got.reason, got.body, got.closed) == (595, "No route to host", b"", True)
    assert client.ask("GET", "/nodes/pve1/status").status == 200
    rows = {row["node"]: row for row in client.ask("GET", "/nodes").data}
    assert (rows["pve2"]["status"], "uptime" in rows["pve2"]) == ("offline", False)
    client.lab("POST", "events", {"node_online": "pve2"})
    assert client.ask("GET", "/nodes/pve2/status").status == 200


def test_a_stopped_daemon_is_595_for_what_needs_it(client: Client) -> None:
    client.reset(**TWO_NODES)
    assert client.root()
    client.lab("POST", "events", {"service_stop": {"value": "pvedaemon", "node": "pve1"}})
    assert client.ask("GET", "/version").status == 200
    got = client.ask("POST", "/pools", poolid="p")
    assert (got.status, got.reason) == (595, "Connection refused")
    client.lab("POST", "events", {"service_start": {"value": "pvedaemon", "node": "pve1"}})
    assert client.ask("POST", "/pools", poolid="p").status == 200
    client.lab("POST", "events", {"service_stop": {"value": "pveproxy", "node": "pve2"}})
    assert client.ask("GET", "/nodes/pve2/status").status == 595


def test_without_quorum_reads_work_and_writes_fail_after_a_while(client: Client) -> None:
    client.lab("POST", "events", {"quorum": False})
    before = client.now()
    got = client.ask("POST", "/pools", poolid="p")
    assert got.reason == "create pool failed: cfs-lock 'file-user_cfg' error: no quorum!"
    assert client.now() - before == pytest.approx(10)
    assert client.ask("GET", "/pools").data == []
    assert client.lab("GET", "ledger") == []


@pytest.mark.parametrize(
    ("method", "params", "reason"),
    [
        ("POST", {"poolid": "p"}, "create pool failed: pool 'p' already exists"),
        ("POST", {"poolid": "q/r"}, "create pool failed: parent 'q' of pool 'q/r' does not exist"),
        ("PUT", {"poolid": "p", "vms": "100"}, "update pool failed: VM 100 is already a pool member"),
        (
            "PUT",
            {"poolid": "p", "vms": "101", "delete": 1},
            "update pool failed: VM 101 is not a pool member",
        ),
        ("PUT", {"poolid": "p2", "vms": "100"}, "update pool failed: VM 100 belongs already to pool 'p'"),
        ("PUT", {"poolid": "x"}, "update pool failed: pool 'x' does not exist"),
        ("DELETE", {"poolid": "p"}, "delete pool failed: pool 'p' is not empty"),
    ],
)
def test_a_pool_refuses_what_does_not_fit(
    client: Client, method: str, params: dict[str, Any], reason: str
) -> None:
    client.reset(pools=[{"poolid": "p", "members": [{"vmid": 100}]}, {"poolid": "p2"}])
    got = client.ask(method, "/pools", **params)
    assert got.status == 500
    assert got.reason.startswith(reason)


def test_a_pool_holds_guests_and_storages(client: Client) -> None:
    client.reset(**TWO_NODES)
    client.ask("POST", "/pools", poolid="p", comment="c")
    client.ask("PUT", "/pools/p", vms="200", storage="local")
    (pool,) = client.ask("GET", "/pools", poolid="p").data
    assert {member["id"] for member in pool["members"]} == {"lxc/200", "storage/pve1/local"}
    (guests,) = client.ask("GET", "/pools", poolid="p", type="lxc").data
    assert [member["vmid"] for member in guests["members"]] == [200]
    client.ask("POST", "/pools", poolid="other")
    client.ask("PUT", "/pools/other", vms="200", allow_move=1)
    client.ask("PUT", "/pools/p", storage="local", delete=1)
    assert client.ask("DELETE", "/pools/p").status == 200
    assert client.ask("GET", "/pools").data == [{"poolid": "other"}]


STORED: dict[str, Any] = {
    "storages": {
        "local": {
            "type": "dir",
            "path": "/var/lib/vz",
            "content": "iso,images,backup",
            "total": 100,
            "used": 25,
        },
        "zfs": {"type": "zfspool", "pool": "tank", "content": "images", "total": 100, "used": 25},
        "off": {"type": "dir", "path": "/x", "content": "iso", "disable": 1},
        "there": {"type": "dir", "path": "/y", "content": "iso", "nodes": "pve2"},
    },
    "content": [
        {"volid": "local:iso/a.iso", "content": "iso", "size": 7, "ctime": 5},
        {"volid": "local:100/vm-100-disk-0.qcow2", "content": "images", "size": 9, "vmid": 100, "ctime": 6},
        {"volid": "zfs:vm-100-disk-0", "content": "images", "size": 8, "vmid": 100},
        {"volid": "local:backup/x.tar.zst", "content": "backup", "size": 1, "vmid": 100, "protected": 1},
    ],
    "users": [{"userid": "a@pve"}],
    "tokens": [{"tokenid": "a@pve!tok", "privsep": 0, "secret": "11111111-2222-3333-4444-555555555555"}],
}


@pytest.fixture
def stored(client: Client) -> Client:
    client.reset(**STORED)
    return client


def test_storages_show_their_sizes_and_their_settings(stored: Client) -> None:
    rows = {row["storage"]: row for row in stored.ask("GET", "/nodes/pve1/storage").data}
    assert set(rows) == {"local", "zfs", "off"}
    assert rows["zfs"] == {
        "storage": "zfs",
        "type": "zfspool",
        "content": "images",
        "shared": 0,
        "enabled": 1,
        "active": 1,
        "total": 100,
        "used": 25,
        "avail": 75,
        "used_fraction": 0.25,
    }
    assert (rows["off"]["active"], rows["off"]["total"], "used_fraction" in rows["off"]) == (0, 0, False)
    assert [
        row["storage"] for row in stored.ask("GET", "/nodes/pve1/storage", enabled=1, content="images").data
    ].count("off") == 0
    assert stored.ask("GET", "/nodes/pve1/storage", storage="no").errors == {"storage": "No such storage."}
    assert stored.ask("GET", "/storage/zfs").data["pool"] == "tank"
    assert {row["storage"] for row in stored.ask("GET", "/storage", type="dir").data} == {
        "local",
        "off",
        "there",
    }
    assert stored.ask("GET", "/nodes/pve1/storage/zfs/status").data["avail"] == 75


def test_content_shows_what_each_kind_of_storage_knows(stored: Client) -> None:
    image = {"content": "images", "vmid": 100, "parent": None}
    assert stored.ask("GET", "/nodes/pve1/storage/zfs/content").data == [
        {**image, "volid": "zfs:vm-100-disk-0", "format": "raw", "size": 8, "name": "vm-100-disk-0"}
    ]
    path = "/nodes/pve1/storage/local/content"
    assert stored.ask("GET", path, content="iso").data == [
        {"volid": "local:iso/a.iso", "content": "iso", "format": "iso", "size": 7, "ctime": 5}
    ]
    assert {row["volid"] for row in stored.ask("GET", path, vmid=100).data} == {
        "local:100/vm-100-disk-0.qcow2",
        "local:backup/x.tar.zst",
    }
    assert stored.ask("GET", f"{path}/local:iso/a.iso").data["path"] == "/var/lib/vz/template/iso/a.iso"
    assert stored.ask("GET", f"{path}/zfs:x").reason == "storage ID missmatch ('zfs' != 'local')"
    assert stored.ask("GET", "/nodes/pve1/storage/off/content").reason == "storage 'off' is disabled"
    assert stored.ask("GET", "/nodes/pve1/storage/no/content").reason == "storage 'no' does not exist"


def test_content_hides_the_volumes_of_foreign_guests(stored: Client) -> None:
    stored.ask("PUT", "/access/acl", path="/storage", roles="PVEDatastoreUser", users="a@pve")
    headers = as_token("a@pve!tok", "11111111-2222-3333-4444-555555555555")

    def seen() -> set[str]:
        rows = stored.raw("GET", "/api2/json/nodes/pve1/storage/local/content", headers).data
        return {row["content"] for row in rows}

    assert seen() == {"iso"}
    stored.ask("PUT", "/access/acl", path="/vms/100", roles="PVEVMAdmin", users="a@pve")
    assert seen() == {"iso", "images", "backup"}


def test_a_volume_is_made_at_once_and_removed_by_a_task(stored: Client) -> None:
    path = "/nodes/pve1/storage/zfs/content"
    made = stored.ask("POST", path, filename="vm-7000-disk-0", vmid=7000, size="1G")
    assert made.data == "zfs:vm-7000-disk-0"
    assert stored.ask("GET", f"{path}/vm-7000-disk-0").data["size"] == 1 << 30
    assert stored.ask("POST", path, filename="foo", vmid=7000, size="1G").reason == (
        "illegal name 'foo' - should be 'vm-7000-*'"
    )
    upid = stored.ask("DELETE", f"{path}/vm-7000-disk-0").data
    assert ":imgdel:7000@zfs:" in upid
    stored.finish()
    assert stored.ask("GET", path, vmid=7000).data == []
    assert stored.ask("DELETE", f"{path}/vm-7000-disk-0", delay=5).data is None


def test_a_protected_file_stays(stored: Client) -> None:
    upid = stored.ask("DELETE", "/nodes/pve1/storage/local/content/backup/x.tar.zst").data
    stored.finish()
    assert stored.task(upid)["exitstatus"] == "cannot remove protected volume 'backup/x.tar.zst' on 'local'"
    rows = stored.ask("GET", "/nodes/pve1/storage/local/content", content="backup").data
    assert [row["protected"] for row in rows] == [1]


def test_interfaces_show_their_addresses(client: Client) -> None:
    (row,) = client.ask("GET", "/nodes/pve1/network", type="any_bridge").data
    assert (row["iface"], row["address"], row["netmask"], row["families"]) == (
        "vmbr0",
        "10.99.0.1",
        "24",
        ["inet"],
    )
    assert client.ask("GET", "/nodes/pve1/network", type="bond").data == []


def test_the_lists_of_paths_are_those_of_a_real_node(client: Client) -> None:
    assert [row["subdir"] for row in client.ask("GET", "/").data] == [
        "version",
        "cluster",
        "nodes",
        "storage",
        "access",
        "pools",
    ]
    names = {row["name"] for row in client.ask("GET", "/nodes/pve1").data}
    assert {"qemu", "lxc", "tasks", "storage", "apt", "ceph"} <= names


def test_the_options_of_the_data_centre_come_with_the_tags_that_may_be_given(client: Client) -> None:
    guest = {"vmid": 100, "type": "qemu", "node": "pve1", "config": {"tags": "b;a"}}
    options = {"tag-style": "shape=full,case-sensitive=1", "registered-tags": "z"}
    client.reset(guests=[guest], datacenter_options=options)
    assert client.ask("GET", "/cluster/options").data == {
        "mac_prefix": "BC:24:11",
        "description": "",
        "tag-style": {"shape": "full", "case-sensitive": 1},
        "registered-tags": "z",
        "allowed-tags": ["a", "b", "z"],
    }
