"""Troubles that stand: by count, for a time, by chance, and until `calm`."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.systems.lab_proxmox.core_api import as_token
from tests.systems.lab_proxmox.test_core_faults import TWO_NODES, pools

if TYPE_CHECKING:
    from tests.systems.lab_proxmox.core_api import Client

VM = "/nodes/pve1/qemu/100"


def happen(client: Client, kind: str, **spec: Any) -> None:
    client.lab("POST", "events", {kind: spec})


def took(client: Client, method: str, path: str) -> float:
    before = client.now()
    client.ask(method, path)
    return client.now() - before


def made(client: Client, **options: Any) -> None:
    assert client.ask("POST", "/nodes/pve1/qemu", vmid=100, **options).status == 200
    client.finish()


def test_requests_are_slow_as_often_as_said(client: Client) -> None:
    assert client.root()
    happen(client, "latency", seconds=7, method="GET", path="/pools", count=2)
    assert [took(client, "GET", path) for path in ("/version", "/pools", "/pools", "/pools")] == [
        pytest.approx(seconds) for seconds in (0, 7, 7, 0)
    ]


def test_requests_are_slow_for_a_time(client: Client) -> None:
    assert client.root()
    happen(client, "latency", seconds=4, for_s=9)
    assert [took(client, "GET", "/version") for _ in range(4)] == [pytest.approx(s) for s in (4, 4, 4, 0)]


def test_requests_are_slow_until_it_is_calm_again_and_never_equally(client: Client) -> None:
    assert client.root()
    happen(client, "latency", seconds=2, jitter=3, count=None)
    seconds = [took(client, "GET", "/version") for _ in range(5)]
    assert all(2 <= each <= 5 for each in seconds)
    assert len({round(each, 3) for each in seconds}) == 5
    happen(client, "calm")
    assert took(client, "GET", "/version") == pytest.approx(0)


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_a_storm_hits_its_share_and_the_seed_repeats_whom(client: Client, share: float) -> None:
    def storm() -> list[int]:
        client.reset()
        happen(client, "reply_fails", status=503, method="GET", path="/version", share=share, count=1_000_000)
        return [client.ask("GET", "/version").status for _ in range(100)]

    first = storm()
    assert first == storm()
    assert first.count(503) == {0.0: 0, 1.0: 100}.get(share, pytest.approx(30, abs=12))


def test_an_answer_that_times_out_is_carried_out_later(client: Client) -> None:
    happen(client, "reply_lost", status=596, later=5, path="/pools")
    assert client.ask("POST", "/pools", poolid="p").status == 596
    assert pools(client) == []
    client.lab("POST", "clock", {"advance": 5})
    assert pools(client) == ["p"]


def test_tasks_of_a_type_fail_by_share(client: Client) -> None:
    made(client)
    happen(client, "task_fails", exitstatus="no luck", type="qmstart", share=0.5)
    ended = []
    for _ in range(40):
        upid = client.ask("POST", f"{VM}/status/start").data
        client.finish()
        ended.append(client.task(upid)["exitstatus"])
        upid = client.ask("POST", f"{VM}/status/stop").data
        client.finish()
        assert client.task(upid)["exitstatus"] == "OK"
    assert set(ended) == {"OK", "no luck"}
    assert 8 <= ended.count("no luck") <= 32
    happen(client, "calm")
    upid = client.ask("POST", f"{VM}/status/start").data
    client.finish()
    assert client.task(upid)["exitstatus"] == "OK"


def test_a_held_lock_times_out_whoever_waits_for_it(client: Client) -> None:
    made(client)
    happen(client, "guest_lock_held", vmid=100)
    before = client.now()
    got = client.ask("PUT", f"{VM}/config", memory=600)
    assert got.reason == "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"
    assert client.now() - before == pytest.approx(10, abs=0.5)
    assert client.ask("PUT", f"{VM}/config", memory=600).status == 200


def test_a_lock_in_the_config_stays_until_it_is_taken_away(client: Client) -> None:
    made(client)
    happen(client, "guest_lock_held", vmid=100, lock="backup")
    assert client.ask("PUT", f"{VM}/config", memory=600).reason == "VM is locked (backup)"
    happen(client, "calm")
    assert client.ask("PUT", f"{VM}/config", memory=600).status == 200


def test_a_busy_daemon_times_out_and_does_the_work_when_it_is_free(client: Client) -> None:
    assert client.root()
    happen(client, "daemon_busy", seconds=45)
    assert client.ask("GET", "/version").status == 200
    before = client.now()
    assert client.ask("POST", "/pools", poolid="p").status == 596
    assert client.now() - before == pytest.approx(30)
    assert pools(client) == []
    assert client.ask("POST", "/pools", poolid="q").status == 200
    assert client.now() - before == pytest.approx(45, abs=1)
    assert sorted(pools(client)) == ["p", "q"]


def test_a_daemon_stays_busy_until_it_is_calm(client: Client) -> None:
    client.reset(**TWO_NODES)
    assert client.root()
    happen(client, "daemon_busy", node="pve2")
    assert client.ask("POST", "/nodes/pve2/qemu", vmid=100).status == 596
    happen(client, "calm")
    client.finish()
    assert client.ask("GET", "/nodes/pve2/qemu/100/config").status == 200


def test_a_token_loses_privileges_and_gets_them_back(client: Client) -> None:
    client.reset(
        users=[{"userid": "ctl@pve"}],
        tokens=[{"tokenid": "ctl@pve!plumb", "secret": "11111111-2222-4333-8444-555555555555"}],
        acls=[
            {"path": "/vms", "type": kind, "ugid": who, "roleid": "PVEVMAdmin"}
            for kind, who in (("user", "ctl@pve"), ("token", "ctl@pve!plumb"))
        ],
    )
    made(client)
    headers = as_token("ctl@pve!plumb", "11111111-2222-4333-8444-555555555555")

    def asked() -> str:
        return client.raw("GET", f"/api2/json{VM}/config", headers).reason

    assert asked() == "OK"
    happen(client, "acl_taken", path="/vms", ugid="ctl@pve!plumb")
    assert asked() == "Permission check failed (/vms/100, VM.Audit)"
    happen(client, "acl_given", path="/vms/100", ugid="ctl@pve!plumb", role="PVEAuditor")
    assert asked() == "OK"
    happen(client, "acl_taken", path="/vms", ugid="ctl@pve", roleid="PVEVMAdmin")
    assert asked() == "Permission check failed (/vms/100, VM.Audit)"
    happen(client, "calm")
    assert asked() == "OK"


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("node_offline", {"value": "pve2"}),
        ("packets_dropped", {"node": "pve2"}),
        ("service_stop", {"value": "pveproxy", "node": "pve2"}),
        ("quorum", {"value": False}),
        ("reply_lost", {"status": 595, "method": "GET", "count": None}),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_calm_ends_every_trouble(client: Client, kind: str, spec: dict[str, Any]) -> None:
    client.reset(**TWO_NODES)
    assert client.root()
    happen(client, kind, **spec)
    happen(client, "calm")
    assert client.ask("GET", "/nodes/pve2/status").status == 200
    assert client.ask("POST", "/pools", poolid="p").status == 200


def test_a_storm_hits_each_of_many_at_once_on_its_own(client: Client) -> None:
    assert client.root()
    happen(client, "reply_fails", status=500, method="GET", path="/pools", count=5)
    seen: list[int] = []
    threads = [
        threading.Thread(target=lambda: seen.append(client.ask("GET", "/pools").status)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [200] * 3 + [500] * 5
