"""What NetBox calls at every change: a hint that now is the time to ask, of which nothing is kept; a lost one is only late."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web

from setpoint.model.secret import Secret
from setpoint.surface.calls import GAP, Bundle, Refusals, RefusedError, say, signed_body
from setpoint.surface.doorman import Manners, open_door
from setpoint_netbox.settings import WebhookSettings

MANNERS: Final = Manners(most=32, longest=15.0, renewed=False)
"""NetBox sends one call after the other and waits for each answer, so it is given at once."""
FRESH: Final = 300.0
"""Seconds for which a call counts after what it tells of: an old one that is sent again wakes nobody."""
REMEMBERED: Final = 1_000
"""Calls of which a second one is known."""
SIGNATURE: Final = "X-Hook-Signature"
_log = structlog.stdlib.get_logger("setpoint.hook")


class Calls:
    """Judges calls; knows the last of them."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, ...], None] = OrderedDict()

    def judge(self, body: bytes, now: float) -> tuple[HTTPStatus, str, bool]:
        """What to answer to a signed call, and whether it is news; `now` is in seconds since the epoch."""
        told = _told(body)
        if told is None:
            return (
                HTTPStatus.BAD_REQUEST,
                "the change is not told as NetBox does; leave the body template empty",
                False,
            )
        at, mark = told
        if abs(now - at) > FRESH:
            return HTTPStatus.OK, "this is long ago, or the clocks differ; the next poll finds it", False
        if mark in self._seen:
            return HTTPStatus.OK, "this was told before", False
        self._seen[mark] = None
        while len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)
        return HTTPStatus.ACCEPTED, "NetBox is asked now", True


def is_signed(secret: Secret, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the signature is there and right; compared in constant time. NetBox sends none when its secret is empty."""
    expected = hmac.new(secret.reveal().encode(), body, hashlib.sha512).hexdigest().encode()
    return hmac.compare_digest(expected, headers.get(SIGNATURE, "").encode(errors="replace"))


def hook_app(
    secret: Callable[[], Secret], now: Callable[[], float], wake: Callable[[], None]
) -> web.Application:
    """An application with the one route `POST /hook`.

    Args:
        secret: what NetBox signs its calls with, asked for at every call so that a new one counts at once.
        now: seconds since the epoch.
        wake: called for news, at most once per GAP.
    """
    bundle, refusals, calls = Bundle(wake, GAP), Refusals(), Calls()

    async def hook(request: web.Request) -> web.Response:
        try:
            body = await signed_body(request, "change", secret, is_signed)
        except RefusedError as refused:
            refusals.tell(request.remote, refused.status)
            return say(refused.status, str(refused))
        status, sentence, news = calls.judge(body, now())
        if news:
            _log.info("hook_called", peer=request.remote, of="netbox")
            bundle.ring()
        return say(status, sentence)

    app = web.Application()
    app.router.add_post("/hook", hook)
    return app


@asynccontextmanager
async def serve_hook(
    settings: WebhookSettings,
    secret: Callable[[], Secret],
    now: Callable[[], float],
    wake: Callable[[], None],
) -> AsyncGenerator[str]:
    """Take calls for the length of the block; gives the address.

    Raises:
        SettingsError: the address cannot be listened on, or the secret not be read.
    """
    secret()
    door = open_door(
        hook_app(secret, now, wake), MANNERS, settings.address,
        what="the webhook of NetBox", remedy="set inventories.netbox.webhook.listen to a free address",
    )  # fmt: skip
    async with door as address:
        _log.info("hook_open", address=address)
        yield address


def _told(body: bytes) -> tuple[float, tuple[str, ...]] | None:
    """When something happened, and what tells it from everything else; newer versions have no `request_id` of their own."""
    try:
        told: Any = json.loads(body)
        at = datetime.fromisoformat(told["timestamp"]).timestamp()
        request: object = told["request"]["id"] if "request" in told else told["request_id"]
        return at, tuple(map(str, (request, told["object_type"], told["data"]["id"], told["event"])))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
