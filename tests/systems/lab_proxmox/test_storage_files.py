"""Files on storages: uploaded, downloaded, annotated, protected and removed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from setpoint_lab.proxmox.uploads import ALGORITHMS

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client, Got

STORAGE = "/nodes/pve1/storage/local"
URL = "https://images.example.org/tiny.iso"
BACKUP = "backup/vzdump-lxc-200-2026_11_20-01_02_03.tar.zst"


def upload(client: Client, content: str, name: str, data: bytes, node: str = "pve1", **fields: str) -> Got:
    """Send a file as browsers do, its fields before it."""
    pairs = {"content": content, **{key.replace("_", "-"): value for key, value in fields.items()}}
    parts = [f'Content-Disposition: form-data; name="{key}"\r\n\r\n{pairs[key]}'.encode() for key in pairs]
    about = f'Content-Disposition: form-data; name="filename"; filename="{name}"'
    parts.append(f"{about}\r\nContent-Type: application/octet-stream\r\n\r\n".encode() + data)
    body = b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"
    headers = {**client.root(), "Content-Type": "multipart/form-data; boundary=B"}
    return client.raw("POST", f"/api2/json/nodes/{node}/storage/local/upload", headers, body)


def outcome(client: Client, upid: str) -> str:
    """How a task ended."""
    client.finish()
    return str(client.task(upid)["exitstatus"])


def files(client: Client, content: str = "iso") -> dict[str, dict[str, Any]]:
    rows = client.ask("GET", f"{STORAGE}/content", content=content).data
    return {row["volid"]: row for row in rows}


def test_an_uploaded_file_lies_on_the_storage_whatever_its_size(client: Client) -> None:
    data = b"A" * (3 << 20)
    assert outcome(client, upload(client, "iso", "big.iso", data).data) == "OK"
    assert files(client)["local:iso/big.iso"]["size"] == len(data)


def test_an_upload_replaces_a_file_of_that_name(client: Client) -> None:
    for data in (b"first", b"second one"):
        assert outcome(client, upload(client, "iso", "a.iso", data).data) == "OK"
    assert {volid: row["size"] for volid, row in files(client).items()} == {"local:iso/a.iso": 10}


@pytest.mark.parametrize(
    ("name", "kept"), [("bad/../x.iso", "x.iso"), ("a b;c.iso", "a_b_c.iso")], ids=["folders", "characters"]
)
def test_a_file_keeps_only_a_plain_name(client: Client, name: str, kept: str) -> None:
    outcome(client, upload(client, "iso", name, b"A").data)
    assert list(files(client)) == [f"local:iso/{kept}"]


@pytest.mark.parametrize(
    ("content", "name", "format_"),
    [
        ("iso", "a.img", "iso"),
        ("vztmpl", "a.tar.xz", "txz"),
        ("vztmpl", "a.tar.gz", "tgz"),
        ("import", "a.qcow2", "qcow2"),
    ],
)
def test_files_show_the_format_of_their_kind(client: Client, content: str, name: str, format_: str) -> None:
    outcome(client, upload(client, content, name, b"A").data)
    assert files(client, content)[f"local:{content}/{name}"]["format"] == format_


@pytest.mark.parametrize(
    ("content", "name", "errors"),
    [
        ("iso", "a.txt", {"filename": "wrong file extension"}),
        ("vztmpl", "a.iso", {"filename": "wrong file extension"}),
        ("import", "a.iso", {"filename": "invalid filename or wrong extension"}),
        (
            "snippets",
            "a.yaml",
            {"content": "value 'snippets' does not have a value in the enumeration 'iso, vztmpl, import'"},
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(
    client: Client, content: str, name: str, errors: dict[str, str]
) -> None:
    got = upload(client, content, name, b"A")
    assert (got.status, got.errors) == (400, errors)


def test_an_upload_with_a_wrong_sum_leaves_no_file(client: Client) -> None:
    right = hashlib.sha256(b"data").hexdigest()
    fields = {"checksum_algorithm": "sha256", "checksum": "0" * 64}
    wrong = outcome(client, upload(client, "iso", "a.iso", b"data", **fields).data)
    assert wrong == f"checksum mismatch: got '{right}' != expect '{'0' * 64}'"
    assert not files(client)
    assert (
        outcome(client, upload(client, "iso", "a.iso", b"data", **(fields | {"checksum": right})).data)
        == "OK"
    )


@pytest.mark.parametrize("algorithm", sorted(ALGORITHMS))
def test_every_algorithm_holds_a_file_against_its_sum(client: Client, algorithm: str) -> None:
    fields = {
        "checksum_algorithm": algorithm,
        "checksum": hashlib.new(algorithm, b"data").hexdigest().upper(),
    }
    assert outcome(client, upload(client, "iso", "a.iso", b"data", **fields).data) == "OK"


def test_an_upload_needs_the_right_to_it_and_a_storage_with_files(client: Client) -> None:
    got = client.ask("POST", "/nodes/pve1/storage/local-zfs/upload", content="iso", filename="a.iso")
    assert got.reason == "can't upload to storage type 'zfspool'"
    client.ask("PUT", "/storage/local", content="images")
    assert upload(client, "iso", "a.iso", b"A").reason == "storage 'local' does not support 'iso' content"


def test_an_upload_for_a_node_that_is_off_fails_in_the_task(client: Client) -> None:
    client.reset(
        nodes=[{"name": "pve1"}, {"name": "pve2", "local": False, "online": False}], cluster={"name": "c"}
    )
    got = upload(client, "iso", "a.iso", b"A", node="pve2")
    assert outcome(client, got.data).startswith("import failed: ssh: connect to host pve2")
    assert upload(client, "iso", "a.iso", b"A", node="pve9").reason == "no such cluster node 'pve9'"


def test_a_download_brings_what_lies_at_the_address(client: Client) -> None:
    client.reset(web=[{"url": URL, "text": "hello"}])
    right = hashlib.sha512(b"hello").hexdigest()
    sums = {"checksum": right, "checksum-algorithm": "sha512"}
    upid = client.ask(
        "POST", f"{STORAGE}/download-url", url=URL, filename="t.iso", content="iso", **sums
    ).data
    assert ":download:t.iso:" in upid
    assert outcome(client, upid) == "OK"
    assert files(client)["local:iso/t.iso"]["size"] == 5
    assert client.ask("GET", "/nodes/pve1/query-url-metadata", url=URL).data == {
        "size": 5,
        "mimetype": "application/octet-stream",
        "filename": "tiny.iso",
    }


def test_a_download_never_overwrites_and_takes_a_file_that_bears_the_sum(client: Client) -> None:
    client.lab("POST", "events", {"web_page": {"url": URL, "size": 9, "sums": {"sha256": "ab" * 32}}})
    sent = {"url": URL, "filename": "t.iso", "content": "iso"}
    summed = {"checksum-algorithm": "sha256", "checksum": "AB" * 32}
    results = [
        outcome(client, client.ask("POST", f"{STORAGE}/download-url", **sent, **sums).data)
        for sums in (summed, {}, summed, summed | {"checksum": "cd" * 32})
    ]
    assert results == [
        "OK",
        "refusing to override existing file '/var/lib/vz/template/iso/t.iso'",
        "OK",
        f"mismatch (got '{'ab' * 32}' != expect '{'cd' * 32}'), aborting",
    ]


def test_an_address_out_of_reach_fails_in_the_task(client: Client) -> None:
    upid = client.ask("POST", f"{STORAGE}/download-url", url=URL, filename="t.iso", content="iso").data
    assert outcome(client, upid).startswith("download failed: Can't connect to images.example.org:443")
    assert not files(client)


@pytest.fixture
def kept(client: Client) -> Client:
    """An emulator with one backup, of which its name tells the guest."""
    client.reset(content=[{"volid": f"local:{BACKUP}", "content": "backup", "size": 1000, "vmid": 200}])
    return client


def test_a_backup_bears_notes_and_is_rounded_to_sectors_alone(kept: Client) -> None:
    assert kept.ask("PUT", f"{STORAGE}/content/local:{BACKUP}", notes="before", protected=1).data is None
    row = files(kept, "backup")[f"local:{BACKUP}"]
    assert (row["notes"], row["protected"], row["size"]) == ("before", 1, 1000)
    alone = kept.ask("GET", f"{STORAGE}/content/{BACKUP}").data
    assert (alone["notes"], alone["protected"], alone["size"], alone["format"]) == ("before", 1, 1024, "raw")
    kept.ask("PUT", f"{STORAGE}/content/{BACKUP}", notes="", protected=0)
    assert files(kept, "backup")[f"local:{BACKUP}"].keys().isdisjoint({"notes", "protected"})


def test_a_protected_backup_is_not_removed(kept: Client) -> None:
    kept.ask("PUT", f"{STORAGE}/content/{BACKUP}", protected=1)
    upid = kept.ask("DELETE", f"{STORAGE}/content/{BACKUP}").data
    assert ":imgdel:200@local:" in upid
    assert outcome(kept, upid) == f"cannot remove protected volume '{BACKUP}' on 'local'"
    assert files(kept, "backup")


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        ({"notes": "x"}, "only backups can have notes"),
        ({"protected": 1}, "only backups support attribute 'protected'"),
    ],
    ids=["notes", "protected"],
)
def test_only_backups_bear_notes_and_protection(client: Client, sent: dict[str, Any], reason: str) -> None:
    outcome(client, upload(client, "iso", "a.iso", b"A").data)
    assert client.ask("PUT", f"{STORAGE}/content/iso/a.iso", **sent).reason == reason


def test_removing_what_is_gone_is_told_and_goes_well(client: Client) -> None:
    upid = client.ask("DELETE", f"{STORAGE}/content/iso/no.iso").data
    assert outcome(client, upid) == "OK"
    lines = [line["t"] for line in client.ask("GET", f"/nodes/pve1/tasks/{upid}/log").data]
    assert lines[0] == "disk image '/var/lib/vz/template/iso/no.iso' does not exist"
