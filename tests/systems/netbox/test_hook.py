"""The webhook, called over HTTP as NetBox does."""

from __future__ import annotations

import asyncio
import hmac
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from setpoint.model.errors import SettingsError
from setpoint.model.secret import Secret
from setpoint.surface import calls
from setpoint_netbox.hook import FRESH, REMEMBERED, Calls, hook_app, is_signed, serve_hook
from setpoint_netbox.settings import WebhookSettings
from tests.systems.netbox.ground import NetBox

SECRET = Secret("sésame")
PATIENCE = 60.0
NOW = 1_800_000_000.0


class Sender:
    """Calls the hook, and counts how often it rang."""

    def __init__(self) -> None:
        self.rings = 0
        self.url = ""
        self.broken = False

    def secret(self) -> Secret:
        if self.broken:
            raise SettingsError("the secret is gone")
        return SECRET

    def ring(self) -> None:
        self.rings += 1

    async def call(self, body: bytes, signature: str | None) -> tuple[int, str]:
        headers = {} if signature is None else {"X-Hook-Signature": signature}
        async with (
            aiohttp.ClientSession() as session,
            session.post(f"{self.url}/hook", data=body, headers=headers) as response,
        ):
            return response.status, await response.text()


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    sender = Sender()
    runner = web.AppRunner(hook_app(sender.secret, lambda: NOW, sender.ring))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sender.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield sender
    await runner.cleanup()


def change(number: int = 17, at: float = NOW, **more: Any) -> bytes:
    told = {
        "event": "updated",
        "timestamp": datetime.fromtimestamp(at, UTC).isoformat(),
        "object_type": "virtualization.virtualmachine",
        "data": {"id": number},
        "request": {"id": "b563ff06"},
    }
    return json.dumps({**told, **more}).encode()


def sign(body: bytes, secret: Secret = SECRET, how: str = "sha512") -> str:
    return hmac.new(secret.reveal().encode(), body, how).hexdigest()


async def test_a_signed_call_rings_and_the_same_one_again_does_not(sender: Sender) -> None:
    body = change()
    assert (await sender.call(body, sign(body)))[0] == 202
    assert await sender.call(body, sign(body)) == (200, "this was told before\n")
    assert sender.rings == 1


async def test_many_calls_at_once_are_few_rings(sender: Sender) -> None:
    for number in range(20):
        body = change(number)
        assert (await sender.call(body, sign(body)))[0] == 202
    assert sender.rings <= 3


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param(sign(change(), Secret("another")), id="of another secret"),
        pytest.param(sign(change(), how="sha256"), id="of another sort"),
        pytest.param(sign(change(18)), id="of another body"),
    ],
)
async def test_a_call_without_the_right_signature_is_refused(sender: Sender, signature: str | None) -> None:
    assert await sender.call(change(), signature) == (401, "the signature is missing or wrong\n")
    assert sender.rings == 0


async def test_a_secret_that_cannot_be_read_refuses_all(sender: Sender) -> None:
    sender.broken = True
    assert (await sender.call(change(), sign(change())))[0] == 503
    assert sender.rings == 0


async def test_a_body_that_is_too_large_is_refused(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "BODY_LIMIT", 1000)
    body = change(note="x" * 2000)
    assert (await sender.call(body, sign(body)))[0] == 413


@pytest.mark.parametrize(
    ("body", "status", "news"),
    [
        pytest.param(change(), 202, True, id="news"),
        pytest.param(change(at=NOW - FRESH - 1), 200, False, id="long ago"),
        pytest.param(change(at=NOW + FRESH + 1), 200, False, id="of a clock that is ahead"),
        pytest.param(change(at=NOW - FRESH + 1), 202, True, id="after a while in the queue"),
        pytest.param(change(request=None), 400, False, id="of nobody"),
        pytest.param(b"{}", 400, False, id="nothing"),
        pytest.param(b"[" * 100_000, 400, False, id="no JSON"),
        pytest.param(change(timestamp="soon"), 400, False, id="without a time"),
    ],
)
def test_a_call_comes_to(body: bytes, status: int, *, news: bool) -> None:
    found = Calls().judge(body, NOW)
    assert (found[0], found[2]) == (status, news)


def test_a_call_as_older_versions_make_it_counts() -> None:
    told = json.loads(change())
    del told["request"]
    assert Calls().judge(json.dumps({**told, "request_id": "b563ff06"}).encode(), NOW)[2]


def test_only_the_last_calls_are_remembered() -> None:
    judged = Calls()
    for number in range(REMEMBERED + 1):
        assert judged.judge(change(number), NOW)[2]
    assert judged.judge(change(0), NOW)[2]
    assert not judged.judge(change(REMEMBERED), NOW)[2]


async def test_it_listens_where_the_settings_say_while_the_daemon_runs() -> None:
    settings = WebhookSettings.model_validate({"listen": "127.0.0.1:0", "secret": {"env": "S"}})
    rung = asyncio.Event()
    async with serve_hook(settings, lambda: SECRET, lambda: NOW, rung.set) as address:
        sender = Sender()
        sender.url = f"http://{address}"
        assert (await sender.call(change(), sign(change())))[0] == 202
        assert rung.is_set()
        taken = WebhookSettings.model_validate({"listen": address, "secret": {"env": "S"}})
        with pytest.raises(SettingsError, match="listen to a free address"):
            async with serve_hook(taken, lambda: SECRET, lambda: NOW, rung.set):
                pass


def test_a_signature_as_netbox_makes_it_is_right() -> None:
    """A recorded delivery of NetBox 4.6.8, with a body template of its own because that is short."""
    body = b'{"k":"virtualization.virtualmachine","id":2,"e":"updated","r":"01f3f026-8c9b-436c-b301-8ee2bb9da254"}'
    signature = (
        "d8ef15065d8e4c78c933d6764eeed8012ce5f289f42ccf38eaae8673d16f668d"
        "7423b0d91247118cd3d13a6b17ee590f0d3aea8a1259d63849ca51419f30e8e3"
    )
    secret = Secret("research-hook-secret")
    assert is_signed(secret, {"X-Hook-Signature": signature}, body)
    assert not is_signed(secret, {"X-Hook-Signature": signature}, body + b" ")


@pytest.mark.integration
async def test_netbox_itself_can_call_it(netbox: NetBox) -> None:
    """The whole way: a rule, its webhook, the delivery and its signature are those of the emulator."""
    rung = asyncio.Event()
    settings = WebhookSettings.model_validate({"listen": "127.0.0.1:0", "secret": {"env": "S"}})
    async with serve_hook(settings, lambda: SECRET, time.time, rung.set) as address:
        where = {"payload_url": f"http://{address}/hook", "secret": SECRET.reveal()}
        hook = await asyncio.to_thread(netbox.make, "extras/webhooks", name="setpoint", **where)
        await asyncio.to_thread(
            netbox.make,
            "extras/event-rules",
            name="setpoint",
            object_types=["virtualization.virtualmachine"],
            event_types=["object_created", "object_updated", "object_deleted"],
            action_type="webhook",
            action_object_type="extras.webhook",
            action_object_id=hook,
        )
        await asyncio.to_thread(netbox.machine, 1, "web01")
        await asyncio.wait_for(rung.wait(), PATIENCE)
