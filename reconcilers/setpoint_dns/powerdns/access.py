"""Sends one call after the other to a PowerDNS API: through the gate, on a connection of its own, classified when it fails."""

from __future__ import annotations

import io
import json
import ssl
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, TypeVar

import aiohttp

from setpoint.model.errors import RefusalError
from setpoint.model.kind import Gate
from setpoint.model.printable import brief
from setpoint.model.secret import Secret, hush
from setpoint_dns.powerdns.batches import encoded
from setpoint_dns.powerdns.failures import Call, answered, silent, unreachable, unreadable

T = TypeVar("T")
CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 30.0
"""How long a read may take as a whole; a zone of 100,000 records takes three."""
WRITE_SECONDS: Final = 60.0
_LONGEST = 400
"""Characters of an answer's text in a message."""


@dataclass(frozen=True)
class Access:
    """Where an API is, and how it is trusted: by `ca` (a PEM file), by `fingerprint`, or by the system's authorities.

    Attributes:
        endpoint: scheme, host and port, without a slash behind.
        key: the API's key.
        key_place: where it was found, for people.
        server: the server's id in its API.
        fingerprint: SHA-256 of the certificate as 64 hex digits; it replaces every other check.
    """

    endpoint: str
    key: Secret
    key_place: str
    server: str = "localhost"
    ca: str = ""
    fingerprint: str = ""


class Line:
    """The way to one API. PowerDNS closes a connection after each answer, so none is kept: no write meets a dead one."""

    def __init__(self, access: Access, gate: Gate) -> None:
        """Prepare; nothing is sent or opened yet. Every call passes the gate."""
        self.access = access
        self._gate = gate
        self._opened: aiohttp.ClientSession | None = None

    async def get(self, path: str) -> bytes:
        """The body of a successful answer."""
        return await self._call("GET", path, None)

    async def read(self, path: str, reader: Callable[[Any], T]) -> T:
        """What `reader` makes of the JSON of a successful answer."""
        body = await self.get(path)
        with self.understanding(path):
            return reader(json.loads(body))

    async def write(self, method: str, path: str, body: object = None) -> None:
        """Change something; `body` as JSON, or as bytes that are JSON already."""
        ready = body if body is None or isinstance(body, bytes) else encoded(body)
        await self._call(method, path, ready)

    @contextmanager
    def understanding(self, path: str) -> Generator[None]:
        """For reading an answer: one that is not what the API sends is told as such."""
        try:
            yield
        except (ValueError, TypeError, LookupError, AttributeError):
            raise unreadable(self._named("GET", path)) from None

    async def close(self) -> None:
        """Give sockets back."""
        if self._opened is not None:
            await self._opened.close()

    async def _call(self, method: str, path: str, body: bytes | None) -> bytes:
        call = self._named(method, path)
        async with self._gate.using(writes=call.writes):
            try:
                status, answer = await self._send(call, body)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                raise unreachable(call, self._told(error)) from None
            except aiohttp.ServerFingerprintMismatch:
                raise unreachable(
                    call, "its certificate has another fingerprint than the declared one"
                ) from None
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise silent(call, self._told(error)) from None
            if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
                return answer
            raise answered(call, status, self._cleaned(_text(answer)))

    async def _send(self, call: Call, body: bytes | None) -> tuple[int, bytes]:
        seconds = WRITE_SECONDS if call.writes else READ_SECONDS
        url = f"{self.access.endpoint}/api/v1/servers/{self.access.server}{call.path}"
        async with self._session().request(
            call.method,
            url,
            data=None if body is None else io.BytesIO(body),  # A large one is then sent piece by piece.
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=seconds, sock_connect=CONNECT_SECONDS),
        ) as answer:
            return answer.status, await answer.read()

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            key = self.access.key.reveal()
            if not (key.isascii() and key.isprintable() and key):
                what = (
                    f"the key in {self.access.key_place} has signs in it that no header can hold, or is empty"
                )
                raise RefusalError(what, remedy="write the value of the server's api-key there")
            opened: Any = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls(), force_close=True),
                headers={"X-API-Key": key, "Content-Type": "application/json", "Accept": "application/json"},
            )
            # Else it sends a PUT or DELETE again whose answer was lost; there is no public way to forbid it.
            opened._retry_connection = False  # noqa: SLF001
            session: aiohttp.ClientSession = opened
            self._opened = session
        return self._opened

    def _tls(self) -> ssl.SSLContext | aiohttp.Fingerprint | bool:
        if self.access.fingerprint:
            return aiohttp.Fingerprint(bytes.fromhex(self.access.fingerprint))
        if not self.access.ca:
            return True
        try:
            return ssl.create_default_context(cafile=self.access.ca)
        except OSError as error:
            what = f"the authority in {self.access.ca} cannot be read: {error.strerror or error}"
            raise RefusalError(what, remedy="check the server's ca file") from None

    def _named(self, method: str, path: str) -> Call:
        return Call(method, path, self.access.endpoint, self.access.key_place)

    def _told(self, error: BaseException) -> str:
        return self._cleaned(
            str(error) or ("it took too long" if isinstance(error, TimeoutError) else type(error).__name__)
        )

    def _cleaned(self, text: str) -> str:
        return brief(hush(text, (self.access.key.reveal(),)), _LONGEST)


def _text(body: bytes) -> str:
    """What an answer says: the `error` of a JSON object, or plain text."""
    text = body.decode("utf-8", "replace").strip()
    try:
        found: Any = json.loads(text)
    except ValueError:
        return text
    match found:
        case {"error": str(said)}:
            return said
        case _:
            return text
