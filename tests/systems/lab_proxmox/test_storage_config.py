"""The settings of storages: made, changed and forgotten as one file of the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

DIR = {"storage": "d1", "type": "dir", "path": "/srv/d1", "content": "backup,iso"}


def test_a_storage_is_made_changed_and_forgotten(client: Client) -> None:
    made = client.ask("POST", "/storage", **DIR, nodes="pve1", prune_backups="keep-last=3")
    assert made.data == {"storage": "d1", "type": "dir"}
    first = client.ask("GET", "/storage/d1").data
    assert first["nodes"] == "pve1"
    assert first["prune-backups"] == "keep-last=3"
    client.ask("PUT", "/storage/d1", shared=1, delete="nodes,prune-backups")
    second = client.ask("GET", "/storage/d1").data
    assert second["shared"] == 1
    assert second.keys().isdisjoint({"nodes", "prune-backups"})
    assert second["digest"] != first["digest"]
    assert client.ask("DELETE", "/storage/d1").data is None
    assert client.ask("GET", "/storage/d1").reason == "storage 'd1' does not exist"


def test_the_digest_is_that_of_the_whole_file(client: Client) -> None:
    digest = client.ask("GET", "/storage/local").data["digest"]
    client.ask("POST", "/storage", **DIR)
    refused = client.ask("PUT", "/storage/local", content="iso", digest=digest)
    assert refused.reason == (
        "update storage failed: detected modified configuration - file changed by other user? Try again."
    )
    now = client.ask("GET", "/storage/local").data["digest"]
    assert client.ask("PUT", "/storage/local", content="iso", digest=now).status == 200


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param(
            {"storage": "s2", "type": "dir"}, "missing value for required option 'path'", id="no path"
        ),
        pytest.param(
            {"storage": "s2", "type": "dir", "path": "/s", "pool": "p"},
            "unexpected property 'pool'",
            id="other",
        ),
        pytest.param(
            {"storage": "s2", "type": "zfspool", "pool": "p", "content": "iso"},
            "storage does not support content type 'iso'",
            id="content",
        ),
        pytest.param(
            {"storage": "s2", "type": "dir", "path": "/s", "content": "none,iso"},
            "unable to combine 'none' with other content types",
            id="none and more",
        ),
        pytest.param(
            {"storage": "local", "type": "dir", "path": "/s"},
            "create storage failed: storage ID 'local' already defined",
            id="exists",
        ),
    ],
)
def test_a_storage_that_cannot_be_is_refused(client: Client, sent: dict[str, str], reason: str) -> None:
    got = client.ask("POST", "/storage", **sent)
    assert (got.status, got.reason) == (500, reason)


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        pytest.param({"delete": "nosuch"}, "no such option 'nosuch'", id="unknown"),
        pytest.param({"delete": "path"}, "unable to delete required option 'path'", id="required"),
        pytest.param(
            {"delete": "content", "content": "iso"},
            "cannot set and delete property 'content' at the same time!",
            id="both",
        ),
        pytest.param({"sparse": 1}, "unexpected property 'sparse'", id="of another type"),
    ],
)
def test_a_change_that_cannot_be_is_refused(client: Client, sent: dict[str, str], reason: str) -> None:
    got = client.ask("PUT", "/storage/local", **sent)
    assert (got.status, got.reason) == (500, f"update storage failed: {reason}")


def test_a_pool_on_the_same_disks_shows_their_size_and_its_mount_point(client: Client) -> None:
    pool = client.ask("GET", "/storage/local-zfs").data["pool"]
    client.ask("POST", "/storage", storage="z2", type="zfspool", pool=pool)
    assert client.ask("GET", "/storage/z2").data["mountpoint"] == f"/{pool}"
    sizes = {row["storage"]: row["total"] for row in client.ask("GET", "/nodes/pve1/storage").data}
    assert sizes["z2"] == sizes["local-zfs"]


def test_shares_are_mounted_on_all_nodes_and_keep_their_password_to_themselves(client: Client) -> None:
    client.ask("POST", "/storage", storage="n1", type="cifs", server="10.0.0.9", share="x", password="geheim")
    shown = client.ask("GET", "/storage/n1").data
    assert (shown["path"], shown["shared"], shown["content"]) == ("/mnt/pve/n1", 1, "images")
    assert "password" not in shown


def test_a_forgotten_storage_leaves_no_rights_and_no_pool_behind(client: Client) -> None:
    client.ask("POST", "/storage", **DIR)
    client.ask("POST", "/pools", poolid="p")
    client.ask("PUT", "/pools/p", storage="d1")
    client.ask("PUT", "/access/acl", path="/storage/d1", roles="PVEDatastoreUser", users="root@pam")
    client.ask("DELETE", "/storage/d1")
    assert client.ask("GET", "/pools/p").data["members"] == []
    assert client.ask("GET", "/access/acl").data == []


def test_settings_need_a_quorum(client: Client) -> None:
    client.reset(quorate=False)
    before = client.now()
    got = client.ask("PUT", "/storage/local", disable=0)
    assert got.reason == "update storage failed: cfs-lock 'file-storage_cfg' error: no quorum!"
    assert client.now() - before >= 10
