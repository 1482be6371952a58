"""A receiver of webhooks that keeps what comes and answers as it is told."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

PATIENCE_SECONDS = 60.0
TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True)
class Came:
    """A delivery as it came over the wire."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def about(self) -> tuple[str, str, int]:
        said = self.document
        return said["event"], said["object_type"].partition(".")[2], said["data"]["id"]


@dataclass
class Hooked:
    """Listens on loopback; `answers` are the next statuses, 200 when there is none; `gate` lets answers go."""

    answers: list[int] = field(default_factory=list[int])
    came: list[Came] = field(default_factory=list[Came])
    gate: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/hook"

    def wait(self, count: int) -> list[Came]:
        """What came, once there are so many."""
        with self._news:
            assert self._news.wait_for(lambda: len(self.came) >= count, PATIENCE_SECONDS), self.came
            return list(self.came)

    def _keep(self, came: Came) -> int:
        with self._news:
            self.came.append(came)
            self._news.notify_all()
            return self.answers.pop(0) if self.answers else 200

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hooked = self

        class Handler(BaseHTTPRequestHandler):
            timeout = TIMEOUT_SECONDS

            def do_PUT(self) -> None:  # the names that the server calls
                self.do_POST()

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                status = hooked._keep(Came(self.command, self.path, dict(self.headers.items()), raw))
                hooked.gate.wait(PATIENCE_SECONDS)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name of the base class
                del format, args

        return Handler
