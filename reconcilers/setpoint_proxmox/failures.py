"""Every way in which a call fails, and what it means: one table from status and text to the tree of errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from setpoint.model.errors import (
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint_proxmox.access import grant_command


class BusyError(RefusalError):
    """Refused for now: a lock, a lock's time-out, or no quorum. Nothing was done; the same call may work later.

    No TransportError, for the target can still be read and must not be shut off; and no ConflictError, for
    nothing that we saw has changed and looking again at once would only turn in circles.
    """


class GoneError(ConflictError):
    """The guest's configuration is not on that node: it was moved or removed since we looked."""


class TakenError(ConflictError):
    """An id or name is in use already."""


@dataclass(frozen=True)
class Call:
    """A call as messages name it.

    Attributes:
        path: below `/api2/json`, beginning with a slash.
        endpoint: `host:port` that was asked.
        token: `user@realm!name`, for remedies.
    """

    method: str
    path: str
    endpoint: str
    token: str

    @property
    def writes(self) -> bool:
        """Whether the call can change anything."""
        return self.method != "GET"

    @property
    def scope(self) -> str:
        """The part concerned: `node/pve1` for a path below a node, else empty."""
        _, first, *rest = self.path.split("/")
        return f"node/{rest[0]}" if first == "nodes" and rest else ""

    def __str__(self) -> str:
        return f"{self.method} {self.path} at {self.endpoint}"


@dataclass(frozen=True)
class Rule:
    """A row of the table: the first whose pattern is found in the text decides.

    Attributes:
        status: the HTTP status; 0 for any.
    """

    status: int
    pattern: re.Pattern[str]
    error: type[TargetError]
    remedy: str = ""


def _rule(status: int, pattern: str, error: type[TargetError], remedy: str = "") -> Rule:
    return Rule(status, re.compile(pattern), error, remedy)


RULES = (
    _rule(401, "", RefusalError, "check the token's id and secret, and whether it or its user has expired"),
    _rule(400, r"already exists", TakenError),
    _rule(400, "", RefusalError),
    _rule(403, "", RefusalError),
    _rule(501, "", RefusalError, "Setpoint needs Proxmox VE 8 or later"),
    _rule(595, "", TransportError),
    _rule(500, r"checksum mis+match|detected modified configuration", ConflictError),
    _rule(500, r"^Configuration file '.*' does not exist", GoneError),
    _rule(500, r"already exists", TakenError),
    _rule(500, r"got timeout|trying to acquire lock", BusyError),
    _rule(500, r"is locked \(", BusyError),
    _rule(500, r"no quorum", BusyError, "bring more nodes back, or see `pvecm status`"),
    _rule(500, r"unable to open file '/etc/pve/.*Permission denied", BusyError, "see `pvecm status`"),
    _rule(500, r"hostname lookup '.*' failed", RefusalError, "name a node of the cluster"),
    _rule(0, "", RefusalError),
)

_NO_ANSWER = (502, 503, 504, 596, 597, 598, 599)
"""A proxy on the way, Proxmox's own included, gave up; the daemon behind it may go on."""

_PERMISSION = re.compile(r"Permission check failed \((/[^,]*), ([A-Za-z.|]+)\)")


def answered(call: Call, status: int, text: str) -> TargetError:
    """What an answer with an HTTP status of 400 or more means."""
    message = f"{call} was answered with {status}: {text or 'no text'}"
    if status in _NO_ANSWER:
        return silent(call, f"{status} {text}")
    rule = next(row for row in RULES if row.status in (0, status) and row.pattern.search(text))
    remedy = _permission_remedy(call, text) if status == HTTPStatus.FORBIDDEN else rule.remedy
    return rule.error(message, remedy=remedy, scope=call.scope)


def unreachable(call: Call, why: str) -> TargetError:
    """No connection could be made, so nothing was executed."""
    return TransportError(f"{call.endpoint} cannot be reached: {why}")


def silent(call: Call, why: str) -> TargetError:
    """The call was sent and no usable answer came: harmless for a read, an open question for a write."""
    if call.writes:
        return OutcomeUnknownError(f"{call} may or may not have been executed: {why}", scope=call.scope)
    return TransportError(f"{call} gave no answer: {why}", scope=call.scope)


def _permission_remedy(call: Call, text: str) -> str:
    match = _PERMISSION.search(text)
    if match is None and call.method == "POST" and call.path.endswith("/qemu"):
        return f"run on a node: {grant_command('/vms', 'VM.Allocate', call.token)}"
    if match is None:
        return f"{call.token} lacks a privilege: compare `pveum user token permissions` with the needed ones"
    path = "/vms" if match[1].startswith("/vms/") else match[1]
    return f"run on a node: {grant_command(path, match[2].split('|')[0], call.token)}"
