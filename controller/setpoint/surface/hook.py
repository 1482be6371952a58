"""What GitHub, Forgejo and Gitea call at every push: a hint that now is the time to fetch, of which nothing is kept."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

import structlog
from aiohttp import web

from setpoint.model.errors import SettingsError
from setpoint.model.secret import Secret

BODY_LIMIT: Final = 1 << 20
"""Bytes; a push of very many commits may be larger, and is then found by the next poll."""
BODY_TIMEOUT: Final = 10.0
"""Seconds for the whole body to arrive."""
GAP: Final = 1.0
"""Seconds between two wakings of the source; calls in between become one at their end."""
QUIET: Final = 60.0
"""Seconds between two lines about refused calls."""

_MOST_FIELDS: Final = 16
_SIGNATURES = ("X-Hub-Signature-256", "X-Forgejo-Signature", "X-Gitea-Signature")
_EVENTS = ("X-Forgejo-Event", "X-Gitea-Event", "X-GitHub-Event")
_log = structlog.stdlib.get_logger("setpoint.hook")


class Bundle:
    """Passes rings on at once, but never two within `gap` seconds: those that come too early become one."""

    def __init__(self, ring: Callable[[], None], gap: float) -> None:
        self._ring = ring
        self._gap = gap
        self._next = 0.0
        self._waiting: asyncio.TimerHandle | None = None

    def ring(self) -> None:
        """Ring now, or at the end of the gap."""
        loop = asyncio.get_running_loop()
        if self._waiting is not None:
            return
        if loop.time() >= self._next:
            self._pass()
        else:
            self._waiting = loop.call_at(self._next, self._pass)

    def _pass(self) -> None:
        self._waiting = None
        self._next = asyncio.get_running_loop().time() + self._gap
        self._ring()


class _Refusals:
    """Tells of refused calls without letting strangers fill the disk."""

    def __init__(self) -> None:
        self._untold = 0
        self._next = 0.0

    def tell(self, peer: str | None, status: HTTPStatus) -> None:
        self._untold += 1
        now = asyncio.get_running_loop().time()
        if now >= self._next:
            _log.warning("hook_refused", peer=peer, status=int(status), calls=self._untold)
            self._untold, self._next = 0, now + QUIET


def hook_app(secret: Callable[[], Secret], branch: str, wake: Callable[[], None]) -> web.Application:
    """An application with the one route `POST /hook`.

    Args:
        secret: what the forge signs its calls with, asked for at every call so that a new one counts at once.
        branch: pushes to any other are answered and ignored.
        wake: called for pushes to the branch, at most once per GAP.
    """
    bundle, refusals = Bundle(wake, GAP), _Refusals()

    async def hook(request: web.Request) -> web.Response:
        try:
            status, sentence, pushed = await _judged(request, secret, branch)
        except _RefusedError as refused:
            refusals.tell(request.remote, refused.status)
            return _say(refused.status, str(refused))
        if pushed:
            _log.info("hook_called", peer=request.remote, branch=branch)
            bundle.ring()
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


class _RefusedError(Exception):
    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


async def _judged(
    request: web.Request, secret: Callable[[], Secret], branch: str
) -> tuple[HTTPStatus, str, bool]:
    """As `judge`, for a call that is signed; nothing of any other is looked into."""
    body = await _body(request)
    try:
        value = await asyncio.to_thread(secret)
    except SettingsError as error:
        _log.error("hook_secret_unreadable", why=str(error))  # its sentence says all
        raise _RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the hook's secret cannot be read") from None
    if not is_signed(value, request.headers, body):
        raise _RefusedError(HTTPStatus.UNAUTHORIZED, "the signature is missing or wrong")
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


async def _body(request: web.Request) -> bytes:
    """The whole body.

    Raises:
        _RefusedError: it is too large, or does not come.
    """
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            if (request.content_length or 0) <= BODY_LIMIT:
                async for chunk in request.content.iter_any():
                    body += chunk
                    if len(body) > BODY_LIMIT:
                        break
                else:
                    return bytes(body)
    except TimeoutError:
        raise _RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the call did not arrive in time") from None
    raise _RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the call is too large; the next poll finds the push"
    )


def _say(status: HTTPStatus, sentence: str) -> web.Response:
    response = web.Response(status=status, text=f"{sentence}\n")
    response.force_close()
    return response
