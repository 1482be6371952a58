"""What other users of this host may do, asked for by real processes under their numbers."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from aiohttp import web

from setpoint.surface.bind import bind_socket
from setpoint.surface.roles import Door
from setpoint.surface.socket import make_app
from tests.security.somebody import GROUP, ROOT, UID, Somebody, door, name, named
from tests.served import Served

Request: TypeAlias = tuple[str, str, dict[str, Any] | None]

SEEN: list[Request] = [("GET", route, None) for route in ("status", "keys", "drift", "history", "whoami")]
HELD: list[Request] = [
    ("POST", "resync", {"keys": ["Box/a"]}),
    ("POST", "order", {"keys": ["Box/a"]}),
    ("POST", "freeze", {"why": "a test", "key": "Box/b"}),
    ("POST", "unfreeze", {"key": "Box/b"}),
]
RELEASED: list[Request] = [
    ("POST", "approve", {"token": "nothing"}),
    ("POST", "forget", {"key": "Box/none"}),
    ("POST", "order", {"keys": ["Box/none"], "atOnce": True}),
    ("POST", "order", {"keys": ["Box/none"], "changes": {"/colour": "blue"}}),
]


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that everybody may enter, unlike those that tests get."""
    with tempfile.TemporaryDirectory(prefix="setpoint-door-") as folder:
        Path(folder).chmod(0o711)
        yield Path(folder) / "setpoint.sock"


@asynccontextmanager
async def opened(served: Served, place: Path, somewhere: Door) -> AsyncGenerator[Somebody]:
    """A second door to the daemon, at which the file's mode stops nobody."""
    listening = bind_socket(place)
    os.chmod(place, 0o666)  # noqa: PTH101, S103  # a call, not a wait; that it is open is the point
    runner = web.AppRunner(make_app(served.supervisor, somewhere), access_log=None)
    await runner.setup()
    await web.SockSite(runner, listening.socket).start()
    yield Somebody(place)
    await runner.cleanup()


def versioned(calls: list[Request]) -> list[Request]:
    return [(method, f"/v1/{route}", body) for method, route, body in calls]


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
async def test_each_role_may_do_what_is_its_own_and_no_more(served: Served, place: Path, role: str) -> None:
    await served.in_sync("Box/a", "Box/b")
    async with opened(served, place, door(named(role))) as somebody:
        answers = await somebody.asks(*versioned([*SEEN, *HELD, *RELEASED]))
    seen, held, released = (
        answers[: len(SEEN)],
        answers[len(SEEN) : -len(RELEASED)],
        answers[-len(RELEASED) :],
    )
    assert [status for status, _ in seen] == [200] * len(SEEN)
    assert seen[-1][1] == {"user": name(), "role": role}
    assert [status for status, _ in held] == [403 if role == "viewer" else 200] * len(HELD)
    assert [status for status, _ in released] == [404 if role == "admin" else 403] * len(RELEASED)
    if role == "viewer":
        assert held[0][1].startswith(
            f"{name()} has the role viewer, and this needs operator; use sudo, or have"
        )
    if role != "admin":
        assert f"{name()} has the role {role}, and this needs admin; " in released[0][1]


async def test_what_was_refused_was_not_done(served: Served, place: Path) -> None:
    await served.in_sync("Box/a", "Box/b")
    async with opened(served, place, door(named("viewer"))) as somebody:
        await somebody.asks(*versioned(HELD[:2]))
    assert (await served.get("/v1/status"))["freezes"] == []
    events = (await served.get("/v1/history", limit=100))["events"]
    assert not [event for event in events if event["kind"] == "resync"]


async def test_history_names_the_user_of_the_process_whatever_it_claims(served: Served, place: Path) -> None:
    await served.in_sync("Box/a", "Box/b")
    async with opened(served, place, door(named("operator"))) as somebody:
        (forged, _), (asked, _) = await somebody.asks(
            ("POST", "/v1/resync", {"keys": ["Box/a"], "by": "root"}),
            ("POST", "/v1/resync", {"keys": ["Box/a"]}),
        )
    assert (forged, asked) == (400, 200)
    events = (await served.get("/v1/history", key="Box/a", limit=20))["events"]
    assert [event["actor"] for event in events if event["kind"] == "resync"] == [name()]


async def test_a_stranger_learns_nothing(served: Served, place: Path) -> None:
    await served.in_sync("Box/a")
    async with opened(served, place, door(None)) as somebody:
        answers = await somebody.asks(*versioned([*SEEN, *HELD, *RELEASED]))
    assert {status for status, _ in answers} == {403}
    assert f"{name()} may not talk to the daemon; add that user to the group " in answers[0][1]
    assert "Box/a" not in json.dumps(answers)


@pytest.mark.parametrize("by", ["group", "owner"])
async def test_without_settings_the_group_operates_and_the_daemons_user_is_admin(
    served: Served, place: Path, by: str
) -> None:
    await served.in_sync("Box/a")
    group = GROUP.gr_gid if ROOT else os.getgid()
    somewhere = door(None, group=group) if by == "group" else Door(UID, 0, None)
    async with opened(served, place, somewhere) as somebody:
        ((_, told),) = await somebody.asks(("GET", "/v1/whoami", None))
    assert told["role"] == ("operator" if by == "group" else "admin")


async def test_the_file_itself_is_closed_to_whoever_is_not_in_its_group(served: Served) -> None:
    path = served.client.path
    assert path.stat().st_mode & 0o007 == 0
    if ROOT:
        ((status, told),) = await Somebody(path).asks(("GET", "/v1/status", None))
        assert (status, "may not be opened by you" in told) == (0, True)
