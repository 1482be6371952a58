from __future__ import annotations

import http.client
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

TWO_NODES: dict[str, Any] = {
    "nodes": [
        {"name": "pve1", "ip": "10.99.0.1", "local": True, "online": True},
        {"name": "pve2", "ip": "10.99.0.2", "local": False, "online": True},
    ],
    "cluster": {"name": "rig", "version": 2},
}


def pools(client: Client) -> list[str]:
    return [row["poolid"] for row in client.ask("GET", "/pools").data]


@pytest.mark.parametrize(
    ("spec", "seconds", "left"),
    [
        ({"status": 596}, 30, ["p"]),
        ({"status": 596, "executed": False}, 30, []),
        ({"status": 595}, 0, []),
    ],
    ids=["timed-out-but-executed", "timed-out", "refused"],
)
def test_an_answer_is_lost_behind_the_proxy(
    client: Client, spec: dict[str, Any], seconds: float, left: list[str]
) -> None:
    client.lab("POST", "events", {"reply_lost": {"method": "POST", "path": "/pools", **spec}})
    before = client.now()
    got = client.ask("POST", "/pools", poolid="p")
    assert (got.status, got.body) == (spec["status"], b"")
    assert client.now() - before == pytest.approx(seconds)
    assert pools(client) == left


@pytest.mark.parametrize(("executed", "left"), [(True, ["p"]), (False, [])], ids=["executed", "not-executed"])
def test_a_connection_is_dropped_without_an_answer(client: Client, executed: bool, left: list[str]) -> None:  # noqa: FBT001
    assert client.root()
    client.lab("POST", "events", {"reply_lost": {"path": "/pools*", "status": 0, "executed": executed}})
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        client.ask("POST", "/pools", poolid="p")
    assert pools(client) == left
    assert [effect["path"] for effect in client.lab("GET", "ledger")] == ["/pools"] * executed


def test_a_loss_hits_as_often_as_it_is_told_and_only_what_it_names(client: Client) -> None:
    client.lab(
        "POST", "events", {"reply_lost": {"method": "GET", "path": "/pools", "status": 595, "count": 2}}
    )
    assert client.ask("GET", "/version").status == 200
    assert [client.ask("GET", "/pools").status for _ in range(3)] == [595, 595, 200]


def test_a_request_is_made_to_fail_without_effect(client: Client) -> None:
    client.lab("POST", "events", {"reply_fails": {"status": 400, "errors": {"comment": "no\n"}}})
    assert client.ask("GET", "/pools").status == 200
    got = client.ask("POST", "/pools", poolid="p")
    assert (got.status, got.errors) == (400, {"comment": "no\n"})
    assert pools(client) == []
    client.lab("POST", "events", {"reply_fails": {"status": 500, "reason": "got timeout"}})
    assert client.ask("POST", "/pools", poolid="p").reason == "got timeout"
    assert client.ask("POST", "/pools", poolid="p").status == 200


def test_a_frozen_daemon_answers_596_and_does_the_work_later(client: Client) -> None:
    assert client.root()
    client.lab("POST", "events", {"service_freeze": {"value": "pvedaemon workers", "node": "pve1"}})
    before = client.now()
    got = client.ask("POST", "/pools", poolid="p")
    assert (got.status, got.reason, got.body) == (596, "Connection timed out", b"")
    assert client.now() - before == pytest.approx(30)
    assert pools(client) == []
    client.lab("POST", "events", {"service_unfreeze": {"value": "pvedaemon workers", "node": "pve1"}})
    assert pools(client) == ["p"]
    assert client.ask("POST", "/pools", poolid="q").status == 200


def test_a_frozen_proxy_of_another_node_times_out(client: Client) -> None:
    client.reset(**TWO_NODES)
    client.lab("POST", "events", {"service_freeze": {"value": "pveproxy", "node": "pve2"}})
    assert client.ask("GET", "/nodes/pve2/status").status == 596
    assert client.ask("GET", "/nodes/pve1/status").status == 200
    client.lab("POST", "events", {"service_unfreeze": {"value": "pveproxy", "node": "pve2"}})
    assert client.ask("GET", "/nodes/pve2/status").status == 200


def test_a_silent_network_is_595_after_half_a_minute(client: Client) -> None:
    client.reset(**TWO_NODES)
    client.lab("POST", "events", {"packets_dropped": {"node": "pve2", "port": 8006}})
    before = client.now()
    got = client.ask("GET", "/nodes/pve2/status")
    assert (got.status, got.reason) == (595, "Connection timed out")
    assert client.now() - before == pytest.approx(30)
    client.lab("POST", "events", {"packets_pass": {"node": "pve2", "port": 8006}})
    assert client.ask("GET", "/nodes/pve2/status").status == 200
