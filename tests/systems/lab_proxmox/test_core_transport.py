from __future__ import annotations

import json
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.systems.lab_proxmox.core_api import FORM, JSON

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

PREFIX = "/api2/json"


def test_an_answer_has_the_envelope_and_the_headers_of_a_real_node(client: Client) -> None:
    got = client.ask("GET", "/version")
    assert got.body == b'{"data":{"release":"9.2","repoid":"14a22df3","version":"9.2.11"}}'
    assert {key: value for key, value in got.headers.items() if key not in {"Date", "Expires"}} == {
        "Cache-Control": "max-age=0",
        "Connection": "Keep-Alive",
        "Content-Length": "65",
        "Content-Type": "application/json;charset=UTF-8",
        "Pragma": "no-cache",
        "Server": "pve-api-daemon/3.0",
    }
    assert got.headers["Date"] == got.headers["Expires"] == "Sat, 21 Nov 2026 03:00:00 GMT"
    assert not got.closed


def test_an_error_speaks_in_its_reason_and_its_message_and_closes(client: Client) -> None:
    got = client.ask("GET", "/pools/none")
    assert (got.status, got.reason) == (500, "pool 'none' does not exist")
    assert got.document == {"data": None, "message": "pool 'none' does not exist\n"}
    assert got.headers["Connection"] == "close"
    assert got.closed


def test_a_reason_may_be_long_and_in_utf_8_and_keeps_to_one_line(client: Client) -> None:
    name = "größe" * 60
    got = client.ask("GET", f"/storage/{name}")
    assert got.status == 400
    assert got.errors["storage"] == f"invalid format - storage ID '{name}' contains illegal characters\n"
    missing = client.ask("GET", "/nodes/nosuch/qemu")
    assert missing.reason.startswith(
        "hostname lookup 'nosuch' failed - failed to get address info for: nosuch:"
    )


def test_a_401_is_empty_and_held_back_for_three_seconds_of_its_clock(client: Client) -> None:
    before, began = client.now(), time.monotonic()
    got = client.raw("GET", f"{PREFIX}/version")
    assert (got.status, got.reason, got.body) == (401, "No ticket", b"")
    assert "Content-Type" not in got.headers
    assert got.closed
    assert client.now() - before == pytest.approx(3.0)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    ("method", "path", "reason"),
    [
        ("GET", "/nosuchpath", "Method 'GET /nosuchpath' not implemented"),
        ("DELETE", "/version", "Method 'DELETE /version' not implemented"),
        ("GET", "/nodes/pve1/scan/nfs", "Method 'GET /nodes/pve1/scan/nfs' not implemented"),
    ],
    ids=["no-path", "no-method", "not-supported"],
)
def test_what_is_not_there_is_501_without_a_line_end(
    client: Client, method: str, path: str, reason: str
) -> None:
    got = client.ask(method, path)
    assert (got.status, got.reason) == (501, reason)
    assert got.document == {"data": None, "message": reason}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PATCH"])
def test_other_methods_are_not_available_even_without_login(client: Client, method: str) -> None:
    got = client.raw(method, f"{PREFIX}/version")
    assert (got.status, got.reason, got.body) == (501, f"method '{method}' not available", b"")


@pytest.mark.parametrize("target", ["/api2/json//version/", "//api2/json/version", "/api2//json/vers%69on"])
def test_slashes_may_be_doubled_or_trail(client: Client, target: str) -> None:
    assert client.raw("GET", target, client.root()).data["version"] == "9.2.11"


def test_extjs_answers_200_with_the_error_inside(client: Client) -> None:
    good = client.raw("GET", "/api2/extjs/version", client.root()).document
    assert (good["success"], good["data"]["release"]) == (1, "9.2")
    bad = client.raw("GET", "/api2/extjs/pools/none", client.root())
    assert bad.status == 200
    assert bad.document == {
        "success": 0,
        "status": 500,
        "data": None,
        "message": "pool 'none' does not exist\n",
    }


def _create(client: Client, content_type: str, body: bytes) -> tuple[int, str, dict[str, str]]:
    got = client.raw("POST", f"{PREFIX}/pools", {**client.root(), "Content-Type": content_type}, body)
    errors = got.errors if got.body.startswith(b"{") else {}
    return got.status, got.reason, errors


@pytest.mark.parametrize(
    ("content_type", "body", "expected"),
    [
        (FORM, b"poolid=a", (200, "OK", {})),
        (FORM, b"poolid=a;comment=b", (200, "OK", {})),
        (JSON, b'{"poolid":"a","comment":null}', (200, "OK", {})),
        (f"{JSON}; charset=utf-8", b'{"poolid":"a"}', (200, "OK", {})),
        ("text/plain", b"poolid=a", (506, "upload 'Content-Type 'text/plain' not implemented", {})),
        (JSON, b"{", (500, "malformed JSON string", {})),
        (JSON, b"[1]", (500, "JSON top level must be an object", {})),
        (
            FORM,
            b"poolid=a&comment=x&comment=y",
            (
                400,
                "Parameter verification failed.",
                {"comment": "type check ('string') failed - got ARRAY"},
            ),
        ),
        (
            JSON,
            b'{"poolid":"a","comment":{}}',
            (400, "Parameter verification failed.", {"comment": "type check ('string') failed - got HASH"}),
        ),
        (FORM, b"poolid=a&comment=" + b"x" * (512 * 1024), (501, "for data too large", {})),
    ],
    ids=[
        "form",
        "semicolon",
        "json",
        "json-charset",
        "text",
        "bad-json",
        "json-list",
        "repeated",
        "object",
        "huge",
    ],
)
def test_bodies_are_taken_as_a_real_node_takes_them(
    client: Client, content_type: str, body: bytes, expected: tuple[int, str, dict[str, str]]
) -> None:
    assert _create(client, content_type, body) == expected


def test_a_value_ends_at_its_second_equals_sign(client: Client) -> None:
    assert _create(client, FORM, b"poolid=a&comment=b=c")[0] == 200
    assert client.ask("GET", "/pools/a").data["comment"] == "b"


def test_a_list_may_be_a_json_array_or_a_repeated_key(client: Client) -> None:
    client.ask("POST", "/pools", poolid="a")
    body = json.dumps({"vms": ["100", 101]}).encode()
    client.raw("PUT", f"{PREFIX}/pools/a", {**client.root(), "Content-Type": JSON}, body)
    client.ask("PUT", "/pools/a", vms=["102", "103"])
    assert client.lab("GET", "state")["pools"][0]["members"] == [{"vmid": vmid} for vmid in range(100, 104)]


def test_a_body_where_none_belongs_is_refused(client: Client) -> None:
    got = client.raw("DELETE", f"{PREFIX}/pools/a", {**client.root(), "Content-Type": FORM}, b"a=1")
    assert (got.status, got.reason) == (501, "Unexpected content for method 'DELETE'")


def test_a_parameter_may_not_contradict_the_path(client: Client) -> None:
    got = client.ask("PUT", "/pools/a", poolid="b")
    text = "duplicate parameter (already defined in URI) with conflicting values!"
    assert got.errors == {"poolid": text}


def test_query_and_body_are_one_set_of_parameters(client: Client) -> None:
    headers = {**client.root(), "Content-Type": FORM}
    client.raw("POST", f"{PREFIX}/pools?comment=c", headers, b"poolid=a")
    assert client.ask("GET", "/pools/a").data["comment"] == "c"


def _connect(url: str) -> socket.socket:
    host, port = urlsplit(url).netloc.split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def test_an_idle_connection_is_closed_after_five_seconds(client: Client) -> None:
    headers = "".join(f"{key}: {value}\r\n" for key, value in client.root().items())
    with _connect(client.url) as connection:
        connection.sendall(f"GET {PREFIX}/version HTTP/1.1\r\nHost: x\r\n{headers}\r\n".encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
        began = time.monotonic()
        assert connection.recv(1) == b""
        assert 3 < time.monotonic() - began < 9


def test_the_hundredth_answer_of_a_connection_is_its_last(client: Client) -> None:
    request = f"GET {PREFIX}/access/ticket HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    answers: list[bytes] = []
    with _connect(client.url) as connection:
        for _ in range(100):
            connection.sendall(request)
            answers.append(connection.recv(65536))
        assert connection.recv(1) == b""
    assert [b"Connection: close" in answer for answer in answers] == [False] * 99 + [True]


def test_a_long_url_still_reaches_the_check_of_parameters(client: Client) -> None:
    got = client.ask("GET", "/version", x="y" * 9000)
    assert got.status == 400
    assert list(got.errors) == ["x"]
