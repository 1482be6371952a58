"""Every way in which a call of the PowerDNS API fails, and what it means in the tree of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from setpoint.model.errors import (
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)

NO_ANSWER: Final = "see its log, and whether webserver-allow-from lets this machine in"
_NO_API: Final = "check the endpoint and the server's id, and that api=yes is set there"
_TOO_LARGE: Final = (
    "if it was too large, raise webserver-max-bodysize at the server, and the limit of a proxy before it"
)


class NotFoundError(RefusalError):
    """There is nothing at that path; why, the status alone does not tell."""


class ServerError(OutcomeUnknownError):
    """The server itself failed at a write, and told no more than that."""


_MEANINGS: Final[Mapping[int, type[TargetError]]] = {
    HTTPStatus.NOT_FOUND: NotFoundError,
    HTTPStatus.CONFLICT: ConflictError,
}
"""Of statuses from 400 to 499; any other one is a plain refusal."""


@dataclass(frozen=True)
class Call:
    """A call as messages name it.

    Attributes:
        path: below `/api/v1/servers/<id>`.
        endpoint: scheme, host and port that were asked.
        key_place: where the API's key was found, for remedies.
    """

    method: str
    path: str
    endpoint: str
    key_place: str

    @property
    def writes(self) -> bool:
        """Whether the call can change anything."""
        return self.method != "GET"

    def __str__(self) -> str:
        return f"{self.method} {self.path or '/'} at {self.endpoint}"


def answered(call: Call, status: int, text: str) -> TargetError:
    """What an answer means whose HTTP status is none of success."""
    message = f"{call} was answered with {status}: {text or 'no text'}"
    remedy = _remedy(call, status)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return (ServerError if call.writes else TransportError)(message, remedy=remedy)
    if status < HTTPStatus.BAD_REQUEST:
        return RefusalError(f"{message}; that is not the PowerDNS API", remedy=_NO_API)
    return _MEANINGS.get(status, RefusalError)(message, remedy=remedy)


def _remedy(call: Call, status: int) -> str:
    match status:
        case HTTPStatus.BAD_REQUEST | HTTPStatus.REQUEST_ENTITY_TOO_LARGE if call.writes:
            return _TOO_LARGE
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return f"compare the key in {call.key_place} with api-key at the server"
        case HTTPStatus.NOT_FOUND:
            return _NO_API
        case _:
            return "see the server's log" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ""


def unreadable(call: Call) -> TargetError:
    """A read succeeded, and its body is not what the API sends: nothing is known."""
    return RefusalError(
        f"{call} was answered with something else than the PowerDNS API sends", remedy=_NO_API
    )


def unreachable(call: Call, why: str) -> TargetError:
    """No connection could be made, so nothing was executed."""
    return TransportError(f"{call.endpoint} cannot be reached: {why}")


def silent(call: Call, why: str) -> TargetError:
    """The call was sent and no usable answer came: harmless for a read, an open question for a write."""
    if call.writes:
        return OutcomeUnknownError(f"{call} may or may not have been executed: {why}")
    return TransportError(f"{call} gave no answer: {why}", remedy=NO_ANSWER)
