"""The API on the socket: what it answers, what it refuses, and that it tells the truth about a resync."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from setpoint.cli.client import Client, DaemonDownError, RefusedError
from setpoint.decide.breaker import IN_A_ROW
from setpoint.model.errors import StateError, TransportError
from setpoint.surface.bind import LONGEST, bind_socket
from setpoint.surface.peer import Peer
from tests.served import Served, box, row


async def test_status_tells_source_resources_and_lanes(served: Served) -> None:
    status = await served.in_sync("Shelf/s", "Box/a", "Box/b")
    assert (status["estate"], status["phase"], status["pid"]) == ("home", "running", os.getpid())
    assert status["source"]["good"]
    assert status["source"]["version"] == served.supervisor.estate.version
    assert status["lanes"] == [
        {
            "target": "Shelf/s",
            "changed": 0,
            "resync": 0,
            "running": [],
            "places": {},
            "waiting": [],
            "down": [],
        }
    ]
    a = row(status, "Box/a")
    assert (a["outcome"], a["reason"], a["target"], a["origin"]) == (
        "Done",
        "InSync",
        "Shelf/s",
        "a.yaml:1:1",
    )
    assert a["detail"] == {"colour": "red"}
    one = await served.get("/v1/status", key="Box/a")
    assert [row["key"] for row in one["resources"]] == ["Box/a"]


async def test_status_tells_which_part_of_a_target_is_down(served: Served) -> None:
    await served.in_sync("Shelf/s", "Box/a")
    (lane,) = served.supervisor.estate.lanes.values()
    for _ in range(IN_A_ROW):
        with contextlib.suppress(TransportError):
            async with lane.gate.using("drawer/1"):
                raise TransportError("it is stuck", scope="drawer/1")
    status = await served.get("/v1/status")
    (down,) = status["lanes"][0]["down"]
    assert (down["scope"], down["why"]) == ("drawer/1", "it is stuck")
    assert down["nextProbe"] >= down["since"]


async def test_drift_tells_both_values_and_what_was_corrected(served: Served) -> None:
    served.write(b=box("b", "colour: red", policy="drift: warn"))
    await served.until(lambda s: row(s, "Box/b").get("drift") == "warn")
    await served.in_sync("Box/a", "Box/b")
    for thing in served.world.things.values():
        thing.fields["colour"] = "green"
    await resync(served, {"all": True})
    drift = await served.get("/v1/drift")
    (left,) = drift["drift"]
    assert {name: left[name] for name in ("key", "path", "desired", "observed", "cause", "drift")} == {
        "key": "Box/b", "path": "/colour", "desired": "red", "observed": "green", "cause": "drift", "drift": "warn",
    }  # fmt: skip
    (gone,) = drift["recent"]
    assert (gone["key"], gone["desired"], gone["observed"]) == ("Box/a", "red", "green")
    assert (await served.get("/v1/drift", key="Box/a"))["drift"] == []


async def test_a_resync_is_answered_when_exactly_it_was_handled(served: Served) -> None:
    await served.in_sync("Box/a")
    served.fields("a")["colour"] = "green"
    (answer,) = await resync(served, {"keys": ["Box/a"]})
    assert answer["handled"]
    assert answer["resource"]["outcome"] == "Done"
    assert served.fields("a")["colour"] == "red"


async def test_a_request_that_was_never_made_is_not_answered(served: Served) -> None:
    await served.in_sync("Box/a")
    answer = await served.get("/v1/resync", key="Box/a", number=7, wait=0.2)
    assert not answer["handled"]


async def test_a_resync_beneath_a_dead_target_is_answered_as_blocked(served: Served) -> None:
    await served.in_sync("Box/a")
    served.world.down = True
    (answer,) = await resync(served, {"keys": ["Box/a"]})
    assert (answer["handled"], answer["resource"]["outcome"]) == (True, "Blocked")
    assert "plug it in" in answer["resource"]["sentence"]


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        ({"keys": ["Box/a", "Box/a"]}, {"Box/a"}),
        ({"kind": "Box"}, {"Box/a", "Box/b"}),
        ({"selector": "tier=front"}, {"Box/a"}),
        ({"all": True}, {"Shelf/s", "Box/a", "Box/b"}),
    ],
    ids=["keys", "kind", "selector", "all"],
)
async def test_a_resync_means(served: Served, body: dict[str, Any], keys: set[str]) -> None:
    await served.in_sync("Shelf/s", "Box/a", "Box/b")
    assert set((await served.post("/v1/resync", body))["requests"]) == keys


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        ({"keys": ["Box/aa"]}, 404, "Box/aa is not declared; did you mean Box/a?"),
        ({"keys": ["boxes"]}, 404, "'boxes' is no key"),
        ({"kind": "Crate"}, 404, "no declared resource matches that"),
        ({"selector": "tier="}, 404, "'tier=' is no selector: 'tier=' lacks the label or its value"),
        ({}, 400, "say exactly one of keys, kind, selector and all"),
        ({"kind": "Box", "all": True}, 400, "say exactly one"),
        ({"keys": "Box/a"}, 400, "keys: "),
        ({"force": True, "all": True}, 400, "force: "),
        ({"all": True, "kind": None, "namespace": "x" * 600}, 400, "namespace: "),
        ({"kind": "Box\x1b[2J"}, 400, "kind: it holds a sign that is not to be seen"),
    ],
    ids=[
        "unknown",
        "no key",
        "unknown kind",
        "no selector",
        "nothing",
        "two",
        "type",
        "extra",
        "too long",
        "escape",
    ],
)
async def test_bad_input_is_refused_in_one_sentence(
    served: Served, body: dict[str, Any], status: int, sentence: str
) -> None:
    await served.in_sync("Shelf/s", "Box/a", "Box/b")
    with pytest.raises(RefusedError) as refused:
        await served.post("/v1/resync", body)
    assert refused.value.status == status
    assert sentence in str(refused.value)
    assert "\n" not in str(refused.value)


async def test_a_reason_cannot_steer_the_terminals_of_others(served: Served) -> None:
    with pytest.raises(RefusedError, match="why: it holds a sign that is not to be seen"):
        await served.post("/v1/freeze", {"why": "harmless\x1b]0;title\x07"})


@pytest.mark.parametrize(
    ("method", "target", "body", "status"),
    [
        ("GET", "/v1/resync?key=Box/a&number=1&wait=1e9", b"", 400),
        ("GET", "/v1/history?limit=0", b"", 400),
        ("POST", "/v1/approve", b"{", 400),
        ("POST", "/v1/approve", b"[" * 100_000, 400),
        ("POST", "/v1/approve", b" " * (2 << 20), 413),
        ("GET", "/v2/status", b"", 404),
        ("DELETE", "/v1/status", b"", 405),
    ],
    ids=["long wait", "limit", "no JSON", "deep", "large", "version", "method"],
)
async def test_odd_requests_are_refused_with_json(
    served: Served, method: str, target: str, body: bytes, status: int
) -> None:
    def ask() -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(served.client.path))
        connection.request(method, target, body)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, content

    seen, content = await asyncio.to_thread(ask)
    assert seen == status
    assert content.startswith(b'{"error": ')


async def test_the_actor_of_a_request_is_the_user_of_the_peer(served: Served) -> None:
    await served.in_sync("Box/a")
    await resync(served, {"keys": ["Box/a"]})
    events = (await served.get("/v1/history", key="Box/a", limit=20))["events"]
    (asked,) = [event for event in events if event["kind"] == "resync"]
    assert asked["actor"] == Peer(0, os.getuid(), 0).name
    assert events[0]["at"] >= events[-1]["at"]


async def test_only_what_waits_can_be_approved(served: Served) -> None:
    await served.in_sync("Box/a")
    with pytest.raises(RefusedError, match="nothing waits for approval of 'abc'"):
        await served.post("/v1/approve", {"token": "abc"})
    served.world.things.clear()
    await resync(served, {"keys": ["Box/a"]})
    status = await served.get("/v1/status", key="Box/a")
    (hold,) = row(status, "Box/a")["holds"]
    answer = await served.post("/v1/approve", {"token": hold["token"][:8]})
    assert answer["approved"] == hold["token"]
    await served.in_sync("Box/a")


async def test_problems_and_released_objects_are_told(served: Served) -> None:
    await served.in_sync("Box/a", "Box/b")
    served.write(a="kind: Box\nmetadata: {name: a}\nspec: {colour: [\n")
    (served.folder / "b.yaml").unlink()
    status = await served.until(lambda s: bool(s["problems"] and s["released"]))
    assert status["problems"][0]["file"] == "a.yaml"
    assert status["retained"] == ["Box/a"]
    assert row(status, "Box/a")["retained"]
    assert [item["key"] for item in status["released"]] == ["Box/b"]


async def test_a_stopping_daemon_answers_who_waits(served: Served) -> None:
    await served.in_sync("Shelf/s", "Box/a")
    waiting = asyncio.create_task(served.get("/v1/resync", key="Box/a", number=9, wait=30))
    await asyncio.sleep(0.1)
    served.stop.set()
    async with asyncio.timeout(10):
        assert not (await waiting)["handled"]


async def test_the_socket_is_closed_to_strangers(served: Served) -> None:
    assert stat.S_IMODE(served.client.path.stat().st_mode) == 0o660
    assert [path.name for path in served.client.path.parent.glob(".*")] == []


def test_a_stale_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "setpoint.sock"
    first = bind_socket(path)
    first.socket.close()
    second = bind_socket(path)
    with pytest.raises(StateError, match=r"a daemon answers at .* already; stop that one first"):
        bind_socket(path)
    first.remove()
    assert path.exists()
    second.remove()
    assert not path.exists()
    second.socket.close()


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("file", "is no socket"),
        ("file/x.sock", "cannot be made: "),
        ("x" * 120, "is too long; set a shorter one"),
    ],
    ids=["a file", "below a file", "long"],
)
def test_a_path_that_cannot_be_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StateError, match=sentence):
        bind_socket(tmp_path / name)


def test_a_path_may_be_as_long_as_the_kernel_takes(tmp_path: Path) -> None:
    path = tmp_path / ("x" * (LONGEST - len(str(tmp_path)) - 1))
    bind_socket(path).socket.close()
    assert path.is_socket()
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    with pytest.raises(StateError, match="is too long"):
        bind_socket(path.with_name(f"{path.name}x"))


def test_a_missing_daemon_is_told_with_how_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(DaemonDownError, match="nobody answers; start the daemon: systemctl start setpoint"):
        Client(tmp_path / "setpoint.sock").get("/v1/status")


async def resync(served: Served, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Ask, and wait for every answer."""
    requests = (await served.post("/v1/resync", body))["requests"]
    return [
        await served.get("/v1/resync", key=key, number=number, wait=10, seconds=20)
        for key, number in requests.items()
    ]
