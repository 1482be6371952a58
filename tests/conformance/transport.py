"""Sends one request exactly as it is and reads the whole reply: no client in between that follows, joins or repairs."""

from __future__ import annotations

import http.client
import json
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, urlencode, urlsplit

from tests.conformance.model import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.conformance.model import Json, Multipart, Request

TIMEOUT_SECONDS = 120.0
_KEPT_IN_PATHS = "/%:@!$&'()*+,;=~-._"
_JSON = "application/json"


class Transport:
    """Speaks HTTP/1.1 to one address, with a new connection for each request."""

    def __init__(self, base_url: str, prefix: str = "") -> None:
        """Send to `base_url`; `prefix` goes before every path."""
        parts = urlsplit(base_url)
        self._host, self._port, self._prefix = parts.hostname or "127.0.0.1", parts.port or 80, prefix

    def send(self, request: Request, headers: Mapping[str, str], multipart: Multipart | None = None) -> Reply:
        """Send and read."""
        target, kind, body = encode(request, multipart)
        lines = dict(headers) | ({"Content-Type": kind} if kind else {})
        return self.raw(request.method, self._prefix + target, lines, body)

    def raw(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """Send exactly this and read; a connection that breaks or falls silent gives a reply without status."""
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in {
                "Connection": "keep-alive",
                **headers,
                "Content-Length": str(len(body)),
            }.items():
                connection.putheader(name, value)
            connection.endheaders(body or None)
            response = connection.getresponse()
            return _reply(response, response.read())
        except (OSError, http.client.HTTPException) as error:
            return Reply(None, failure=f"{type(error).__name__}: {error}")
        finally:
            connection.close()


def encode(request: Request, multipart: Multipart | None) -> tuple[str, str, bytes]:
    """The target, the content type and the body of a request."""
    path = quote(request.path, safe=_KEPT_IN_PATHS)
    params = {key: _text(value) for key, value in (request.params or {}).items()}
    if multipart is not None:
        return path, f"multipart/form-data; boundary={multipart.boundary}", _join_parts(multipart)
    if request.method in {"GET", "DELETE"}:
        return path + (f"?{urlencode(params)}" if params else ""), "", b""
    if request.params is None:
        return path, "", b""
    if request.encoding == "json":
        return path, _JSON, json.dumps(request.params).encode()
    return path, "application/x-www-form-urlencoded", urlencode(params).encode()


def _text(value: Json) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _join_parts(multipart: Multipart) -> bytes:
    lines: list[str] = []
    for part in multipart.parts:
        name = f'Content-Disposition: form-data; name="{part.name}"'
        lines += [
            f"--{multipart.boundary}",
            name + (f'; filename="{part.filename}"' if part.filename else ""),
        ]
        lines += [f"Content-Type: {part.content_type}"] if part.content_type else []
        lines += ["", part.data]
    return "\r\n".join([*lines, f"--{multipart.boundary}--", ""]).encode()


def _reply(response: http.client.HTTPResponse, raw: bytes) -> Reply:
    headers = dict(response.getheaders())
    text = raw.decode("utf-8", "replace")
    body: Json = text
    if text and _JSON in response.getheader("Content-Type", ""):
        try:
            body = cast("Json", json.loads(text))
        except json.JSONDecodeError as error:
            return Reply(None, failure=f"the body is no JSON: {error}")
    return Reply(response.status, response.reason, body, headers)
