"""The push hook, spoken to over HTTP as forges do."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest
from aiohttp import web

from setpoint.model.errors import SettingsError
from setpoint.model.secret import Secret
from setpoint.surface import calls
from setpoint.surface.calls import Bundle
from setpoint.surface.doorman import Doorman, Manners
from setpoint.surface.hook import hook_app
from setpoint.testing.clock import virtual_run

SECRET = Secret("sésame")


class Forge:
    """Calls the hook, and counts how often a push was believed."""

    def __init__(self) -> None:
        self.pushes = 0
        self.url = ""
        self.broken = False

    def secret(self) -> Secret:
        if self.broken:
            raise SettingsError("the secret is gone")
        return SECRET

    def pushed(self) -> None:
        self.pushes += 1

    async def call(self, body: bytes, headers: dict[str, str]) -> tuple[int, str]:
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/hook", data=body, headers=headers) as response,
        ):
            return response.status, await response.text()


@pytest.fixture
async def forge() -> AsyncIterator[Forge]:
    forge = Forge()
    root = web.Application()
    root.add_subapp("/forge", hook_app(forge.secret, "main", forge.pushed))
    runner = web.AppRunner(root)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    forge.url = f"http://127.0.0.1:{runner.addresses[0][1]}/forge"
    yield forge
    await runner.cleanup()


def push(ref: str = "refs/heads/main") -> bytes:
    return json.dumps({"ref": ref, "after": "1" * 40}).encode()


def sign(body: bytes, secret: Secret = SECRET) -> str:
    return hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest()


def github(body: bytes, event: str = "push", **more: str) -> dict[str, str]:
    headers = {"X-GitHub-Event": event, "X-Hub-Signature-256": f"sha256={sign(body)}"}
    return {"Content-Type": "application/json", **headers, **more}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(lambda body: github(body), id="GitHub"),  # noqa: PLW0108 - like the others
        pytest.param(lambda body: {"X-Gitea-Event": "push", "X-Gitea-Signature": sign(body)}, id="Gitea"),
        pytest.param(
            lambda body: {"X-Forgejo-Event": "push", "X-Forgejo-Signature": sign(body)}, id="Forgejo"
        ),
        pytest.param(
            lambda body: github(body, **{"X-Forgejo-Event": "push", "X-Forgejo-Signature": sign(body)}),
            id="Forgejo as it really calls",
        ),
    ],
)
async def test_a_push_to_the_branch_is_believed(forge: Forge, headers: Any) -> None:
    assert await forge.call(push(), headers(push())) == (202, "main is fetched now\n")
    assert forge.pushes == 1


async def test_a_push_in_a_form_is_believed(forge: Forge) -> None:
    body = urlencode({"payload": push().decode()}).encode()
    status, _ = await forge.call(body, github(body, **{"Content-Type": "application/x-www-form-urlencoded"}))
    assert (status, forge.pushes) == (202, 1)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-GitHub-Event": "push"}, id="none"),
        pytest.param({"X-Hub-Signature-256": ""}, id="empty"),
        pytest.param({"X-Hub-Signature-256": f"sha256={'0' * 64}"}, id="wrong"),
        pytest.param({"X-Hub-Signature-256": f"sha256={sign(push(), Secret('other'))}"}, id="other secret"),
        pytest.param({"X-Hub-Signature-256": f"sha256={sign(push('x'))}"}, id="other body"),
        pytest.param({"X-Hub-Signature": f"sha1={sign(push())}"}, id="weak"),
        pytest.param({"X-Gitea-Signature": "ünïcode"}, id="not ASCII"),
    ],
)
async def test_a_call_that_is_not_signed_is_refused_without_detail(
    forge: Forge, headers: dict[str, str]
) -> None:
    answer = await forge.call(push(), {"X-GitHub-Event": "push", **headers})
    assert answer == (401, "the signature is missing or wrong\n")
    assert forge.pushes == 0


@pytest.mark.parametrize(
    ("body", "event", "status", "sentence"),
    [
        pytest.param(b"{}", "ping", 200, "the hook works", id="ping"),
        pytest.param(b"{}", "issues", 200, "only pushes are of interest", id="event"),
        pytest.param(push("refs/heads/dev"), "push", 200, "only pushes to main are of", id="branch"),
        pytest.param(push("refs/tags/main"), "push", 200, "only pushes to main are of", id="tag"),
        pytest.param(b"[1]", "push", 400, "not told as JSON with a ref", id="list"),
        pytest.param(b'{"ref": 1}', "push", 400, "not told as JSON with a ref", id="number"),
        pytest.param(b"\xff", "push", 400, "not told as JSON with a ref", id="no text"),
        pytest.param(b"[" * 100_000, "push", 400, "not told as JSON with a ref", id="deep"),
        pytest.param(b"", "push", 400, "not told as JSON with a ref", id="empty"),
    ],
)
async def test_anything_else_is_answered_and_ignored(
    forge: Forge, body: bytes, event: str, status: int, sentence: str
) -> None:
    told = await forge.call(body, github(body, event))
    assert told[0] == status
    assert sentence in told[1]
    assert forge.pushes == 0


async def test_a_form_without_a_payload_is_refused(forge: Forge) -> None:
    headers = github(b"a=b", **{"Content-Type": "application/x-www-form-urlencoded"})
    assert (await forge.call(b"a=b", headers))[0] == 400


async def test_a_body_that_is_too_large_is_refused(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "BODY_LIMIT", 1000)
    body = b" " * 1001
    assert (await forge.call(body, github(body)))[0] == 413
    assert (await forge.call(body[:1000], github(body[:1000])))[0] == 400


async def test_a_body_that_does_not_say_how_long_it_is_is_counted(
    forge: Forge, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "BODY_LIMIT", 1000)
    chunk = b"3e8\r\n" + b" " * 1000 + b"\r\n"
    assert await spoken(forge, b"Transfer-Encoding: chunked\r\n\r\n" + 2 * chunk) == b"413"


async def test_a_body_that_says_too_much_is_not_waited_for(forge: Forge) -> None:
    assert await spoken(forge, b"Content-Length: 99999999\r\n\r\n") == b"413"


async def test_a_body_that_does_not_come_is_given_up(forge: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "BODY_TIMEOUT", 0.05)
    assert await spoken(forge, b"Content-Length: 10\r\n\r\nhalf") == b"408"


async def test_without_its_secret_nobody_is_believed(forge: Forge) -> None:
    forge.broken = True
    assert await forge.call(push(), github(push())) == (503, "the hook's secret cannot be read\n")
    assert forge.pushes == 0


async def test_many_pushes_at_once_wake_at_once_and_once_more(forge: Forge) -> None:
    answers = await asyncio.gather(*(forge.call(push(), github(push())) for _ in range(20)))
    assert {status for status, _ in answers} == {202}
    async with asyncio.timeout(10):
        while forge.pushes < 2:
            await asyncio.sleep(0.05)
    assert forge.pushes == 2


def test_rings_in_a_gap_become_one_at_its_end() -> None:
    rung: list[float] = []

    async def script() -> None:
        now = asyncio.get_running_loop().time
        start = now()
        bundle = Bundle(lambda: rung.append(now() - start), 10)
        for wait in (0, 1, 1, 30, 3, 1, 60):
            await asyncio.sleep(wait)
            bundle.ring()
        await asyncio.sleep(60)

    virtual_run(script())
    assert rung == pytest.approx([0, 10, 32, 42, 96], abs=0.01)


async def test_a_connection_is_ended_when_its_time_is_over_whatever_it_sends() -> None:
    door = Doorman(asyncio.Protocol, Manners(9, 0.05, renewed=False))
    async with listening(door) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                assert await reader.read() == b""
        writer.close()


async def test_one_that_goes_on_talking_may_stay_where_its_time_is_renewed() -> None:
    async with listening(Doorman(Echo, Manners(9, 0.5, renewed=True))) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(8):
            writer.write(b"x")
            assert await reader.readexactly(1) == b"x"
            await asyncio.sleep(0.1)
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(10):
                assert await reader.read() == b""
        writer.close()


async def test_so_many_connections_are_let_in_and_another_one_when_one_has_left() -> None:
    door = Doorman(Echo, Manners(2, 60, renewed=False))

    async def said(writer: asyncio.StreamWriter, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(10):
            try:
                writer.write(b"x")
                return await reader.read(1)
            except ConnectionError:
                return b""

    async with listening(door) as port:
        links = [await asyncio.open_connection("127.0.0.1", port) for _ in range(2)]
        assert [await said(writer, reader) for reader, writer in links] == [b"x", b"x"]
        late, late_writer = await asyncio.open_connection("127.0.0.1", port)
        assert await said(late_writer, late) == b""
        links[0][1].close()
        async with asyncio.timeout(10):
            while True:
                again, again_writer = await asyncio.open_connection("127.0.0.1", port)
                answer = await said(again_writer, again)
                again_writer.close()
                if answer == b"x":
                    break
        for writer in (late_writer, links[1][1]):
            writer.close()


class Echo(asyncio.Protocol):
    """Says what it hears."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


@contextlib.asynccontextmanager
async def listening(door: Doorman) -> AsyncIterator[int]:
    server = await asyncio.get_running_loop().create_server(door.admit, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


async def spoken(forge: Forge, rest: bytes) -> bytes:
    """The status of the answer to a call that is written by hand."""
    host, port = forge.url.removeprefix("http://").removesuffix("/forge").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"POST /forge/hook HTTP/1.1\r\nHost: x\r\n" + rest)
    async with asyncio.timeout(10):
        status = (await reader.readline()).split()[1]
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    return status


async def test_only_a_post_is_taken(forge: Forge) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{forge.url}/hook") as response:
        assert response.status == 405
