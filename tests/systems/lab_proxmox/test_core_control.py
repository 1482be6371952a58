from __future__ import annotations

import http.client
import json
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from setpoint_lab.process import launch_proxmox, start_proxmox
from tests.systems.lab_proxmox.core_api import JSON, Client

if TYPE_CHECKING:
    from pathlib import Path

STATE: dict[str, Any] = {
    "nodes": [
        {"name": "a", "ip": "10.0.0.1", "local": True, "online": True, "cpus": 4, "memory": 1 << 34},
        {"name": "b", "ip": "10.0.0.2", "local": False, "online": False, "cpus": 2, "memory": 8 << 30},
    ],
    "cluster": {"name": "c", "version": 3},
    "quorate": False,
    "storages": {
        "s": {"type": "dir", "path": "/s", "content": "images,iso", "shared": 1, "nodes": "a,b", "total": 9}
    },
    "content": [
        {"volid": "s:iso/x.iso", "node": "a", "content": "iso", "format": "iso", "size": 3, "ctime": 4}
    ],
    "bridges": [{"iface": "vmbr9", "type": "bridge"}],
    "guests": [{"vmid": 200, "type": "lxc", "node": "b", "status": "stopped", "config": {"hostname": "h"}}],
    "pools": [{"poolid": "p", "comment": "k", "members": [{"vmid": 200}, {"storage": "s"}]}],
    "users": [
        {"userid": "root@pam", "password": "pw"},
        {"userid": "u@pve", "enable": 0, "expire": 5, "email": "m@x"},
    ],
    "tokens": [{"tokenid": "u@pve!t1", "privsep": 0, "secret": "11111111-2222-3333-4444-555555555555"}],
    "roles": [{"roleid": "R", "privs": "VM.Audit"}],
    "acls": [{"path": "/vms", "type": "user", "ugid": "u@pve", "roleid": "R", "propagate": 0}],
    "missing_devices": [{"volid": "s:gone"}],
    "datacenter_options": {"tag-style": "shape=full"},
    "sdn": {"zones": []},
}


def test_a_world_written_as_a_state_and_read_again_is_the_same(client: Client) -> None:
    client.reset(**STATE)
    first = client.lab("GET", "state")
    client.lab("POST", "state", first)
    assert client.lab("GET", "state") == first
    assert first["nodes"] == STATE["nodes"]
    assert first["pools"] == [{"poolid": "p", "comment": "k", "members": [{"vmid": 200}, {"storage": "s"}]}]
    assert first["sdn"] == {"zones": []}
    assert first["acls"] == STATE["acls"]


def test_tokens_without_a_secret_get_one_that_is_told(client: Client) -> None:
    told = client.reset(
        users=[{"userid": "u@pve"}], tokens=[{"tokenid": "u@pve!tok", "secret": "choose any"}]
    )
    secret = told["tokens"]["u@pve!tok"]
    headers = {"Authorization": f"PVEAPIToken=u@pve!tok={secret}"}
    assert client.raw("GET", "/api2/json/version", headers).status == 200


def test_the_index_of_the_past_makes_the_counts_come_out(client: Client) -> None:
    past = {
        "upid": "UPID:pve1:000013BC:0005C42B:6B010EC2:qmcreate:300:root@pam:",
        "endtime": 1795231426,
        "exitstatus": "OK",
    }
    index = {
        "node": "pve1",
        "total": 60,
        "typefilter=qmcreate": 9,
        "userfilter=root": 58,
        "errors=1": 12,
        "statusfilter=error": 7,
        "with_vmid_770": 4,
    }
    client.reset(tasks=[past], task_index=index)

    def total(**params: Any) -> int:
        return int(client.ask("GET", "/nodes/pve1/tasks", limit=1, **params).document["total"])

    assert total() == 60
    assert total(typefilter="qmcreate") == 9
    assert total(userfilter="root") == 58
    assert total(errors=1) == 12
    assert total(statusfilter="error") == 7
    assert total(vmid=770) == 4
    assert client.ask("GET", "/nodes/pve1/tasks", limit=1).data[0]["upid"] == past["upid"]
    assert client.now() == 1795231427


def test_the_ledger_holds_what_changed_something_and_nothing_else(client: Client) -> None:
    client.ask("GET", "/pools")
    client.ask("POST", "/pools", poolid="p", comment="c")
    client.ask("POST", "/pools", poolid="p")
    client.ask("POST", "/access/ticket", username="root@pam", password="setpoint")
    client.ask("PUT", "/pools/p", vms="1")
    client.ask("DELETE", "/nodes/pve1/storage/local/content/iso/x.iso")
    effects = client.lab("GET", "ledger")
    assert [(effect["method"], effect["path"], effect["status"]) for effect in effects] == [
        ("POST", "/pools", 200),
        ("DELETE", "/nodes/pve1/storage/local/content/iso/x.iso", 200),
    ]
    assert effects[0]["params"] == {"poolid": "p", "comment": "c"}
    assert effects[0]["user"] == "root@pam"


def test_reads_and_refusals_leave_the_ledger_empty(client: Client) -> None:
    for path in ("/", "/cluster/resources", "/nodes", "/access/acl", "/storage", "/nodes/pve1/tasks"):
        assert client.ask("GET", path).status == 200
    client.raw("POST", "/api2/json/pools")
    client.ask("PUT", "/access/acl", path="/nope", roles="NoAccess", users="root@pam")
    client.ask("DELETE", "/pools/none")
    assert client.lab("GET", "ledger") == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "text"),
    [
        ("POST", "/lab/nothing", b"{}", 400, "POST /lab/nothing is no command"),
        ("POST", "/lab/state", b"{", 400, "the body is no JSON"),
        ("POST", "/lab/state", b"[]", 400, "the body must be a JSON object"),
        ("POST", "/lab/state", b'{"guests":[{}]}', 400, "KeyError: 'type'"),
        ("POST", "/lab/clock", b"{}", 400, "KeyError: 'advance'"),
        ("POST", "/lab/events", b'{"flood":{}}', 501, "flood is no kind of event"),
        ("POST", "/lab/events", b'{"kill_worker":{"upid":"x"}}', 400, "there is no task x"),
    ],
)
def test_the_control_plane_says_what_it_does_not_understand(
    client: Client, method: str, path: str, body: bytes, status: int, text: str
) -> None:
    got = client.raw(method, path, {"Content-Type": JSON}, body)
    assert got.status == status
    assert text in got.document["error"]


def test_a_bad_state_leaves_the_old_world(client: Client) -> None:
    client.ask("POST", "/pools", poolid="p")
    client.raw("POST", "/lab/state", {"Content-Type": JSON}, b'{"guests":[{}]}')
    assert client.ask("GET", "/pools").data == [{"poolid": "p"}]


def test_a_real_clock_does_not_stand_still() -> None:
    with start_proxmox(clock="real", state={"pools": [{"poolid": "p"}]}) as running:
        client = Client(running.url)
        assert client.ask("GET", "/pools").data == [{"poolid": "p"}]
        assert client.lab("GET", "clock")["virtual"] is False
        upid = client.ask("DELETE", "/nodes/pve1/storage/local/content/iso/x.iso").data
        assert client.task(upid)["status"] == "running"
        client.finish()
        assert client.task(upid)["exitstatus"] == "OK"
        assert abs(client.now() - datetime.now(UTC).timestamp()) < 60


def test_the_process_ends_cleanly_and_frees_its_port() -> None:
    first = launch_proxmox(clock="virtual")
    port = int(first.url.rpartition(":")[2])
    assert first.stop() == 0
    second = launch_proxmox(clock="virtual", port=port)
    assert second.url == first.url
    assert second.stop() == 0


def test_the_verb_tells_what_it_can_do() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "setpoint_lab", "serve", "proxmox", "--help"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for option in ("--host", "--port", "--state", "--clock", "--seed", "--tls", "--lag"):
        assert option in help_text
    alone = subprocess.run(
        [sys.executable, "-m", "setpoint_lab", "--help"], check=True, capture_output=True, text=True
    ).stdout
    assert "serve" in alone


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    )
    return cert_file, key_file


def test_it_speaks_https_with_a_certificate(certificate: tuple[Path, Path]) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate[0]))
    with start_proxmox(clock="virtual", tls=certificate) as running:
        scheme, _, address = running.url.partition("://127.0.0.1:")
        assert scheme == "https"
        connection = http.client.HTTPSConnection("localhost", int(address), context=trusting)
        connection.request("GET", "/api2/json/access/domains")
        rows = json.load(connection.getresponse())["data"]
        connection.close()
    assert {row["realm"] for row in rows} == {"pam", "pve"}
