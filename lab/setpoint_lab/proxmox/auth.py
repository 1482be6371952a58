"""Says who asks: by ticket with CSRF token, or by API token; neighbours: `tickets`, `access`."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from setpoint_lab.proxmox.errors import ApiError
from setpoint_lab.proxmox.form import unescape

if TYPE_CHECKING:
    from collections.abc import Mapping

    from setpoint_lab.proxmox.world import World

REFUSED = "Authentication failed!"
OPEN = frozenset(
    {("GET", "/access/domains"), ("GET", "/access/ticket"), ("POST", "/access/ticket")},
)
"""What anyone may ask."""

_COOKIE = re.compile(r"(?:^|\s|;)PVEAuthCookie=([^;]*)")
_TOKEN = re.compile(r"^PVEAPIToken[= ](.+)$")
_TOKEN_VALUE = re.compile(r"^([^\s:/]+@[^\s!=]+![A-Za-z][\w.\-]+)=([0-9a-fA-F-]{36})$")


@dataclass(frozen=True, slots=True)
class Identity:
    """Who asks; `user` is empty for a request that needs nobody."""

    user: str
    is_token: bool = False


def identify(world: World, method: str, path: str, headers: Mapping[str, str]) -> Identity:
    """The user of a request.

    Raises:
        ApiError: 401.
    """
    if (method, path) in OPEN:
        return Identity("")
    token = _TOKEN.match(headers.get("Authorization", ""))
    if token is not None:
        return _by_token(world, token[1])
    cookie = _COOKIE.search(headers.get("Cookie", ""))
    if cookie is None or not cookie[1]:
        raise ApiError.unauthorized("No ticket")
    now = world.clock.now()
    user = world.signer.user_of(unescape(cookie[1]), now)
    if user is None or not _active(world, user):
        raise ApiError.unauthorized(REFUSED)
    if method != "GET" and not world.signer.csrf_holds(user, headers.get("CSRFPreventionToken", ""), now):
        raise ApiError.unauthorized("Permission denied - invalid csrf token")
    return Identity(user)


def _active(world: World, userid: str) -> bool:
    user = world.access.users.get(userid)
    return user is not None and user.active(world.clock.now())


def _by_token(world: World, text: str) -> Identity:
    found = _TOKEN_VALUE.match(text)
    token = world.access.token(found[1]) if found else None
    if found is None or token is None or not _active(world, found[1].partition("!")[0]):
        raise ApiError.unauthorized(REFUSED)
    expired = token.expire != 0 and token.expire <= world.clock.now()
    if expired or not hmac.compare_digest(token.secret, found[2]):
        raise ApiError.unauthorized(REFUSED)
    return Identity(found[1], is_token=True)
