"""Reaches the daemon over its Unix socket with the standard library alone, so that verbs start quickly."""

from __future__ import annotations

import http.client
import json
import socket
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from setpoint.model.errors import SetpointError

SECONDS = 10.0
"""For an answer that is not waited for on purpose."""


class DaemonDownError(SetpointError):
    """Nobody answers at the socket."""


class RefusedError(SetpointError):
    """The daemon said no; `status` is its HTTP status."""

    def __init__(self, message: str, status: int, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.status = status


@dataclass(frozen=True)
class Client:
    """Asks the daemon at `path`. Each call is a connection of its own."""

    path: Path

    def get(self, route: str, *, seconds: float = SECONDS, **query: str | float | None) -> dict[str, Any]:
        """What the daemon answers; arguments that are None are left out.

        Raises:
            DaemonDownError: nobody answers.
            RefusedError: it refuses, in one sentence.
        """
        given = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"{route}?{urlencode(given)}" if given else route, None, seconds)

    def post(self, route: str, document: dict[str, Any]) -> dict[str, Any]:
        """As `get`, for what changes something."""
        return self._ask("POST", route, json.dumps(document).encode(), SECONDS)

    def _ask(self, method: str, target: str, body: bytes | None, seconds: float) -> dict[str, Any]:
        connection = _Connection(self.path, seconds)
        try:
            connection.request(method, target, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            document: dict[str, Any] = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _down(self.path, error) from error
        finally:
            connection.close()
        if response.status != HTTPStatus.OK:
            raise _refused(document.get("error"), response)
        return document


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path, seconds: float) -> None:
        super().__init__("localhost", timeout=seconds)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _refused(told: object, response: http.client.HTTPResponse) -> RefusedError:
    match told:
        case {"message": str(message), "remedy": str(remedy)}:
            return RefusedError(message, response.status, remedy=remedy)
        case _:
            return RefusedError(response.reason, response.status)


def _down(path: Path, error: Exception) -> DaemonDownError:
    match error:
        case PermissionError():
            what, remedy = "may not be opened by you", "ask for membership in its group, or use sudo"
        case FileNotFoundError() | ConnectionRefusedError():
            what, remedy = (
                "is not there or nobody answers",
                "start the daemon: systemctl start setpoint, or setpoint run",
            )
        case TimeoutError():
            what, remedy = "does not answer in time", "see what the daemon logs: journalctl -u setpoint"
        case ValueError():
            what, remedy = "gives no answer of ours", "see what the daemon logs: journalctl -u setpoint"
        case _:
            what, remedy = f"broke off ({error})", "see what the daemon logs: journalctl -u setpoint"
    return DaemonDownError(f"the daemon's socket {path} {what}", remedy=remedy)
