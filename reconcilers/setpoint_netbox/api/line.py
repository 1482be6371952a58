"""Sends one call after the other to a NetBox: on one connection, within limits of time and size, classified when it fails."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Final, TypeAlias
from urllib.parse import urlencode

import aiohttp
from yarl import URL

from setpoint.model.errors import SettingsError
from setpoint.model.secret import Secret, hush
from setpoint_netbox.api.failures import Call, StrangerError, TokenError, answered, broken, no_netbox, sound

Query: TypeAlias = Sequence[tuple[str, str]]

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 60.0
"""How long an answer may take as a whole; a page of 1,000 rows took three."""
LARGEST: Final = 64 << 20
"""Bytes of an answer; a page of 1,000 machines has two and a half million."""
_KEPT: Final = 1.5
"""Seconds for which an idle connection is used again: gunicorn closes it after two, and no write is to meet a dead one."""
_LONG: Final = 1 << 18
"""Bytes from which an answer is understood in a thread, for the loop must not stand still."""
_NONE: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Access:
    """Where a NetBox is and how it is reached.

    Attributes:
        url: without `/api`, and without a slash behind.
        token: read afresh at each call, so that a new one counts at once. Raises SettingsError.
        ca: PEM file of the authority to trust; the system's when empty.
        connect, read: seconds until a connection, and a whole answer, have to be there.
    """

    url: str
    token: Callable[[], Secret]
    ca: str = ""
    connect: float = CONNECT_SECONDS
    read: float = READ_SECONDS


@dataclass(frozen=True)
class Answer:
    """What NetBox answered with success.

    Attributes:
        data: the JSON of the body; None where there is none.
        etag: what a write may name as the state that it means; empty where NetBox tells none.
        request: the id by which NetBox's changes name this very call.
    """

    status: int
    data: Any
    etag: str
    request: str


@dataclass
class Traffic:
    """How much went over the line since it was made; `version` is what NetBox last called that of its API."""

    requests: int = 0
    received: int = 0
    version: str = ""


class Line:
    """The way to one NetBox; one call at a time, whoever asks."""

    def __init__(self, access: Access) -> None:
        """Prepare; nothing is sent or opened yet."""
        self.access = access
        self.traffic = Traffic()
        self._opened: aiohttp.ClientSession | None = None
        self._turn = asyncio.Lock()

    async def get(self, path: str, query: Query = ()) -> Any:
        """The JSON at a path below `/api/`, which ends with a slash.

        Raises:
            NetBoxError: as `failures` says.
        """
        return (await self.send("GET", path, query)).data

    async def send(
        self,
        method: str,
        path: str,
        query: Query = (),
        body: object = None,
        headers: Mapping[str, str] = _NONE,
    ) -> Answer:
        """Call; `body` is sent as JSON. A redirect is never followed, for it would take the token elsewhere.

        Raises:
            NetBoxError: as `failures` says.
        """
        call = Call(method, path, self.access.url)
        async with self._turn:
            token = await self._token()
            try:
                return await self._ask(call, query, body, headers, token)
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError, RecursionError) as error:
                text = str(error) or (
                    "it took too long" if isinstance(error, TimeoutError) else type(error).__name__
                )
                raise broken(call, hush(text, (token.reveal(),))) from None

    async def close(self) -> None:
        """Give the socket back."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    async def _ask(
        self, call: Call, query: Query, body: object, headers: Mapping[str, str], token: Secret
    ) -> Answer:
        address = f"{self.access.url}/api/{call.path}"
        self.traffic.requests += 1
        async with self._session().request(
            call.method,
            URL(f"{address}?{urlencode(query)}" if query else address, encoded=True),
            json=body,
            headers={**headers, "Authorization": _authorization(token)},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self.access.read, sock_connect=self.access.connect),
        ) as response:
            text = await _whole(response, call)
            self.traffic.received += len(text)
            kind = response.headers.get("Content-Type", "")
            if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
                said = hush(text.decode("utf-8", "replace"), (token.reveal(),))
                place = hush(response.headers.get("Location", ""), (token.reveal(),))
                raise answered(call, response.status, kind, said, place)
            self.traffic.version = response.headers.get("API-Version", "")
            data = await _understood(call, kind, text)
            marks = response.headers
            return Answer(response.status, data, marks.get("ETag", ""), marks.get("X-Request-ID", ""))

    async def _token(self) -> Secret:
        try:
            token = await asyncio.to_thread(self.access.token)
        except SettingsError as error:
            raise TokenError(
                f"the token for {self.access.url} cannot be read: {error.message}", remedy=error.remedy
            ) from None
        return sound(token, self.access.url)

    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls(), limit=1, keepalive_timeout=_KEPT),
                headers={"Accept": "application/json", "User-Agent": "setpoint"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._opened

    def _tls(self) -> ssl.SSLContext | bool:
        if not self.access.ca:
            return True
        try:
            return ssl.create_default_context(cafile=self.access.ca)
        except OSError as error:
            what = f"the authority in {self.access.ca} cannot be read: {error.strerror or error}"
            raise StrangerError(what, remedy="check inventories.netbox.ca") from None


def _authorization(token: Secret) -> str:
    """NetBox tells the versions of tokens by their beginning and not by this word; both are right for both."""
    value = token.reveal()
    return f"Bearer {value}" if value.startswith("nbt_") else f"Token {value}"


async def _whole(response: aiohttp.ClientResponse, call: Call) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > LARGEST:
            raise no_netbox(call, f"more than {LARGEST >> 20} MiB")
    return bytes(body)


async def _understood(call: Call, content_type: str, body: bytes) -> Any:
    if not body:
        return None
    if "json" not in content_type:
        raise no_netbox(call, content_type.partition(";")[0] or "no content type")
    if len(body) > _LONG:
        return await asyncio.to_thread(json.loads, body)
    return json.loads(body)
