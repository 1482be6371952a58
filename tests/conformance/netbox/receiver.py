"""Listens where the webhooks of a replay point, and keeps what is delivered."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self, cast

from tests.conformance.model import Delivery
from tests.conformance.raw import as_object

if TYPE_CHECKING:
    from types import TracebackType

    from tests.conformance.model import Json

TIMEOUT_SECONDS = 20.0

PATIENCE_SECONDS = 5.0
"""How long nothing may come while something is still expected."""

QUIET_SECONDS = 0.3
"""How long nothing must come for all to be there."""


class Receiver:
    """A server on loopback that answers 200 to everything."""

    def __init__(self) -> None:
        """Listen on a free port."""
        self._came: list[Delivery] = []
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def settle(self, expected: int) -> tuple[Delivery, ...]:
        """All that came, once nothing comes any more."""
        with self._news:
            while self._news.wait(PATIENCE_SECONDS if len(self._came) < expected else QUIET_SECONDS):
                pass
            return tuple(self._came)

    def _keep(self, delivery: Delivery) -> None:
        with self._news:
            self._came.append(delivery)
            self._news.notify_all()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        keep = self._keep

        class Handler(BaseHTTPRequestHandler):
            timeout = TIMEOUT_SECONDS

            def do_POST(self) -> None:  # the name that the server calls
                raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()
                keep(Delivery(_cause(raw), "POST", self.path, dict(self.headers.items()), raw))

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the base class
                del format, args

        return Handler


def parsed(raw: bytes) -> Json:
    """What was delivered, as text when it is no JSON."""
    text = raw.decode("utf-8", "replace")
    try:
        return cast("Json", json.loads(text))
    except json.JSONDecodeError:
        return text


def _cause(raw: bytes) -> str:
    body = as_object(parsed(raw))
    return str(as_object(body.get("request")).get("id") or body.get("request_id") or "")
