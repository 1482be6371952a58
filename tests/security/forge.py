"""A forge with a password, over HTTP: it serves one repository, or answers as it is told, and repeats what it was sent."""

from __future__ import annotations

import base64
import http.server
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path


@dataclass
class Forge:
    """A running one. `trouble`: the status of every answer; `let_in`: how often the password was right."""

    port: int = 0
    trouble: int = 0
    let_in: int = 0
    asked: list[str] = field(default_factory=list[str])


@contextmanager
def forge(repository: Path, user: str, password: str) -> Iterator[Forge]:
    subprocess.run(("git", "-C", str(repository), "update-server-info"), check=True)
    right = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
    told = Forge()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: object) -> None:
            super().__init__(*arguments, directory=str(repository.parent))  # type: ignore[arg-type]  # as given

        def do_GET(self) -> None:
            given = self.headers.get("Authorization", "")
            told.asked.append(self.path)
            if told.trouble or given != right:
                status = told.trouble or HTTPStatus.UNAUTHORIZED
                body = f"denied: {self.path} {given} {password} http://{user}:{password}@localhost/".encode()
                self.send_response(status, f"No {given} {password}" if told.trouble else None)
                if not told.trouble:
                    self.send_header("WWW-Authenticate", 'Basic realm="estate"')
                self.send_header("Content-Type", "text/plain")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            else:
                told.let_in += 1
                super().do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
