"""Who sends a request, and what they may: tokens and permissions."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from setpoint_lab.netbox.errors import FORBIDDEN, Refused, detail
from setpoint_lab.netbox.model import MODELS
from setpoint_lab.netbox.rights import may_at_all, may_to
from setpoint_lab.netbox.times import parse_time
from setpoint_lab.untyped import as_list

if TYPE_CHECKING:
    from setpoint_lab.netbox.model import Model, Predicate
    from setpoint_lab.netbox.request import Request
    from setpoint_lab.netbox.store import Row
    from setpoint_lab.netbox.world import World

USERS = "users/users"
TOKENS = "users/tokens"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
PREFIX = "nbt_"
PARTS = 2
NOT_GIVEN = "Authentication credentials were not provided."
MALFORMED = 'Invalid authorization header: Must be in the form "Bearer <key>.<token>" or "Token <token>"'
NO_KEY = (
    "Invalid authorization header: Could not parse key from v2 token. "
    "Did you mean to use 'Token' instead of 'Bearer'?"
)
NOT_ALLOWED = "You do not have permission to perform this action."


@dataclass(frozen=True, slots=True)
class Who:
    """The user of a request, with the token that it was sent with; whether troubles take rights away from them."""

    user: Row
    token: Row
    troubled: bool = True


def identify(world: World, request: Request) -> Who:
    """The user that a request's token belongs to.

    Raises:
        Refused: there is no token, or it is not good.
    """
    parts = request.headers.get("Authorization", "").split()
    if not parts or parts[0].lower() not in {"token", "bearer"}:
        raise detail(FORBIDDEN, NOT_GIVEN)
    if len(parts) != PARTS:
        raise detail(FORBIDDEN, MALFORMED)
    token = _find_token(world, parts[1])
    allowed = as_list(token.get("allowed_ips") or [])
    if allowed and not _inside(request.peer, allowed):
        raise detail(
            FORBIDDEN, f"Source IP {request.peer} is not permitted to authenticate using this token."
        )
    if not token.get("enabled", True):
        raise detail(FORBIDDEN, "Token disabled")
    if token.get("expires") and parse_time(token["expires"]) <= world.moment():
        raise detail(FORBIDDEN, "Token expired")
    user = world.row(USERS, token.get("user"))
    if user is None or not user.get("is_active", True):
        raise detail(FORBIDDEN, "User inactive")
    return Who(user, token)


def _find_token(world: World, text: str) -> Row:
    tokens = world.table(TOKENS)
    if not text.startswith(PREFIX):
        found = [row for row in tokens.where("secret", text) if row["version"] == 1]
        return _only(found, "Invalid v1 token")
    key, dot, secret = text.removeprefix(PREFIX).partition(".")
    if not dot:
        raise detail(FORBIDDEN, NO_KEY)
    return _only([row for row in tokens.where("key", key) if row["secret"] == secret], "Invalid v2 token")


def _only(found: list[Row], text: str) -> Row:
    if not found:
        raise detail(FORBIDDEN, text)
    return found[0]


def _inside(peer: str, networks: list[Any]) -> bool:
    address = ipaddress.ip_address(peer)
    return any(address in ipaddress.ip_network(network, strict=False) for network in networks)


def refuse() -> Refused:
    """The answer to those who may not."""
    return detail(FORBIDDEN, NOT_ALLOWED)


def require(world: World, who: Who, model: Model, action: str) -> None:
    """Refuse what the user, or the token, may not do to any object of a model; `action` is view, add, change, delete.

    Raises:
        Refused: they may not.
    """
    if action != "view" and not who.token.get("write_enabled", True):
        raise refuse()
    if not may(world, who, model, action):
        raise refuse()


def may(world: World, who: Who, model: Model, action: str) -> bool:
    """Whether the user may do that to some objects of a model."""
    return may_at_all(world, who.user, model, action, troubled=who.troubled)


def scope(world: World, who: Who, model: Model, action: str) -> Predicate:
    """Which objects of a model the user may do something to; the others do not exist for them."""
    return may_to(world, who.user, model, action, troubled=who.troubled)


def sees(world: World, who: Who) -> Callable[[str, Row], bool]:
    """Whether the user may view an object of an endpoint."""

    def seen(endpoint: str, row: Row) -> bool:
        model = MODELS[endpoint]
        return may(world, who, model, "view") and scope(world, who, model, "view")(row)

    return seen


def visible(world: World, who: Who, model: Model, action: str) -> list[Row]:
    """The objects of a model that the user may do something to."""
    sees = scope(world, who, model, action)
    return [row for row in world.table(model.endpoint).rows.values() if sees(row)]


def require_result(world: World, who: Who, model: Model, row: Row, action: str) -> None:
    """Refuse a write that leaves an object where the user may not write it.

    Raises:
        Refused: it does.
    """
    if not scope(world, who, model, action)(row):
        raise refuse()
