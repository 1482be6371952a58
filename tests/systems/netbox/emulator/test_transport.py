"""What comes before any object: tokens, headers, paths, methods and the shape of errors."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from setpoint_lab.process import launch_netbox, start_netbox
from tests.systems.netbox.emulator.api import TOKEN, VMS, Client

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("authorization", "status", "text"),
    [
        pytest.param(f"Bearer {TOKEN}", 200, None, id="version 2"),
        pytest.param(f"Token {TOKEN}", 200, None, id="the keyword does not count"),
        pytest.param("Token " + "1" * 40, 200, None, id="version 1"),
        pytest.param("Bearer " + "1" * 40, 200, None, id="version 1 as bearer"),
        pytest.param(None, 403, "Authentication credentials were not provided.", id="none"),
        pytest.param("Basic YTpi", 403, "Authentication credentials were not provided.", id="other scheme"),
        pytest.param("Token " + "9" * 40, 403, "Invalid v1 token", id="unknown version 1"),
        pytest.param("Bearer nbt_abc.def", 403, "Invalid v2 token", id="unknown version 2"),
        pytest.param("Token " + "3" * 40, 403, "Token disabled", id="disabled"),
        pytest.param("Token " + "4" * 40, 403, "Token expired", id="expired"),
        pytest.param(
            "Token " + "5" * 40,
            403,
            "Source IP 127.0.0.1 is not permitted to authenticate using this token.",
            id="from elsewhere",
        ),
        pytest.param(
            "Token a b",
            403,
            'Invalid authorization header: Must be in the form "Bearer <key>.<token>" or "Token <token>"',
            id="a space too many",
        ),
        pytest.param(
            "Bearer nbt_abc",
            403,
            "Invalid authorization header: Could not parse key from v2 token. "
            "Did you mean to use 'Token' instead of 'Bearer'?",
            id="no dot",
        ),
    ],
)
def test_a_token_is_good_or_the_answer_says_what_is_wrong(
    client: Client, authorization: str | None, status: int, text: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    got = client.raw("GET", "/api/status/", headers)
    assert got.status == status
    if text is not None:
        assert got.document == {"detail": text}
        assert "WWW-Authenticate" not in got.headers


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "detail"),
    [
        pytest.param(
            "GET", VMS + "99/", None, 404, "No VirtualMachine matches the given query.", id="unknown id"
        ),
        pytest.param("DELETE", "/api/status/", None, 405, 'Method "DELETE" not allowed.', id="method"),
        pytest.param("POST", VMS + "1/", b"{}", 405, 'Method "POST" not allowed.', id="method of an object"),
        pytest.param(
            "POST",
            VMS,
            b'{"name":',
            400,
            "JSON parse error - Expecting value: line 1 column 9 (char 8)",
            id="broken body",
        ),
    ],
)
def test_refusals_say_why(
    client: Client, method: str, path: str, body: bytes | None, status: int, detail: str
) -> None:
    got = client.raw(method, path, {"Authorization": f"Bearer {TOKEN}"} | JSON, body)
    assert (got.status, got.document) == (status, {"detail": detail})


def test_other_types_of_bodies_and_answers_are_refused(client: Client) -> None:
    login = {"Authorization": f"Bearer {TOKEN}"}
    got = client.raw("POST", VMS, login | {"Content-Type": "text/plain"}, b"name=x")
    assert (got.status, got.document["detail"]) == (415, 'Unsupported media type "text/plain" in request.')
    assert client.raw("GET", VMS, login | {"Accept": "application/xml"}).status == 406


def test_every_answer_names_the_version_and_its_own_request(client: Client) -> None:
    first = client.ask("GET", VMS, X_Request_ID="mine")
    second = client.raw("GET", VMS, {})
    for got in (first, second):
        assert got.headers["API-Version"] == "4.6"
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", got.headers["X-Request-ID"])
        assert got.headers["Allow"] == "GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS"
    assert first.headers["X-Request-ID"] != second.headers["X-Request-ID"]
    assert client.ask("GET", VMS + "1/").headers["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    assert client.ask("GET", "/api/core/object-changes/").headers["Allow"] == "GET, HEAD, OPTIONS"


def test_paths_that_lead_nowhere_are_pages_and_a_missing_slash_is_added(client: Client) -> None:
    nowhere = client.ask("GET", "/api/virtualization/nonsense/")
    assert nowhere.status == 404
    assert nowhere.headers["Content-Type"].startswith("text/html")
    moved = client.ask("GET", VMS.rstrip("/") + "?limit=1")
    assert (moved.status, moved.headers["Location"]) == (301, VMS + "?limit=1")
    assert client.ask("POST", VMS.rstrip("/"), {}).status == 404


@pytest.mark.parametrize(("length", "status"), [(4094, 200), (4095, 400)])
def test_a_request_line_may_be_as_long_as_gunicorn_takes(client: Client, length: int, status: int) -> None:
    start = VMS + "?id="
    target = start + "1" * (length - len(f"GET {start} HTTP/1.1"))
    got = client.ask("GET", target)
    assert got.status == status
    assert (b"Request Line is too large" in got.body) == (status == 400)


def test_addresses_in_answers_are_those_that_the_client_used(client: Client) -> None:
    got = client.ask("GET", VMS + "?limit=1", X_Forwarded_Host="netbox.example", X_Forwarded_Proto="https")
    assert got.document["next"] == f"https://netbox.example{VMS}?limit=1&offset=1"
    assert got.document["results"][0]["url"].startswith("https://netbox.example/api/")
    assert got.document["results"][0]["display_url"].startswith("https://netbox.example/virtualization/")


def test_the_status_tells_the_emulator_from_a_real_server(client: Client) -> None:
    status = client.get("/api/status/")
    assert status["netbox-version"] == "4.6.8"
    assert status["setpoint-emulator"] is True
    assert client.get("/api/authentication-check/")["username"] == "admin"


def test_a_password_buys_a_token(client: Client) -> None:
    path = "/api/users/tokens/provision/"
    wrong = client.ask("POST", path, {"username": "admin", "password": "no"})
    assert (wrong.status, wrong.document) == (403, {"detail": "Invalid username/password"})
    made = client.ask("POST", path, {"username": "admin", "password": "secret"})
    assert made.status == 201
    value = f"nbt_{made.document['key']}.{made.document['token']}"
    assert client.raw("GET", "/api/status/", {"Authorization": f"Bearer {value}"}).status == 200
    assert "token" not in client.get("/api/users/tokens/1/")


def test_a_token_that_may_not_write_reads(client: Client) -> None:
    login = {"Authorization": "Token " + "2" * 40} | JSON
    assert client.raw("GET", VMS, login).status == 200
    got = client.raw("PATCH", VMS + "1/", login, b'{"memory": 1}')
    assert (got.status, got.document["detail"]) == (403, "You do not have permission to perform this action.")
    assert client.raw("GET", VMS, {"Authorization": "Token " + "6" * 40}).status == 403


def test_a_real_clock_runs_on_from_the_time_of_the_state() -> None:
    with start_netbox(clock="real") as running:
        client = Client(running.url)
        assert abs(client.lab("GET", "clock")["now"] - datetime.now(UTC).timestamp()) < 60
        client.lab("POST", "state", {"clock": "2026-01-01T00:00:00Z", "objects": {}})
        begin = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
        assert begin <= client.lab("GET", "clock")["now"] < begin + 60


def test_the_process_ends_cleanly() -> None:
    assert launch_netbox(clock="virtual").stop() == 0


def test_a_virtual_clock_moves_when_told(client: Client) -> None:
    before = client.lab("GET", "clock")
    assert before["virtual"] is True
    assert client.lab("POST", "clock", {"advance": 30})["now"] == before["now"] + 30
    made = client.ask("POST", "/api/extras/tags/", {"name": "Late", "slug": "late"}).document
    assert made["created"].startswith("2026-11-21T03:00:30")
