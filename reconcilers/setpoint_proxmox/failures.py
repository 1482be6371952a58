"""Every way in which a call fails, and what it means: one table from status and text to the tree of errors."""

from __future__ import annotations

import re
from dataclasses import dataclass
from http import HTTPStatus

from setpoint.model.errors import (
    BusyError,
    ConflictError,
    OutcomeUnknownError,
    RefusalError,
    TargetError,
    TransportError,
)
from setpoint_proxmox.access import grant_command


class GoneError(ConflictError):
    """It is not there, or no more: a guest's configuration on that node, a pool."""


class TakenError(ConflictError):
    """An id or name is in use already."""


class LockedError(BusyError):
    """Somebody holds the lock on the networks."""


class StagedError(RefusalError):
    """Changes to the networks are staged that are not applied."""


class UnknownCallError(RefusalError):
    """This version of Proxmox has no such call."""


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
    def scopes(self) -> tuple[str, ...]:
        """The parts concerned, the node first: `node/pve1` for a path below it, `storage/ceph` below one of those."""
        match self.path.split("/")[1:]:
            case ["nodes", node, "storage", storage, *_]:
                return f"node/{node}", f"storage/{storage}"
            case ["nodes", node, *_]:
                return (f"node/{node}",)
            case _:
                return ()

    @property
    def scope(self) -> str:
        """The part that a failure is laid at; empty for the cluster as a whole."""
        return next(iter(self.scopes), "")

    def __str__(self) -> str:
        return f"{self.method} {self.path} at {self.endpoint}"


@dataclass(frozen=True)
class Rule:
    """A row of the table: the first whose pattern is found in the text decides.

    Attributes:
        status: the HTTP status; 0 for any.
        error: OutcomeUnknownError is meant for writes; a read that failed so is merely refused.
    """

    status: int
    pattern: re.Pattern[str]
    error: type[TargetError]
    remedy: str = ""


def _rule(status: int, pattern: str, error: type[TargetError], remedy: str = "") -> Rule:
    return Rule(status, re.compile(pattern), error, remedy)


_QUORUM = "bring more nodes back, or see `pvecm status`"
_BY_HAND = "no API token may do this; set it by hand as root@pam, or leave it out"

RULES = (
    _rule(401, "", RefusalError, "check the token's id and secret, and whether it or its user has expired"),
    _rule(400, r"already exists", TakenError),
    _rule(0, r"[Nn]o such (vzdump )?job|no such resource '", GoneError),
    _rule(400, "", RefusalError),
    _rule(500, r"^pool '.*' does not exist", GoneError),
    _rule(0, r"pool '.*' does not exist", RefusalError, "create the pool, or name another one"),
    _rule(403, r"only allowed for root@pam", RefusalError, _BY_HAND),
    _rule(403, "", RefusalError),
    _rule(429, "", BusyError),
    _rule(501, "", UnknownCallError, "Setpoint needs Proxmox VE 8 or later"),
    _rule(595, "", TransportError),
    _rule(500, r"checksum mis+match|detected modified configuration", ConflictError),
    _rule(500, r"^Configuration file '.*' does not exist", GoneError),
    _rule(500, r"already (exists|defined)|already a pool member|belongs already to pool", TakenError),
    _rule(500, r"is not a pool member|^snapshot '.*' does not exist", ConflictError),
    _rule(500, r"guest agent|qga command", RefusalError, "start the guest agent inside the guest"),
    _rule(500, r"(VM|CT) \d+ (not|is not|already|is already) running", ConflictError),
    _rule(500, r"is running - destroy failed|container is running", ConflictError),
    _rule(500, r"convert a template to a template|already at specified size", ConflictError),
    _rule(
        500, r"can't ac?quire lock|can't lock file|trying to ac?quire lock|lock request timeout", BusyError
    ),
    _rule(500, r"cfs-lock .*no quorum|not ready - no quorum", BusyError, _QUORUM),
    _rule(500, r"cfs-lock .*(got timeout|error: got lock)|error with cfs lock", BusyError),
    _rule(500, r"is locked \(", BusyError),
    _rule(500, r"configuration has pending changes", StagedError),
    _rule(
        500, r"could not acquire lock for|invalid lock token", LockedError, "somebody else changes the SDN"
    ),
    _rule(500, r"^sdn( vnet| subnet)? '.*' does not exist", GoneError),
    _rule(500, r"sdn( vnet| subnet)? '.*' does not exist", ConflictError),
    _rule(500, r"unable to open file '/etc/pve/.*Permission denied", BusyError, _QUORUM),
    _rule(
        500,
        r"ipcc_send_rec|Transport endpoint is not connected",
        BusyError,
        "see `systemctl status pve-cluster`",
    ),
    _rule(
        500, r"hostname lookup '.*' failed|no such cluster node", RefusalError, "name a node of the cluster"
    ),
    _rule(500, r"[Oo]nly root can", RefusalError, _BY_HAND),
    _rule(500, r"protection mode enabled", RefusalError, "take its protection away first"),
    # What runs into a time limit half-way may go on, or have gone half the way.
    _rule(500, r"got timeout|qmp command|got no worker upid|start worker failed", OutcomeUnknownError),
    _rule(0, "", RefusalError),
)

_GATEWAY = 502
"""From here on a status comes from a proxy on the way, Proxmox's own included: it gave up, and the daemon behind it
may go on."""

_OWN = (505, 506, 595)
"""Above that, what Proxmox itself answers before it does anything."""

_PERMISSION = re.compile(r"Permission check failed \((/[^,]*), ([A-Za-z.|]+)\)")


def answered(call: Call, status: int, text: str) -> TargetError:
    """What an answer with an HTTP status of 400 or more means."""
    if status >= _GATEWAY and status not in _OWN:
        return silent(call, f"{status} {text}")
    message = f"{call} was answered with {status}: {text or 'no text'}"
    rule = next(row for row in RULES if row.status in (0, status) and row.pattern.search(text))
    if rule.error is OutcomeUnknownError:
        error = OutcomeUnknownError if call.writes else RefusalError
        return error(message, scope=call.scope)
    remedy = rule.remedy
    if status == HTTPStatus.FORBIDDEN and not remedy:
        remedy = _permission_remedy(call, text)
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
    if match is None and call.method == "POST" and call.path.endswith(("/qemu", "/lxc")):
        return f"run on a node: {grant_command('/vms', 'VM.Allocate', call.token)}"
    if match is None and call.path.endswith("/download-url"):
        node = f"/nodes/{call.path.split('/')[2]}"
        return f"run on a node: {grant_command(node, 'Sys.AccessNetwork', call.token)}"
    if match is None:
        return f"{call.token} lacks a privilege: compare `pveum user token permissions` with the needed ones"
    path = "/vms" if match[1].startswith("/vms/") else match[1]
    return f"run on a node: {grant_command(path, match[2].split('|')[0], call.token)}"
