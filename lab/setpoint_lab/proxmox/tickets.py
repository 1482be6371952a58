"""Tickets and the tokens against forged requests that go with them; neighbour: `auth`, which asks for them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

LIFETIME = 7200
"""Seconds that a ticket is good for."""

SKEW = 300
"""Seconds that a ticket may come from the future."""

BOUND_LIFETIME = 40
"""Seconds that a ticket for one console or tunnel is good for."""

BOUND_SKEW = 20

_BOUND = re.compile(r"^([A-Z]+:([0-9A-F]{8}))::([A-Za-z0-9+/=]+)$")
_TICKET = re.compile(r"^(PVE:([^:\s]+):([0-9A-F]{8}))::([A-Za-z0-9+/=]+)$")
_CSRF = re.compile(r"^([0-9A-F]{8}):([A-Za-z0-9+/]+)$")
_SIGNATURE_BLOCKS = 4


class Signer:
    """Signs with a key of its own; the signatures have the length of the real ones."""

    def __init__(self, key: bytes) -> None:
        """Keep the key."""
        self._key = key

    def ticket(self, user: str, now: float) -> str:
        """A ticket of the user."""
        plain = f"PVE:{user}:{int(now):08X}"
        return f"{plain}::{self._long(plain)}"

    def user_of(self, ticket: str, now: float) -> str | None:
        """Whose ticket it is; None when it is forged or too old."""
        found = _TICKET.match(ticket)
        if found is None or not hmac.compare_digest(found[4], self._long(found[1])):
            return None
        age = now - int(found[3], 16)
        return found[2] if -SKEW <= age <= LIFETIME else None

    def csrf(self, user: str, now: float) -> str:
        """The token that a user's changing requests carry."""
        time = f"{int(now):08X}"
        return f"{time}:{self._short(time, user)}"

    def csrf_holds(self, user: str, token: str, now: float) -> bool:
        """Whether the token is the user's and fresh."""
        found = _CSRF.match(token)
        if found is None or not hmac.compare_digest(found[2], self._short(found[1], user)):
            return False
        return -SKEW <= now - int(found[1], 16) <= LIFETIME

    def bound(self, prefix: str, user: str, place: str, now: float) -> str:
        """A ticket of the user for one place, of which it does not tell."""
        plain = f"{prefix}:{int(now):08X}"
        return f"{plain}::{self._long(f'{plain}:{user}:{place}')}"

    def bound_holds(self, prefix: str, user: str, place: str, ticket: str, now: float) -> bool:
        """Whether the ticket is the user's for that place, and fresh."""
        found = _BOUND.match(ticket)
        if found is None or not found[1].startswith(f"{prefix}:"):
            return False
        if not hmac.compare_digest(found[3], self._long(f"{found[1]}:{user}:{place}")):
            return False
        return -BOUND_SKEW <= now - int(found[2], 16) <= BOUND_LIFETIME

    def _short(self, time: str, user: str) -> str:
        digest = hmac.digest(self._key, f"{time}:{user}".encode(), hashlib.sha256)
        return base64.b64encode(digest).decode().rstrip("=")

    def _long(self, plain: str) -> str:
        blocks = (
            hmac.digest(self._key, f"{number}:{plain}".encode(), hashlib.sha512)
            for number in range(_SIGNATURE_BLOCKS)
        )
        return base64.b64encode(b"".join(blocks)).decode()
