"""What every hook does alike with calls of strangers: takes so much for so long, bundles them, and tells of refused ones seldom."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Final, TypeAlias

import structlog
from aiohttp import web

from setpoint.model.errors import SettingsError
from setpoint.model.secret import Secret

Signed: TypeAlias = Callable[[Secret, Mapping[str, str], bytes], bool]
"""Whether a call with these headers and this body is signed with the secret."""

BODY_LIMIT: Final = 1 << 20
"""Bytes; what is larger is found by the next poll."""
BODY_TIMEOUT: Final = 10.0
"""Seconds for the whole body to arrive."""
GAP: Final = 1.0
"""Seconds between two wakings of the source; calls in between become one at their end."""
QUIET: Final = 60.0
"""Seconds between two lines about refused calls."""

_log = structlog.stdlib.get_logger("setpoint.hook")


class RefusedError(Exception):
    """A call that is not taken, with the status and the sentence that answer it."""

    def __init__(self, status: HTTPStatus, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


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


class Refusals:
    """Tells of refused calls without letting strangers fill the disk."""

    def __init__(self) -> None:
        self._untold = 0
        self._next = 0.0

    def tell(self, peer: str | None, status: HTTPStatus) -> None:
        """Count one, and write a line when the last one is long ago."""
        self._untold += 1
        now = asyncio.get_running_loop().time()
        if now >= self._next:
            _log.warning("hook_refused", peer=peer, status=int(status), calls=self._untold)
            self._untold, self._next = 0, now + QUIET


async def read_body(request: web.Request, what: str) -> bytes:
    """The whole body; `what` it tells is found by the next poll otherwise.

    Raises:
        RefusedError: it is too large, or does not come.
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
        raise RefusedError(HTTPStatus.REQUEST_TIMEOUT, "the call did not arrive in time") from None
    raise RefusedError(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the call is too large; the next poll finds the {what}"
    )


async def signed_body(
    request: web.Request, what: str, secret: Callable[[], Secret], is_signed: Signed
) -> bytes:
    """The body of a call that is signed; nothing of any other is looked into.

    Args:
        request: the call.
        what: it tells.
        secret: what calls are signed with; it may read a file, so it is asked for beside the loop.
        is_signed: how they are.

    Raises:
        RefusedError: it is not signed, or that cannot be judged; or as `read_body`.
    """
    body = await read_body(request, what)
    try:
        value = await asyncio.to_thread(secret)
    except SettingsError as error:
        _log.error("hook_secret_unreadable", why=str(error))  # its sentence says all
        raise RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "the hook's secret cannot be read") from None
    if not is_signed(value, request.headers, body):
        raise RefusedError(HTTPStatus.UNAUTHORIZED, "the signature is missing or wrong")
    return body


def say(status: HTTPStatus, sentence: str) -> web.Response:
    """A line for whoever called, and the connection ends."""
    response = web.Response(status=status, text=f"{sentence}\n")
    response.force_close()
    return response
