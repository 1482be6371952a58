"""Every way in which a call of a NetBox fails, and what it means; whoever asked keeps what was last read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, cast

from setpoint.model.errors import SourceError
from setpoint.model.printable import brief
from setpoint.model.secret import Secret

_LONGEST: Final = 300
"""Characters of an answer's text in a message."""
_TOKEN = re.compile(
    r"credentials were not provided|invalid (v[12] )?token|token (expired|disabled)|source ip", re.IGNORECASE
)
_INIT: Final = "run `setpoint netbox init` with a token of an administrator, which grants what is needed"
_SELECT: Final = "correct inventories.netbox.select, or make in NetBox what it names"
_OTHER: Final = (
    "write the address of NetBox itself into inventories.netbox.url, with the path below which it is"
)


class NetBoxError(SourceError):
    """NetBox cannot be read, or what it says is not to be trusted."""


class TokenError(NetBoxError):
    """The token is not accepted; asking again helps nobody before a person acted."""


class DeniedError(NetBoxError):
    """The token is accepted, and may not do this."""


class OutageError(NetBoxError):
    """It was not reached, broke off, or failed by itself; it may be back soon. A write may have been executed."""


class StrangerError(NetBoxError):
    """Whoever answered is no NetBox, or not the one that is meant."""


class GoneError(NetBoxError):
    """There is no such object, or it is hidden from the token."""


class StaleError(NetBoxError):
    """The object changed since it was read."""


class RefusedError(NetBoxError):
    """NetBox understood and said no; `fields` is what it said of each field of the call."""

    def __init__(self, message: str, *, remedy: str, fields: Mapping[str, Sequence[str]]) -> None:
        super().__init__(message, remedy=remedy)
        self.fields = fields


@dataclass(frozen=True)
class Call:
    """A call as messages name it: `path` is below `/api/`, `url` is where NetBox is."""

    method: str
    path: str
    url: str

    def __str__(self) -> str:
        return f"{self.method} /api/{self.path} at {self.url}"


def sound(token: Secret, url: str) -> Secret:
    """The same token, which a header can hold.

    Raises:
        TokenError: none can.
    """
    value = token.reveal()
    if value.isascii() and value.isprintable() and " " not in value:
        return token
    raise TokenError(
        f"the token for {url} has signs in it that no header can hold",
        remedy="write the token alone where inventories.netbox.token says",
    )


def answered(call: Call, status: int, content_type: str, body: str, location: str) -> NetBoxError:
    """What an answer means whose status is none of success; NetBox answers a bad token with 403 too."""
    if status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT):
        return OutageError(
            f"{call} was answered with {status}: what is before NetBox does not reach it",
            remedy="see whether NetBox runs",
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return OutageError(f"{call} was answered with {status}", remedy="see the log of NetBox")
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return OutageError(
            f"{call} was answered with {status}: too many calls", remedy="raise inventories.netbox.poll"
        )
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return StrangerError(f"{call} was sent on to {brief(location, _LONGEST)}", remedy=_OTHER)
    told = _json(content_type, body)
    if told is None:
        return no_netbox(call, f"status {status}")
    return _said(call, status, told)


def no_netbox(call: Call, what: str) -> NetBoxError:
    """The answer is none that NetBox gives."""
    return StrangerError(f"{call} was not answered by NetBox's API ({what})", remedy=_OTHER)


def broken(call: Call, why: str) -> NetBoxError:
    """No connection, or no whole answer on it."""
    return OutageError(
        f"{call} gave no whole answer: {brief(why, _LONGEST)}",
        remedy="see whether NetBox runs and is reached from here",
    )


def _said(call: Call, status: int, told: Any) -> NetBoxError:
    text = brief(_text(told), _LONGEST)
    message = f"{call} was answered with {status}: {text}"
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN if (
            status == HTTPStatus.UNAUTHORIZED or _TOKEN.search(text)
        ):
            return TokenError(message, remedy="put a token that is valid where inventories.netbox.token says")
        case HTTPStatus.FORBIDDEN:
            return DeniedError(message, remedy=_INIT)
        case HTTPStatus.NOT_FOUND:
            return GoneError(message)
        case HTTPStatus.PRECONDITION_FAILED:
            return StaleError(message)
        case _:
            chosen = call.method == "GET" and "Select a valid choice" in text
            return RefusedError(message, remedy=_SELECT if chosen else "", fields=_fields(told))


def _json(content_type: str, body: str) -> Any:
    if "json" not in content_type:
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _text(told: Any) -> str:
    """`detail` of an object; else everything, for every field has its own sentences."""
    match told:
        case {"detail": str(text)} | {"error": str(text)} | str(text):
            return text
        case _:
            return json.dumps(told, ensure_ascii=False)


def _fields(told: Any) -> Mapping[str, Sequence[str]]:
    if not isinstance(told, dict):
        return {}
    return {str(name): _sentences(said) for name, said in cast("Mapping[str, Any]", told).items()}


def _sentences(said: Any) -> Sequence[str]:
    return [str(one) for one in cast("Sequence[Any]", said)] if isinstance(said, list) else [str(said)]
