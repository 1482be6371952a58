"""Troubles on the way to the server, and shapes that no client expects."""

from __future__ import annotations

import http.client
import json
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from setpoint_lab.process import start_netbox
from setpoint_lab.untyped import is_list, is_object
from tests.systems.netbox.emulator.api import CHANGES, ESTATE, TOKEN, VMS, Client

if TYPE_CHECKING:
    from collections.abc import Generator

LOST = (http.client.RemoteDisconnected, ConnectionResetError, http.client.BadStatusLine)


def happen(client: Client, kind: str, **spec: Any) -> None:
    client.lab("POST", "events", {kind: spec})


def ids_in(rows: Any) -> Any:
    if is_object(rows):
        return {key: row["id"] for key, row in rows.items()}
    return [row["id"] for row in rows] if is_list(rows) else rows


def memory_of(client: Client, number: int) -> int:
    return int(client.get(f"{VMS}{number}/")["memory"])


@pytest.mark.parametrize("executed", [True, False])
def test_a_reset_connection_tells_nothing_of_the_effect(client: Client, executed: bool) -> None:  # noqa: FBT001  # the table's column
    happen(client, "reply_lost", method="PATCH", executed=executed)
    with pytest.raises(LOST):
        client.ask("PATCH", VMS + "1/", {"memory": 7})
    assert memory_of(client, 1) == (7 if executed else 2048)
    assert client.ask("PATCH", VMS + "1/", {"memory": 8}).status == 200


def test_a_proxy_answers_with_a_page(client: Client) -> None:
    happen(client, "reply_fails", status=502, count=2, path=VMS + "*")
    for _ in range(2):
        got = client.ask("GET", VMS)
        assert (got.status, got.headers["Content-Type"]) == (502, "text/html; charset=utf-8")
        assert b"502 Bad Gateway" in got.body
        assert "API-Version" not in got.headers
    assert client.ask("GET", VMS).status == 200


def test_a_refusal_has_the_text_that_was_asked_for(client: Client) -> None:
    happen(client, "reply_fails", status=403, body={"detail": "Token expired"}, count=None)
    got = client.ask("GET", VMS)
    assert (got.status, got.document, got.headers["API-Version"]) == (403, {"detail": "Token expired"}, "4.6")
    happen(client, "calm")
    assert client.ask("GET", VMS).status == 200


def test_an_answer_is_cut_in_the_middle(client: Client) -> None:
    whole = client.ask("GET", VMS).body
    happen(client, "reply_cut", path=VMS)
    cut = client.ask("GET", VMS)
    assert (cut.status, cut.body) == (200, whole[: len(whole) // 2])
    happen(client, "reply_cut", path=VMS, closed=True, part=0.2)
    with pytest.raises(http.client.IncompleteRead) as caught:
        client.ask("GET", VMS)
    assert caught.value.partial == whole[: len(whole) // 5]


def test_an_answer_comes_in_pieces(client: Client) -> None:
    whole = client.ask("GET", VMS).body
    happen(client, "reply_drips", path=VMS, seconds=0.2, count=1)
    assert client.ask("GET", VMS).body == whole
    happen(client, "reply_drips", path=VMS, seconds=60)
    where = urlsplit(client.url)
    with socket.create_connection((str(where.hostname), int(where.port or 0)), timeout=60) as line:
        head = f"GET {VMS} HTTP/1.1\r\nHost: {where.netloc}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
        line.sendall(head.encode())
        first = line.recv(len(whole) * 2)
    assert first.startswith(b"HTTP/1.1 200 OK")
    assert len(first) < len(whole)


def test_a_redirection_leads_elsewhere(client: Client) -> None:
    happen(client, "reply_fails", status=302, body=None, headers={"Location": "http://netbox.invalid/login/"})
    got = client.ask("GET", VMS)
    assert (got.status, got.headers["Location"]) == (302, "http://netbox.invalid/login/")


def test_the_next_page_is_on_another_host(client: Client) -> None:
    happen(client, "reply_shape", path=VMS, shape="elsewhere")
    assert client.get(VMS + "?limit=1")["next"] == f"http://netbox.invalid{VMS}?limit=1&offset=1"


def test_an_answer_without_body_cannot_be_cut(client: Client) -> None:
    happen(client, "reply_cut", method="DELETE")
    assert client.ask("DELETE", VMS + "3/").status == 204


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ("list", [1, 2, 3]),
        ("object", {"0": 1, "1": 2, "2": 3}),
        ("short", [1]),
        ("null", None),
        ("text", "maintenance"),
    ],
)
def test_an_answer_has_another_shape(client: Client, shape: str, expected: Any) -> None:
    happen(client, "reply_shape", path=VMS, shape=shape)
    got = client.ask("GET", VMS + "?ordering=id").document
    assert ids_in(got["results"] if is_object(got) else got) == expected
    assert client.ask("GET", VMS).document["count"] == 3


def test_an_answer_is_a_page_for_people(client: Client) -> None:
    happen(client, "reply_shape", shape="html")
    got = client.ask("GET", VMS)
    assert (got.status, got.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("reply_shape", {"shape": "round"}),
        ("version", {"value": "3.0"}),
        ("token_refused", {"why": "mood"}),
        ("request", {"path": VMS + "99/"}),
        ("request", {"path": VMS, "as": "eve"}),
        ("backup_restored", {}),
        ("after_request", {"then": {"nonsense": {}}}),
    ],
)
def test_what_cannot_happen_is_refused(client: Client, kind: str, spec: dict[str, Any]) -> None:
    assert client.ask("POST", "/lab/events", {kind: spec}).status == 400


def test_a_slow_answer_takes_its_time(client: Client) -> None:
    before = client.lab("GET", "clock")["now"]
    happen(client, "latency", seconds=40, path=VMS)
    assert client.ask("GET", VMS).status == 200
    assert client.lab("GET", "clock")["now"] == pytest.approx(before + 40)


@pytest.fixture(scope="module")
def other() -> Generator[Client]:
    """An emulator whose end the test watches."""
    with start_netbox(seed=7, state=ESTATE) as running:
        yield Client(running.url)


def test_a_silent_server_takes_a_request_and_never_answers(other: Client) -> None:
    happen(other, "silence", path=VMS, count=None)
    where = urlsplit(other.url)
    with socket.create_connection((str(where.hostname), int(where.port or 0)), timeout=1) as line:
        line.sendall(f"GET {VMS} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\r\n".encode())
        with pytest.raises(TimeoutError):
            line.recv(1)
    assert other.ask("GET", CHANGES).status == 200


def test_share_and_time_limit_a_trouble(client: Client) -> None:
    happen(client, "reply_fails", status=503, share=0.5)
    met = {client.ask("GET", VMS).status for _ in range(30)}
    assert met == {200, 503}
    happen(client, "calm")
    happen(client, "reply_fails", status=503, for_s=60)
    assert [client.ask("GET", VMS).status for _ in range(3)] == [503, 503, 503]
    client.lab("POST", "clock", {"advance": 61})
    assert client.ask("GET", VMS).status == 200


def test_version_4_5_has_neither_cursors_nor_etags(client: Client) -> None:
    happen(client, "version", value="4.5")
    listed = client.ask("GET", VMS + "?start=3&limit=2")
    assert (listed.headers["API-Version"], listed.document["count"]) == ("4.5", 3)
    assert len(listed.document["results"]) == 2
    assert client.get("/api/status/")["netbox-version"].startswith("4.5.")
    got = client.ask("GET", VMS + "1/")
    assert "ETag" not in got.headers
    assert client.ask("PATCH", VMS + "1/", {"memory": 5}, If_Match='W/"old"').status == 200
    tags = client.ask("PATCH", VMS + "1/", {"remove_tags": [1], "memory": 6}).document["tags"]
    assert len(tags) == 2


def test_version_4_7_shows_other_shapes(client: Client) -> None:
    happen(client, "version", value="4.7")
    vm = client.get(VMS + "1/?exclude=config_context")
    assert vm["config_context"] == {}
    assert vm["custom_fields"]["phase"] == {"value": "done", "label": "Done"}
    changed = client.ask("PATCH", VMS + "1/", {"custom_fields": {"phase": "new"}}).document
    assert changed["custom_fields"]["phase"]["value"] == "new"
    service = {"name": "web", "protocol": "tcp", "ports": [80], "parent_object_id": 1}
    made = client.ask(
        "POST", "/api/ipam/services/", service | {"parent_object_type": "virtualization.virtualmachine"}
    ).document
    assert made["port_mappings"] == [{"protocol": {"value": "tcp", "label": "TCP"}, "ports": [80]}]


def test_version_4_7_says_which_of_several_is_bad(client: Client) -> None:
    happen(client, "version", value="4.7")
    bad = [{"id": 1, "memory": 1}, {"id": 2, "status": "zzz"}]
    errors = [{"index": 1, "status": ["zzz is not a valid choice."]}]
    assert client.ask("PATCH", VMS, bad).document["errors"] == errors
    bad = [{"name": "a", "cluster": 1}, {"cluster": 1}]
    assert client.ask("POST", VMS, bad).document["errors"] == [
        {"index": 1, "name": ["This field is required."]}
    ]


def test_a_backup_takes_objects_and_ids_back(client: Client) -> None:
    client.ask("PATCH", VMS + "1/", {"memory": 1})
    happen(client, "backup_made")
    client.ask("PATCH", VMS + "1/", {"memory": 2})
    made = client.ask("POST", VMS, {"name": "later", "cluster": 1}).document["id"]
    assert client.ask("GET", CHANGES).ids == [3, 2, 1]
    happen(client, "backup_restored")
    assert client.ask("GET", CHANGES).ids == [1]
    assert memory_of(client, 1) == 1
    assert client.ask("GET", f"{VMS}{made}/").status == 404
    again = client.ask("POST", VMS, {"name": "other", "cluster": 1}).document["id"]
    assert again == made
    assert client.ask("GET", CHANGES).ids == [2, 1]


def test_rows_made_straight_in_the_database_leave_no_change(client: Client) -> None:
    fields = {"name": "quiet", "cluster": 1, "status": "active"}
    happen(client, "row_made", endpoint="virtualization/virtual-machines", fields=fields)
    assert client.get(VMS + "?name=quiet")["count"] == 1
    assert client.get(CHANGES)["count"] == 0


def test_json_of_an_event_must_be_an_object(client: Client) -> None:
    assert client.raw("POST", "/lab/events", {}, json.dumps([1]).encode()).status == 400
