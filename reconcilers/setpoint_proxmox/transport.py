"""proxmoxer, set up for one endpoint: the one place that knows the insides of it and of `requests`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self, cast

import proxmoxer
import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3.connectionpool import ConnectionPool
from urllib3.exceptions import ReadTimeoutError
from urllib3.response import BaseHTTPResponse
from urllib3.util import Retry

from setpoint_proxmox.endpoint import Endpoint, Trust
from setpoint_proxmox.multipart import Multipart

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 15.0
"""How long a read is waited for; what is asked takes a second, only a guest agent that is silent takes up to ten."""
WRITE_SECONDS: Final = 40.0
"""How long a write is waited for: Proxmox waits 10 s for a lock, and gives up a call to its daemon after 30."""
UPLOAD_SECONDS: Final = 60.0
"""How long a node may take no byte of a file, and how long it may take to answer once it has it all."""
CONNECTIONS: Final = 64
"""Kept connections of reads, at most; more than that are made as needed."""


class UnreadableAnswerError(requests.RequestException):
    """A success whose body is not what the API sends."""


@dataclass(frozen=True)
class Login:
    """An API token; `user` is `name@realm`."""

    user: str
    token: str
    secret: str

    def __repr__(self) -> str:
        return f"Login({self.user}!{self.token})"


def open_api(endpoint: Endpoint, login: Login, trust: Trust) -> Any:
    """A proxmoxer API of one endpoint, shared by any number of threads; nothing is sent yet."""
    _silence("proxmoxer.core", "proxmoxer.backends.https")
    verify: bool | str = trust.ca or not trust.fingerprint
    api: Any = proxmoxer.ProxmoxAPI(
        endpoint.host,
        port=endpoint.port,
        user=login.user,
        token_name=login.token,
        token_value=login.secret,
        verify_ssl=verify,
    )
    store = api._store  # noqa: SLF001  # proxmoxer offers no other way to its session, address and reader
    store["base_url"] = endpoint.url
    store["serializer"] = Envelope()
    session: requests.Session = store["session"]
    session.trust_env = False
    session.max_redirects = 0
    session.mount(endpoint.url, _ByMethod(trust.fingerprint))
    return api


def close_api(api: Any) -> None:
    """Give the sockets back."""
    session: requests.Session = api._store["session"]  # noqa: SLF001  # see open_api
    session.close()


@dataclass(frozen=True)
class Greeting:
    """How an endpoint answered the simplest question.

    Attributes:
        status: of HTTP; 200 when the login is good.
        version: of Proxmox; empty when the answer does not tell.
        clock: the server's, seconds since the epoch; None when it does not tell.
        took: seconds.
    """

    status: int
    reason: str
    version: str
    clock: float | None
    took: float


def greet(api: Any) -> Greeting:
    """Ask an endpoint for its version; blocks.

    Raises:
        requests.RequestException: there was no answer.
        OSError: the file with the authority cannot be read.
    """
    store = api._store  # noqa: SLF001  # see open_api
    session: requests.Session = store["session"]
    response = session.get(f"{store['base_url']}/version")
    data: object = _body(response).get("data")
    told = cast("dict[str, Any]", data) if isinstance(data, dict) else dict[str, Any]()
    return Greeting(
        status=response.status_code,
        reason=str(response.reason or ""),
        version=str(told.get("version") or ""),
        clock=_moment(response.headers.get("Date")),
        took=response.elapsed.total_seconds(),
    )


def send_file(api: Any, path: str, body: Multipart) -> Any:
    """Post a file; proxmoxer would read it into memory as a whole.

    Raises:
        proxmoxer.ResourceException: it was refused.
        requests.RequestException: there was no answer.
    """
    store = api._store  # noqa: SLF001  # see open_api
    session: requests.Session = store["session"]
    response = requests.Session.request(
        session,
        "POST",
        f"{store['base_url']}/{path}",
        data=body,
        headers={"Content-Type": body.content_type},
    )
    envelope = Envelope()
    if response.status_code >= HTTPStatus.BAD_REQUEST:
        text = envelope.loads_errors(response)
        raise proxmoxer.ResourceException(response.status_code, "", text, errors=text)
    return envelope.loads(response)


def _moment(text: str | None) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except ValueError:
        return None


class Envelope:
    """Reads `{"data": …}`; a success without it is no answer."""

    def loads(self, response: requests.Response) -> Any:
        """The data of a success.

        Raises:
            UnreadableAnswerError: it came from something else than the API.
        """
        body = _body(response)
        if "data" not in body:
            raise UnreadableAnswerError("what answered is not the Proxmox API", response=response)
        return body["data"]

    def loads_errors(self, response: requests.Response) -> str:
        """The full text of a failure: the message, and that of every parameter."""
        body = _body(response)
        # The reason phrase is UTF-8, which HTTP libraries take for Latin-1.
        reason = str(response.reason or "").encode("latin-1", "replace").decode("utf-8", "replace")
        texts = [str(body.get("message") or reason).strip()]
        errors = cast("Mapping[str, object]", body.get("errors") or {})
        texts += [f"{name}: {str(text).strip()}" for name, text in sorted(errors.items())]
        return "; ".join(texts)


class _ByMethod(BaseAdapter):
    """Reads share kept connections; each write has a fresh one, so that none is lost to an idle close."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__()
        self._fingerprint = fingerprint
        retries = _RetryLostReads(total=2, connect=0, redirect=0)
        self._reads = _Pinned(fingerprint, CONNECTIONS, retries)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if request.method == "GET":
            return self._reads.send(request, *args, **kwargs | {"timeout": (CONNECT_SECONDS, READ_SECONDS)})
        request.headers["Connection"] = "close"
        file = isinstance(request.body, Multipart)
        # The first of both counts for every piece that is sent, too.
        kwargs["timeout"] = (UPLOAD_SECONDS, UPLOAD_SECONDS) if file else (CONNECT_SECONDS, WRITE_SECONDS)
        once = _Pinned(self._fingerprint, 1, Retry(0, read=False))
        try:
            return once.send(request, *args, **kwargs)
        finally:
            once.close()  # The connection in use is closed when the answer has been read.

    def close(self) -> None:
        self._reads.close()


class _Pinned(HTTPAdapter):
    """Accepts only the certificate with a fingerprint, when one is given."""

    def __init__(self, fingerprint: str, connections: int, retries: Retry) -> None:
        self._tls: dict[str, Any] = {"assert_fingerprint": fingerprint} if fingerprint else {}
        super().__init__(pool_connections=1, pool_maxsize=connections, max_retries=retries)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:  # noqa: FBT001, FBT002  # as inherited
        super().init_poolmanager(connections, maxsize, block, **kwargs, **self._tls)


class _RetryLostReads(Retry):
    """A kept connection may be closed just when it is used, so a read asks again; not after a time-out."""

    def increment(
        self,
        method: str | None = None,
        url: str | None = None,
        response: BaseHTTPResponse | None = None,
        error: Exception | None = None,
        _pool: ConnectionPool | None = None,
        _stacktrace: TracebackType | None = None,
    ) -> Self:
        if isinstance(error, ReadTimeoutError):
            raise error
        return super().increment(method, url, response, error, _pool, _stacktrace)


def _body(response: requests.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except requests.JSONDecodeError:
        return {}
    return cast("dict[str, Any]", body) if isinstance(body, dict) else {}


def _silence(*names: str) -> None:
    """Drop proxmoxer's own lines below a warning, whatever level was set: they hold the data of requests."""
    for name in names:
        logger = logging.getLogger(name)
        if _warnings_only not in logger.filters:
            logger.addFilter(_warnings_only)


def _warnings_only(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.WARNING


def never_connected(error: requests.RequestException) -> bool:
    """Whether a failed call certainly never reached the server."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, urllib3.exceptions.MaxRetryError) else cause
    if isinstance(reason, urllib3.exceptions.SSLError):
        return "CERTIFICATE_VERIFY_FAILED" in str(reason) or "Fingerprints did not match" in str(reason)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)
