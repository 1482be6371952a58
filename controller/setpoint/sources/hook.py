"""The address that a forge calls at every push, so that nobody waits for the next poll. GitHub, Forgejo and Gitea."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from setpoint.model.secret import Secret

BODY_LIMIT = 4 << 20
"""Bytes; a push of very many commits may be larger, and is then found by the next poll."""

BODY_TIMEOUT = 10.0
"""Seconds for the whole call to arrive."""

_SIGNATURES = ("X-Hub-Signature-256", "X-Forgejo-Signature", "X-Gitea-Signature")
_EVENTS = ("X-Forgejo-Event", "X-Gitea-Event", "X-GitHub-Event")


def hook_app(secret: Secret, branch: str, on_push: Callable[[], None]) -> web.Application:
    """An application with the one route `POST /hook`.

    Args:
        secret: what the forge signs its calls with.
        branch: pushes to any other are answered and ignored.
        on_push: called once for each push to the branch.
    """

    async def hook(request: web.Request) -> web.Response:
        body = await _body(request)
        if body is None:
            return _say(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the call is too large; the next poll finds the push"
            )
        if not is_signed(secret, request.headers, body):
            return _say(HTTPStatus.UNAUTHORIZED, "the signature is missing or wrong")
        status, sentence, pushed = judge(request.headers, body, branch)
        if pushed:
            on_push()
        return _say(status, sentence)

    app = web.Application()
    app.router.add_post("/hook", hook)
    return app


def is_signed(secret: Secret, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether one of the signatures is right; compared in constant time."""
    expected = hmac.new(secret.reveal().encode(), body, hashlib.sha256).hexdigest().encode()
    given = [headers[name].removeprefix("sha256=") for name in _SIGNATURES if name in headers]
    return any(hmac.compare_digest(expected, one.encode(errors="replace")) for one in given)


def judge(headers: Mapping[str, str], body: bytes, branch: str) -> tuple[HTTPStatus, str, bool]:
    """What to answer to a signed call, and whether it is a push to the branch."""
    event = next((headers[name] for name in _EVENTS if name in headers), "")
    if event == "ping":
        return HTTPStatus.OK, "the hook works", False
    if event != "push":
        return HTTPStatus.OK, "only pushes are of interest; this event is ignored", False
    ref = _ref(body, headers.get("Content-Type", ""))
    if ref is None:
        return HTTPStatus.BAD_REQUEST, "the push is not told as JSON with a ref", False
    if ref != f"refs/heads/{branch}":
        return HTTPStatus.OK, f"only pushes to {branch} are of interest; this one is ignored", False
    return HTTPStatus.ACCEPTED, f"{branch} is fetched now", True


def _ref(body: bytes, content_type: str) -> str | None:
    """GitHub sends JSON, or the same as the field of a form."""
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            body = parse_qs(body.decode())["payload"][0].encode()
        told: Any = json.loads(body)
        ref = told["ref"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return ref if isinstance(ref, str) else None


async def _body(request: web.Request) -> bytes | None:
    """The whole body; None when it is too large or does not come."""
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > BODY_LIMIT:
                    return None
    except TimeoutError:
        return None
    return bytes(body)


def _say(status: HTTPStatus, sentence: str) -> web.Response:
    return web.Response(status=status, text=f"{sentence}\n")
