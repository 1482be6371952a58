"""What GitHub, Forgejo and Gitea call at every push: a hint that now is the time to fetch, of which nothing is kept."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from aiohttp import web

from setpoint.model.secret import Secret
from setpoint.surface.calls import GAP, Bundle, Refusals, RefusedError, say, signed_body

_MOST_FIELDS: Final = 16
_SIGNATURES = ("X-Hub-Signature-256", "X-Forgejo-Signature", "X-Gitea-Signature")
_EVENTS = ("X-Forgejo-Event", "X-Gitea-Event", "X-GitHub-Event")
_log = structlog.stdlib.get_logger("setpoint.hook")


def hook_app(secret: Callable[[], Secret], branch: str, wake: Callable[[], None]) -> web.Application:
    """An application with the one route `POST /hook`.

    Args:
        secret: what the forge signs its calls with, asked for at every call so that a new one counts at once.
        branch: pushes to any other are answered and ignored.
        wake: called for pushes to the branch, at most once per GAP.
    """
    bundle, refusals = Bundle(wake, GAP), Refusals()

    async def hook(request: web.Request) -> web.Response:
        try:
            status, sentence, pushed = await _judged(request, secret, branch)
        except RefusedError as refused:
            refusals.tell(request.remote, refused.status)
            return say(refused.status, str(refused))
        if pushed:
            _log.info("hook_called", peer=request.remote, branch=branch)
            bundle.ring()
        return say(status, sentence)

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


async def _judged(
    request: web.Request, secret: Callable[[], Secret], branch: str
) -> tuple[HTTPStatus, str, bool]:
    """As `judge`, for a call that is signed; nothing of any other is looked into."""
    body = await signed_body(request, "push", secret, is_signed)
    return judge(request.headers, body, branch)


def _ref(body: bytes, content_type: str) -> str | None:
    """GitHub sends JSON, or the same as the field of a form."""
    try:
        if content_type.startswith("application/x-www-form-urlencoded"):
            body = parse_qs(body.decode(), max_num_fields=_MOST_FIELDS)["payload"][0].encode()
        told: Any = json.loads(body)
        ref = told["ref"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return ref if isinstance(ref, str) else None
