"""How the entry of a file in SETUP is read, and the identities and bodies that come of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.identity import ROOT_PASSWORD, Credentials
from tests.conformance.load import load_trace
from tests.conformance.model import Exchange, Identity, Multipart, Part, Reply, Request
from tests.conformance.schedule import tasks_to_finish
from tests.conformance.test_replayer import CREATE, QUOTED, UPID, entry
from tests.conformance.transport import Transport, encode

if TYPE_CHECKING:
    from tests.conformance.conftest import Bench

CONFIG_REPLY = entry("GET", "/nodes/pve1/qemu/100/config", {"cores": 2, "digest": "x", "name": "a"})
STATUS = f"/nodes/pve1/tasks/{QUOTED}/status"


def task(status: str) -> dict[str, Any]:
    return entry("GET", STATUS, {"upid": UPID, "status": status})


async def test_a_config_may_be_taken_from_a_reply(bench: Bench) -> None:
    source = {"entry": 0, "path": "data", "drop": ["digest"]}
    trace = bench.trace(
        [CONFIG_REPLY], state={"guests": [{"vmid": 100, "config": {}, "config_from": source}]}
    )
    guests: Any = trace.setup.state["guests"]
    assert guests[0]["config"] == {"cores": "2", "name": "a"}


async def test_a_value_may_be_taken_from_a_row_of_a_reply(bench: Bench) -> None:
    rows = entry("GET", "/cluster/status", [{"type": "node", "name": "n"}, {"type": "cluster", "name": "c"}])
    source = {"entry": 0, "path": "data[type=cluster].name"}
    trace = bench.trace([rows], state={"cluster": {"name_from": source}})
    assert trace.setup.state["cluster"] == {"name_from": source, "name": "c"}


async def test_a_file_without_an_entry_starts_from_an_empty_system(bench: Bench) -> None:
    folder = bench.root / "pve" / "traces"
    bench.trace([])
    (folder / "other.json").write_text('[{"note": "x"}, {"request": {"method": "GET", "path": "/"}}]')
    trace = load_trace(bench.root, "pve", folder / "other.json")
    assert trace.setup.remarks == {0}
    assert trace.setup.order == (0, 1)
    assert trace.setup.state["guests"] == []
    assert [identity.name for identity in trace.setup.identities] == ["root@pam ticket"]


async def test_a_multipart_body_is_built_from_its_description(bench: Bench) -> None:
    described = {
        "name": "filename",
        "filename": "a.iso",
        "content_type": "x/y",
        "data": "the byte A, 3 times",
    }
    parts = {"boundary": "B", "parts_in_order": [{"name": "content", "value": "iso"}, described]}
    trace = bench.trace([CREATE], bodies=[{"entry": 0, "multipart": parts}])
    expected = Multipart("B", (Part("content", "iso"), Part("filename", "AAA", "a.iso", "x/y")))
    assert trace.setup.bodies == {0: expected}
    _, kind, body = encode(Request("POST", "/x"), expected)
    assert kind == "multipart/form-data; boundary=B"
    assert body == (
        b'--B\r\nContent-Disposition: form-data; name="content"\r\n\r\niso\r\n'
        b'--B\r\nContent-Disposition: form-data; name="filename"; filename="a.iso"\r\n'
        b"Content-Type: x/y\r\n\r\nAAA\r\n--B--\r\n"
    )


DUE: dict[str, tuple[Any, Any, Any]] = {
    "at once": ([CREATE, task("stopped")], {}, {1: (0,)}),
    "after it was seen running": ([CREATE, task("running"), task("running"), task("stopped")], {}, {3: (0,)}),
    "never when somebody waits": (
        [CREATE, task("stopped")],
        {"waits": [{"entry": 1, "poll": "task", "task_of_entry": 0}]},
        {},
    ),
    "when SETUP says so": (
        [CREATE, task("stopped"), task("stopped")],
        {"events": [{"before": 2, "event": {"task_ends": {"task_of_entry": 0}}}]},
        {2: (0,)},
    ),
    "after the last entry": ([CREATE], {}, {1: (0,)}),
}


@pytest.mark.parametrize(("entries", "setup", "expected"), DUE.values(), ids=DUE)
async def test_when_a_task_must_have_ended(bench: Bench, entries: Any, setup: Any, expected: Any) -> None:
    assert tasks_to_finish(bench.trace(entries, **setup)) == expected


SECRET = "3e45ff6b-20a6-4de0-8e3c-000000000000"
TOKEN = "a@pve!t (privsep)"
HEADERS: dict[str, tuple[Identity, dict[str, str]]] = {
    "nobody": (Identity(0, 0, "none"), {}),
    "exact header": (Identity(0, 0, "none: exactly the Authorization header"), {}),
    "made-up cookie": (Identity(0, 0, "none", cookie="C=x"), {"Cookie": "C=x"}),
    "token": (Identity(0, 0, TOKEN), {"Authorization": f"PVEAPIToken=a@pve!t={SECRET}"}),
    "wrong secret": (
        Identity(0, 0, TOKEN, secret="last", authorization="PVEAPIToken=a@pve!t=<wrong secret>"),
        {"Authorization": f"PVEAPIToken=a@pve!t={SECRET[:-1]}1"},
    ),
    "wrong form": (
        Identity(0, 0, TOKEN, authorization="PVEAPIToken=a@pve!t:<right secret>"),
        {"Authorization": f"PVEAPIToken=a@pve!t:{SECRET}"},
    ),
    "ticket without its header": (
        Identity(0, 0, "root@pam ticket", csrf="header left out"),
        {"Cookie": "PVEAuthCookie="},
    ),
    "ticket with a wrong header": (
        Identity(0, 0, "root@pam ticket", csrf="wrong value: 1:A"),
        {"Cookie": "PVEAuthCookie=", "CSRFPreventionToken": "1:A"},
    ),
}


@pytest.mark.parametrize(("identity", "expected"), HEADERS.values(), ids=HEADERS)
def test_the_headers_of_an_identity(identity: Identity, expected: dict[str, str]) -> None:
    credentials = Credentials(Transport("http://127.0.0.1:1"))
    credentials.learn(Reply(200, "OK", {"data": {"full-tokenid": "a@pve!t", "value": SECRET}}))
    assert credentials.headers(identity) == expected


def test_a_password_that_was_cut_is_replaced_by_what_its_description_asks_for() -> None:
    credentials = Credentials(Transport("http://127.0.0.1:1"))
    assert credentials.password("the real password of root@pam") == ROOT_PASSWORD
    assert credentials.password("<password>") == ROOT_PASSWORD
    assert len(credentials.password("any of 8 characters or more")) >= 8


ENCODED = {
    "query": (Request("GET", "/a", {"b": 1, "c": "x y"}), ("/a?b=1&c=x+y", "", b"")),
    "query of a deletion": (Request("DELETE", "/a", {"b": 1}), ("/a?b=1", "", b"")),
    "form": (
        Request("POST", "/a", {"b": "x=1;y&z"}),
        ("/a", "application/x-www-form-urlencoded", b"b=x%3D1%3By%26z"),
    ),
    "empty form": (Request("POST", "/a", {}), ("/a", "application/x-www-form-urlencoded", b"")),
    "nothing": (Request("PUT", "/a", None), ("/a", "", b"")),
    "json": (Request("PUT", "/a", {"b": [1]}, "json"), ("/a", "application/json", b'{"b": [1]}')),
    "path as it is": (Request("GET", "//a%3A/b:c@d!e/"), ("//a%3A/b:c@d!e/", "", b"")),
}


@pytest.mark.parametrize(("request_", "expected"), ENCODED.values(), ids=ENCODED)
def test_a_request_on_the_wire(request_: Request, expected: tuple[str, str, bytes]) -> None:
    assert encode(request_, None) == expected


async def test_a_recorded_reply_keeps_what_was_recorded(bench: Bench) -> None:
    (recorded,) = bench.trace([entry("GET", "/x", None, status=595, reason="Broken pipe", body="")]).entries
    assert isinstance(recorded, Exchange)
    assert recorded.reply == Reply(595, "Broken pipe", "")
