"""pynetbox behind a facade that waits for nobody without end, follows no redirect and reads lists raw."""

from __future__ import annotations

import ssl
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from types import ModuleType
from typing import Any, Final, TypeAlias, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from setpoint.model.secret import Secret, hush
from setpoint_netbox.api.failures import (
    Call,
    GoneError,
    NetBoxError,
    StrangerError,
    answered,
    broken,
    no_netbox,
)

Row: TypeAlias = Mapping[str, Any]

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 60.0
PAGE: Final = 1_000
_RETRIES: Final = Retry(
    total=2, connect=2, read=1, status=2, redirect=0, other=0, backoff_factor=0.3,
    status_forcelist=(502, 503, 504), allowed_methods=("GET",), raise_on_status=False,
)  # fmt: skip
"""For reading only: a write whose reply is lost may have been executed."""


class _Patient(HTTPAdapter):
    """Within limits of time, with the given authorities; a redirect is refused, for it would make a GET of a POST."""

    def __init__(self, trust: ssl.SSLContext, limits: tuple[float, float]) -> None:
        self._trust, self._limits = trust, limits
        super().__init__(max_retries=_RETRIES)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs, ssl_context=self._trust)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        kwargs["timeout"] = self._limits
        response = super().send(request, *args, **kwargs)
        if response.is_redirect:
            call = Call(str(request.method), str(request.path_url), "")
            token = str(request.headers.get("Authorization", "")).partition(" ")[2]
            raise StrangerError(
                f"{call} was sent on to {hush(response.headers['Location'], (token,))}",
                remedy="write the address of NetBox itself into inventories.netbox.url",
            )
        return response


class NetBox:
    """One NetBox, as whoever has the token may use it. Every call raises NetBoxError."""

    def __init__(
        self, url: str, token: Secret, ca: str = "", limits: tuple[float, float] | None = None
    ) -> None:
        """Prepare; nothing is sent yet. `limits` are seconds for a connection and for an answer.

        Raises:
            StrangerError: the authority cannot be read.
        """
        self.url = url
        self._token = token
        self._api: Any = _pynetbox().api(url, token=token.reveal())
        session: requests.Session = self._api.http_session
        # Otherwise a ~/.netrc puts its own password in the place of the token.
        session.trust_env = False
        adapter = _Patient(_trust(ca), limits or (CONNECT_SECONDS, READ_SECONDS))
        session.mount("https://", adapter)
        session.mount("http://", adapter)

    def close(self) -> None:
        """Give the socket back."""
        self._api.http_session.close()

    def status(self) -> Row:
        """The versions, and how many workers run."""
        return self._asked("status/", {})

    def whoami(self) -> Row:
        """The user of the token."""
        return self._asked("authentication-check/", {})

    def clock(self) -> float:
        """What time it is there, in seconds since the epoch; to the second."""
        call = Call("GET", "status/", self.url)
        with self._failing(call):
            response = self._session.get(f"{self._api.base_url}/{call.path}")
        try:
            return parsedate_to_datetime(response.headers.get("Date", "")).timestamp()
        except ValueError:
            raise no_netbox(call, "no date") from None

    def look(self, endpoint: str) -> None:
        """See whether a list may be seen."""
        self._asked(f"{endpoint}/", {"limit": 1, "fields": "id"})

    def count(self, endpoint: str, **filters: Any) -> int:
        """How many rows a list has."""
        page = self._asked(f"{endpoint}/", {**filters, "limit": 1, "fields": "id"})
        return int(page["count"])

    def options(self, endpoint: str) -> Row:
        """What may be written to an endpoint, e.g. `extras/tags`."""
        call = Call("OPTIONS", f"{endpoint}/", self.url)
        return self._json(call, lambda: self._session.options(f"{self._api.base_url}/{call.path}"))

    def rows(self, endpoint: str, **filters: Any) -> list[Row]:
        """All rows of a list; by cursor, and by offset where NetBox knows none."""
        found: dict[int, Row] = {}
        start = offset = 0
        while True:
            page = self._asked(f"{endpoint}/", {**filters, "limit": PAGE, "start": start} if offset == 0 else {
                **filters, "limit": PAGE, "offset": offset, "ordering": "id"})  # fmt: skip
            try:
                rows: list[Row] = page["results"]
                more, counted = bool(page["next"]), page["count"] is not None
            except (KeyError, TypeError):
                raise no_netbox(Call("GET", f"{endpoint}/", self.url), "no page of a list") from None
            found.update({int(row["id"]): row for row in rows})
            if not more or not rows:
                return list(found.values())
            offset = offset + len(rows) if counted else 0
            start = max(found) + 1

    def create(self, endpoint: str, bodies: Sequence[Row]) -> list[Row]:
        """Make objects, all or none; at most 50, for that is one transaction in NetBox."""
        call = Call("POST", f"{endpoint}/", self.url)
        with self._failing(call):
            made = self._endpoint(endpoint).create([dict(body) for body in bodies])
        return [cast("Row", dict(one)) for one in made]

    def update(self, endpoint: str, number: int, fields: Row) -> None:
        """Change one object: nothing but these fields, and of custom fields nothing but those named."""
        with self._failing(Call("PATCH", f"{endpoint}/{number}/", self.url)):
            self._endpoint(endpoint).update([{"id": number, **fields}])

    def provision(self, username: str, password: Secret) -> Secret:
        """A new token of somebody, by their password."""
        call = Call("POST", "users/tokens/provision/", self.url)
        body = {"username": username, "password": password.reveal()}
        row = self._json(call, lambda: self._session.post(f"{self._api.base_url}/{call.path}", json=body))
        try:
            plain = str(row["token"])
            return Secret(f"nbt_{row['key']}.{plain}" if row.get("version") == 2 else plain)  # noqa: PLR2004  # that of the format
        except KeyError:
            raise no_netbox(call, "no token") from None

    @property
    def _session(self) -> requests.Session:
        return cast("requests.Session", self._api.http_session)

    def _endpoint(self, path: str) -> Any:
        app, _, name = path.partition("/")
        return getattr(getattr(self._api, app), name.replace("-", "_"))

    def _asked(self, path: str, query: Mapping[str, Any]) -> Row:
        call = Call("GET", path, self.url)
        return self._json(call, lambda: self._session.get(f"{self._api.base_url}/{path}", params=query))

    def _json(self, call: Call, send: Any) -> Row:
        token = self._token.reveal()
        self._session.headers["Authorization"] = (
            f"Bearer {token}" if token.startswith("nbt_") else f"Token {token}"
        )
        with self._failing(call):
            response: requests.Response = send()
            if not response.ok:
                raise self._refused(call, response)
            row = response.json()
            if not isinstance(row, dict):
                raise no_netbox(call, "no object")
            return cast("Row", row)

    @contextmanager
    def _failing(self, call: Call) -> Generator[None]:
        """Every way to fail as an error of ours, in which the token is never quoted."""
        pynetbox = _pynetbox()
        try:
            yield
        except NetBoxError:
            raise
        except (pynetbox.RequestError, pynetbox.AllocationError) as error:
            raise self._refused(call, error.req) from None
        except (pynetbox.ContentError, requests.JSONDecodeError):
            raise no_netbox(call, "no JSON") from None
        except (requests.RequestException, OSError) as error:
            raise broken(call, hush(str(error), (self._token.reveal(),))) from None

    def _refused(self, call: Call, response: requests.Response) -> NetBoxError:
        headers = response.headers
        said, place = (
            hush(text, (self._token.reveal(),)) for text in (response.text, headers.get("Location", ""))
        )
        error = answered(call, response.status_code, headers.get("Content-Type", ""), said, place)
        if isinstance(error, GoneError):
            return GoneError(
                error.message, remedy="see whether NetBox is new enough (4.2), and the URL right"
            )
        return error


@contextmanager
def connected(
    url: str, token: Secret, ca: str = "", limits: tuple[float, float] | None = None
) -> Generator[NetBox]:
    """A NetBox for the length of the block."""
    netbox = NetBox(url, token, ca, limits)
    try:
        yield netbox
    finally:
        netbox.close()


def _trust(ca: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca or None)
    except OSError as error:
        what = f"the authority in {ca} cannot be read: {error.strerror or error}"
        raise StrangerError(what, remedy="check inventories.netbox.ca") from None


def _pynetbox() -> ModuleType:
    # It brings no types and is loaded late: help and completion need not wait for it.
    from importlib import import_module  # noqa: PLC0415

    return import_module("pynetbox")
